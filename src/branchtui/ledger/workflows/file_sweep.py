"""The rows of a balance file in which nothing is wrong, judged in one sweep.

Nearly all rows of nearly all files are of this kind: a payer of ours, once, and a plain amount. Whatever is written
otherwise is left to the judge, who says what it is; both must come to the same where both may judge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.balance_files import PayerChange
from branchtui.contract.base import MAX_AMOUNT_MINOR
from branchtui.contract.customers import CustomerStatus
from branchtui.contract.imports import DecimalWriting
from branchtui.format.money import exponent_of, money
from branchtui.ledger import names
from branchtui.ledger.feeds.finding import OK, WARNING, Finding, shown, warning
from branchtui.ledger.feeds.universal import PAYER_CELLS
from branchtui.ledger.store.file_store import Payer
from branchtui.ledger.workflows.import_rows import encoded_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from branchtui.ledger.feeds.table_file import Row
    from branchtui.ledger.workflows.file_judge import Setting, Staged
    from branchtui.ledger.workflows.file_xray import Figures

_CELLS: Final = len(PAYER_CELLS)
_TEXT_CHARACTERS: Final = 100
_ACTIVE: Final = CustomerStatus.ACTIVE.value
_ON_THE_MOVE: Final = CustomerStatus.TRANSFER_IN_PROGRESS.value
_NEW, _CHANGED, _FLIPPED, _UNCHANGED = (
    PayerChange.NEW.value,
    PayerChange.CHANGED.value,
    PayerChange.FLIPPED.value,
    PayerChange.UNCHANGED.value,
)


@dataclass(slots=True)
class Sweep:
    """Judges plain rows; `dates` are cells of days that were read before, `seen` accounts that were stated."""

    setting: Setting
    figures: Figures
    seen: dict[str, int]
    dates: dict[str, str]
    plain: Callable[[str], re.Match[str] | None] = field(init=False)
    scale: int = field(init=False)

    def __post_init__(self) -> None:
        decimals = exponent_of(self.setting.currency)
        point = "." if self.setting.decimal is DecimalWriting.POINT else ","
        # All decimals or none: what is written otherwise is rare, and the judge reads it.
        part = rf"(?:{re.escape(point)}([0-9]{{{decimals}}}))?" if decimals else "()"
        self.plain = re.compile(rf"(-?)([0-9]{{1,15}}){part}", re.ASCII).fullmatch
        self.scale = 10**decimals

    def judge(
        self,
        rows: Sequence[Row],
        known: dict[str, tuple[Any, ...]],
        judge: Callable[[Row], Staged],
    ) -> list[Staged]:
        """The verdict on each row; `known` are payers by their number, `judge` takes what is not plain."""
        setting, figures, seen, dates = self.setting, self.figures, self.seen, self.dates
        plain, scale, inside, only = self.plain, self.scale, setting.inside, setting.account_no
        share, file_id = setting.moved_share_percent, setting.file_id
        staged: list[Staged] = []
        for row in rows:
            cells = row.cells
            if row.findings or len(cells) != _CELLS:
                staged.append(judge(row))
                continue
            number, name, stated, due, reference, email = cells
            payer, amount = known.get(number), plain(stated)
            if (
                payer is None
                or amount is None
                or number in seen
                or (only is not None and number != only)
                or due not in dates
                or not is_plain_text(name, reference, email)
            ):
                staged.append(judge(row))
                continue
            _, customer_id, branch_id, status, own_name, account_id, balance = payer
            after = int(amount[2]) * scale + int(amount[3] or 0)
            if after > MAX_AMOUNT_MINOR or branch_id not in inside or status == _ON_THE_MOVE:
                staged.append(judge(row))
                continue
            if amount[1]:
                after = -after
            before = balance or 0
            moved = after - before
            level, said = OK, None
            if (
                after <= 0
                or before < 0
                or (before and abs(moved) * 100 > share * before)
                or status != _ACTIVE
                or (name != own_name and name)
            ):
                findings = remarks(setting, Payer._make(payer), name, before, after)
                if findings:
                    figures.warnings += 1
                    level, said = WARNING, encoded_findings(findings)
            change = change_of(account_id, before, after)
            seen[number] = row.row_no
            if not figures.add_plain(branch_id, change, before, after):
                figures.add_biggest(row.row_no, Payer._make(payer), change, before, after)
            told = (dates[due] or None, reference or None, email or None, said, None)
            row_no = row.row_no
            staged.append(
                (file_id, row_no, level, change, number, customer_id, account_id, before, after, *told)
            )
        return staged


def is_plain_text(name: str, reference: str, email: str) -> bool:
    """Whether there is nothing to be said of these cells: printable ASCII, short, and no space to be trimmed."""
    text = f"{name}{reference}{email}"
    return (
        len(text) <= _TEXT_CHARACTERS
        and text.isascii()
        and text.isprintable()
        and (not email or "@" in email)
        and reference == reference.strip()
        and " " not in email
    )


def change_of(account_id: str | None, before: int, after: int) -> str:
    """What a stated balance does to a payer's receivable, or to that of one who has none yet (`account_id` None)."""
    if before == after:
        return _UNCHANGED
    if account_id is None:
        return _NEW
    return _FLIPPED if before * after < 0 else _CHANGED


def remarks(setting: Setting, payer: Payer, name: str, before: int, after: int) -> list[Finding]:
    """What a person should see before it moves; the row is applied all the same."""
    currency, number, moved = setting.currency, payer.account_no, abs(after - before)
    found: list[Finding] = []
    if name and name != payer.name and not same_name(name, payer.name):
        said = f"The file says {shown(name.strip())}; payer {number} is {payer.name}."
        found.append(warning("name-differs", said, "payer_name", name))
    if before * after < 0:
        said = f"The sign flips: {money(before, currency)} before, {money(after, currency)} now."
        found.append(warning("sign-flipped", said, "balance"))
    if before and moved * 100 > setting.moved_share_percent * abs(before):
        share = moved * 100 // abs(before)
        said = f"It moves by {share:,} %: {money(before, currency)} before, {money(after, currency)} now."
        found.append(warning("moved", said, "balance"))
    if after == 0:
        found.append(warning("zero", "The balance is zero.", "balance"))
    if payer.status != _ACTIVE:
        said = f"Payer {number} is {payer.status.replace('_', ' ')}."
        found.append(warning("inactive", said, "account_no", number))
    return found


def same_name(written: str, ours: str) -> bool:
    """Whether two writings are of one name: case, marks, punctuation and the order of its parts are no difference."""
    return _parts(written) == _parts(ours)


def _parts(name: str) -> list[str]:
    plain = names.plain_name(name).replace("'", "")
    return sorted("".join(c if c.isalnum() else " " for c in plain).split())
