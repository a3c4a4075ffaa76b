"""What the rows leave open, answered by a digit: how the file writes its dates, its amounts and their sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.contract.imports import DateOrder, DecimalWriting
from branchtui.contract.statements import AboveZero
from branchtui.screens import import_words
from branchtui.screens.import_flow import ImportFlow
from branchtui.widgets.actions import Action

if TYPE_CHECKING:
    from branchtui.contract.imports import Import


def _answer(action_id: str, key: str, label: str, what: str) -> Action:
    return Action(action_id, key, label, f"In this file {what}", show=False, changes=True)


ANSWERS: Final = (
    _answer("day-first", "1", "Day first", "the day comes before the month"),
    _answer("month-first", "2", "Month first", "the month comes before the day"),
    _answer("point", "3", "Decimal point", "the point is the decimal sign"),
    _answer("comma", "4", "Decimal comma", "the comma is the decimal sign"),
)
SIDE_ANSWERS: Final = (
    _answer("came-in", "5", "Came in", "amounts above zero are money that came in"),
    _answer("went-out", "6", "Went out", "amounts above zero were spent or paid out, as cards have it"),
)
"""Of statements alone."""

ANSWERED: Final = frozenset(answer.id for answer in (*ANSWERS, *SIDE_ANSWERS))


class ImportAnswers(ImportFlow):
    """An import whose open questions are answered while its preview is seen."""

    @staticmethod
    def why_not_answer(action_id: str, found: Import) -> str | None:
        """Why a question is not open, or None where it is."""
        if action_id in {"day-first", "month-first"}:
            asked = import_words.asks_date_order(found)
            return None if asked else "The rows themselves show how dates are written."
        if action_id in {"came-in", "went-out"}:
            asked = import_words.asks_above_zero(found)
            return None if asked else "The file leaves that open nowhere."
        asked = import_words.asks_decimal(found)
        return None if asked else "The rows themselves show how amounts are written."

    def action_day_first(self) -> None:
        """`1`."""
        self.answer(date_order=DateOrder.DAY_FIRST)

    def action_month_first(self) -> None:
        """`2`."""
        self.answer(date_order=DateOrder.MONTH_FIRST)

    def action_point(self) -> None:
        """`3`."""
        self.answer(decimal=DecimalWriting.POINT)

    def action_comma(self) -> None:
        """`4`."""
        self.answer(decimal=DecimalWriting.COMMA)

    def action_came_in(self) -> None:
        """`5`."""
        self.answer(above_zero=AboveZero.CAME_IN)

    def action_went_out(self) -> None:
        """`6`."""
        self.answer(above_zero=AboveZero.WENT_OUT)
