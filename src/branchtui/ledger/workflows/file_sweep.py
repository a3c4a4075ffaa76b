"""The rows of a balance file of which there is nothing to say, judged in one sweep.

Nearly all rows of nearly all files are of this kind: a payer of ours, once, a plain amount, nothing remarkable.
Whatever is otherwise is left to the judge, who says what it is; both must come to the same where both may judge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract.balance_files import PayerChange
from branchtui.contract.base import MAX_AMOUNT_MINOR
from branchtui.contract.customers import CustomerStatus
from branchtui.contract.imports import DecimalWriting
from branchtui.format.money import exponent_of
from branchtui.ledger.feeds.finding import OK
from branchtui.ledger.feeds.universal import PAYER_CELLS
from branchtui.ledger.store.file_store import Payer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from branchtui.ledger.feeds.table_file import Row
    from branchtui.ledger.workflows.file_judge import Setting, Staged
    from branchtui.ledger.workflows.file_xray import Figures

_CELLS: Final = len(PAYER_CELLS)
_TEXT_CHARACTERS: Final = 100
_ACTIVE: Final = CustomerStatus.ACTIVE.value
_NEW, _CHANGED, _UNCHANGED = (
    PayerChange.NEW.value,
    PayerChange.CHANGED.value,
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
        self.plain = re.compile(rf"([0-9]{{1,15}}){part}", re.ASCII).fullmatch
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
            after = int(amount[1]) * scale + int(amount[2] or 0)
            before = balance or 0
            moved = after - before
            is_remarkable = after <= 0 or before < 0 or (before and abs(moved) * 100 > share * before)
            if (
                is_remarkable
                or after > MAX_AMOUNT_MINOR
                or status != _ACTIVE
                or branch_id not in inside
                or (name != own_name and name)
            ):
                staged.append(judge(row))
                continue
            change = _UNCHANGED if not moved else _CHANGED if account_id is not None else _NEW
            seen[number] = row.row_no
            if not figures.add_plain(branch_id, change, before, after):
                figures.add_biggest(row.row_no, Payer._make(payer), change, before, after)
            staged.append(
                (
                    file_id,
                    row.row_no,
                    OK,
                    change,
                    number,
                    customer_id,
                    account_id,
                    before,
                    after,
                    dates[due] or None,
                    reference or None,
                    email or None,
                    None,
                    None,
                )
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
        and " " not in reference
        and " " not in email
    )
