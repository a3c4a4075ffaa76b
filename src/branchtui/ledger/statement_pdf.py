"""A statement as PDF: A4, the ledger's own font inside, a head on each page, amounts in their columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from branchtui.format.cells import cut
from branchtui.format.safe_text import safe_text
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.workflows.credit_statements import Whole, word_of

if TYPE_CHECKING:
    from branchtui.ledger.store.rows import CreditTransaction

FONT: Final = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
_FAMILY: Final = "DejaVu"
_COLUMNS: Final = ((24.0, "L"), (40.0, "L"), (56.0, "L"), (33.0, "R"), (33.0, "R"))
_TITLES: Final = ("Date", "Reference", "What", "Amount", "Owed")
_SMALL, _PLAIN, _LARGE = 8.5, 10.0, 14.0
_ROW_MM: Final = 5.2
_REFERENCE_CELLS, _WHAT_CELLS = 22, 34


class _Paper(FPDF):
    """A4 with the statement's name over each page and its number under it."""

    def __init__(self, found: Whole) -> None:
        super().__init__(format="A4")
        self._found = found
        self.add_font(_FAMILY, fname=str(FONT))
        self.set_margins(12, 12)
        self.set_auto_page_break(auto=True, margin=16)
        self.alias_nb_pages()
        # The same bytes whenever it is made.
        self.set_creation_date(as_datetime(found.statement.closed_at))
        self.set_title(found.title)

    def header(self) -> None:
        """Who sends it, and what it is."""
        said = self._found.said
        self.set_font(_FAMILY, size=_LARGE)
        self.line_of(safe_text(str(said["institution"])), 7)
        self.set_font(_FAMILY, size=_SMALL)
        self.line_of(safe_text(f"{said['branch_name']} ({said['branch_code']})"), 6)
        self.set_font(_FAMILY, size=_PLAIN)
        self.line_of(safe_text(self._found.title), 6)
        self.line_of(safe_text(f"{said['customer_no']} {said['customer_name']}"), 6)
        self.line_of(self._found.period, 8)
        self.set_font(_FAMILY, size=_SMALL)
        self.row(_TITLES, border="B")

    def footer(self) -> None:
        """The page's number."""
        self.set_y(-12)
        self.set_font(_FAMILY, size=_SMALL)
        self.cell(0, 5, f"{self.page_no()} / {{nb}}", align="R")

    def line_of(self, text: str, height: float) -> None:
        """A line of text, cut where it does not fit."""
        self.cell(0, height, cut(text, 90), new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def row(self, cells: tuple[str, ...], *, border: str = "") -> None:
        """A line of the table."""
        for text, (width, align) in zip(cells, _COLUMNS, strict=True):
            self.cell(width, _ROW_MM, text, align=align, border=border or 0)
        self.ln(_ROW_MM)


def as_pdf(found: Whole) -> bytes:
    """The whole statement as PDF. Takes a tenth of a second and more: for a thread."""
    paper = _Paper(found)
    paper.add_page()
    paper.row(("", "", "Opening", "", found.amount(found.statement.opening_minor)))
    for each in found.lines:
        paper.row(_cells(found, each))
    paper.ln(3)
    for label, amount in found.figures:
        paper.row(("", "", label, "", amount))
    return bytes(paper.output())


def _cells(found: Whole, each: CreditTransaction) -> tuple[str, ...]:
    what = f"{word_of(each)}  {each.narration}" if each.narration else word_of(each)
    return (
        found.day(each.posted_at),
        cut(safe_text(each.pos_ref or ""), _REFERENCE_CELLS),
        cut(safe_text(what), _WHAT_CELLS),
        found.amount(each.amount_minor),
        found.amount(each.owed_after_minor),
    )
