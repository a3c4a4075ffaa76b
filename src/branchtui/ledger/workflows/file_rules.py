"""The law of balance files: who may do what to one in which state (contract, section 6).

The views ask the same functions as the commands do, so that a menu never offers what the ledger refuses.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.balance_files import FileState
from branchtui.contract.problem import Codes
from branchtui.format.money import money
from branchtui.ledger.access import Permission
from branchtui.ledger.problems import Refusal, conflict, forbidden
from branchtui.ledger.store.rows import BalanceFile

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.unit import Tx


class FileAction(StrEnum):
    """What may be done to a file, as `actions` and `refused` name it."""

    APPLY = "apply"
    VALIDATE = "validate"
    REJECT = "reject"
    REVERT = "revert"


ALLOWED: Final[dict[str, tuple[FileAction, ...]]] = {
    FileState.RECEIVED: (),
    FileState.REJECTED: (),
    FileState.VALIDATED: (FileAction.APPLY, FileAction.VALIDATE, FileAction.REJECT),
    FileState.APPLYING: (),
    FileState.APPLIED: (FileAction.REVERT,),
    FileState.APPLIED_WITH_ERRORS: (FileAction.REVERT,),
    FileState.REVERTING: (),
    FileState.REVERTED: (),
}
"""The commands of each state; everything else is refused."""

APPLIED: Final = frozenset(
    {
        FileState.APPLYING,
        FileState.APPLIED,
        FileState.APPLIED_WITH_ERRORS,
        FileState.REVERTING,
    }
)
"""What moves money, or has moved it: the same bytes are not applied a second time."""

_PERMISSION: Final = {
    FileAction.APPLY: Permission.FILE_SEND,
    FileAction.VALIDATE: Permission.FILE_SEND,
    FileAction.REJECT: Permission.FILE_SEND,
    FileAction.REVERT: Permission.FILE_REVERT,
}
_DONE: Final = {
    FileAction.APPLY: "applied",
    FileAction.VALIDATE: "checked again",
    FileAction.REJECT: "rejected",
    FileAction.REVERT: "reverted",
}


def refuse(action: FileAction, who: Principal, file: BalanceFile) -> Refusal | None:
    """Why `who` may not do `action` now, or None: role first, then state, then how much it is."""
    return refuse_role(action, who) or refuse_state(action, file) or refuse_reach(action, who, file)


def refuse_role(action: FileAction, who: Principal) -> Refusal | None:
    """Refuses with `forbidden` what the role may never do."""
    if who.may(_PERMISSION[action]):
        return None
    return forbidden(f"Your role, {who.role.value}, may not {action.value} balance files.")


def refuse_state(action: FileAction, file: BalanceFile) -> Refusal | None:
    """Refuses what the file's state does not allow (409)."""
    if action in ALLOWED[file.state]:
        return None
    return conflict(
        Codes.TRANSITION_NOT_ALLOWED,
        f"This file is {_plain(file.state)}; it cannot be {_DONE[action]} now.",
        **{
            "from": file.state,
            "command": action.value,
            "allowed": [each.value for each in ALLOWED[file.state]],
        },
    )


def refuse_reach(action: FileAction, who: Principal, file: BalanceFile) -> Refusal | None:
    """Refuses with `needs-checker` what moves a payer by more than the limit, and to a teller a file of many payers.

    Nobody takes one back by a second person's leave: who has the limit does it.
    """
    if action not in {FileAction.APPLY, FileAction.REVERT}:
        return None
    extra = {"approval": "balance-file.apply"} if action is FileAction.APPLY else {}
    if action is FileAction.APPLY and not who.may(Permission.FILE_APPLY_ALL) and file.payers != 1:
        said = f"The file states {file.payers:,} balances; you may apply one of a single payer. Ask a supervisor."
        return Refusal(403, Codes.NEEDS_CHECKER, said, extra=extra)
    if not who.within_limit(file.largest_minor):
        assert who.limit_minor is not None, "without a limit everything is within it"
        one = "It moves" if file.payers == 1 else "It moves a payer by"
        said = (
            f"{one} {money(file.largest_minor, file.currency)} {file.currency}, above your limit of "
            f"{money(who.limit_minor, file.currency)}. Ask a supervisor to {action.value} it."
        )
        return Refusal(403, Codes.NEEDS_CHECKER, said, extra=extra)
    return None


def relatives(core: Core, branch_id: str) -> frozenset[str]:
    """The branch, those above it and those below it: whose files state balances of the same payers."""
    found, above = set(core.tree.below(branch_id)), core.tree[branch_id].parent_id
    while above is not None:
        found.add(above)
        above = core.tree[above].parent_id
    return frozenset(found)


def refuse_reused(core: Core, tx: Tx, who: Principal, file: BalanceFile, file_id: str | None) -> None:
    """Refuse a `file_id` that a file of other bytes has, unless that was rejected.

    Raises:
        Refusal: 409 `reference-taken`, with `existing` where the caller may see it.
    """
    if not file_id:
        return
    family = relatives(core, file.branch_id)
    for other in tx.find(BalanceFile, file_id=file_id):
        is_other = other.id != file.id and other.sha256 != file.sha256 and other.branch_id in family
        if not is_other or other.state == FileState.REJECTED:
            continue
        seen = who.scope.covers(other.branch_id)
        whose = f", which {other.created_by} sent and which is {_plain(other.state)}" if seen else ""
        raise conflict(
            Codes.REFERENCE_TAKEN,
            f"The file_id {file_id} is that of another file{whose}. Give this one a name of its own.",
            existing=_existing(other) if seen else None,
        )


def _existing(file: BalanceFile) -> dict[str, Any]:
    return {"id": file.id, "file_id": file.file_id, "state": file.state, "sha256": file.sha256}


def _plain(word: str) -> str:
    return word.replace("_", " ")
