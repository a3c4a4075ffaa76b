"""What can go wrong, by the one question that matters: did the change happen?

`Unreachable`: it did not, nothing was sent (or a reading failed). `Refused`: it did not, the ledger
said no. `OutcomeUnknown`: nobody knows yet. Every error carries `sentence`, written for a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from branchtui.contract.problem import Problem
    from branchtui.remote.intents import Pending


class LedgerError(Exception):
    """Any failure of this package. `sentence` says what happened, to what, and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Unreachable(LedgerError):
    """Nothing was sent, or a reading failed: nothing changed in the ledger."""


class LinkDown(Unreachable):
    """The circuit is open: refused before anything was sent (OUT-1, RTY-4)."""


class Blocked(Unreachable):
    """An unconfirmed change comes first, or the ledger lost its history; nothing was sent (OUT-6, AUD-3)."""


class JournalUnavailable(Unreachable):
    """The intent journal cannot be written, so no change is sent; readings go on (OUT-3)."""


class NotTrusted(Unreachable):
    """The address or the certificate is not one this program talks to (TLS-1 to 3). Trying again is no help."""


class NotOurLedger(Unreachable):
    """Something answered that is not the ledger: a web page, a proxy, a wrong address."""


class FileProblem(LedgerError):
    """A local file could not be read or written; the ledger has nothing to do with it."""


class Refused(LedgerError):
    """The ledger said no and nothing happened; `problem.code` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(_sentence_of(problem))
        self.problem = problem

    @property
    def code(self) -> str:
        """The problem's code, for a screen that acts on it."""
        return self.problem.code


class Conflict(Refused):
    """Someone was first, or the state does not allow it (409, 412).

    `current` is what stands now, as the resource's model, when the ledger sent it; `changed_fields`
    names what differs; `changed_by` and `changed_at` say who changed it and when, when it is known.
    """

    def __init__(self, problem: Problem, current: Any = None) -> None:
        super().__init__(problem)
        self.current = current
        changes = problem.extra.get("changed_fields") or ()
        self.changed_fields = tuple(_name_of(change) for change in changes)
        self.changed_by: str | None = problem.extra.get("changed_by") or _first(changes, "actor", "by")
        self.changed_at: str | None = problem.extra.get("changed_at") or _first(changes, "at", "time")


class SessionEnded(Refused):
    """The session is over (401); nothing happened. Sign in again."""


class AwaitsApproval(LedgerError):
    """The request was filed and waits for a second person; no money moved yet."""

    def __init__(self, sentence: str, approval_id: str) -> None:
        super().__init__(sentence)
        self.approval_id = approval_id


class OutcomeUnknown(LedgerError):
    """It was sent and not answered; the journal holds the key and the resolver will settle it.

    Never shown as a failure, and never followed by sending it again (link, section 5).
    """

    def __init__(self, intent: Pending) -> None:
        super().__init__(
            f"Not confirmed: {intent.summary}. We do not know yet whether the ledger recorded it. "
            f"Do NOT enter it again. Ref {intent.reference}"
        )
        self.intent = intent


def _sentence_of(problem: Problem) -> str:
    """The ledger's own words; what is wrong with single values follows."""
    said = problem.detail or problem.title
    wrong = "; ".join(error.message for error in problem.errors[:3] if error.message not in said)
    return f"{said} {wrong}".strip()


def _name_of(change: Any) -> str:
    if isinstance(change, dict):
        return str(change.get("field") or change.get("name") or "")
    return str(change)


def _first(changes: Any, *names: str) -> str | None:
    """The first of `names` that the first change tells."""
    for change in changes:
        if isinstance(change, dict):
            return next((str(change[name]) for name in names if change.get(name)), None)
    return None
