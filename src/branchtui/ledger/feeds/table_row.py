"""A row of a table in a file."""

from __future__ import annotations

from dataclasses import dataclass

from branchtui.ledger.feeds.finding import ERROR, Finding


@dataclass(slots=True)
class Row:
    """A row of cells. With an error among its findings the cells cannot be trusted to stand under their columns."""

    row_no: int
    cells: list[str]
    findings: tuple[Finding, ...] = ()
    is_blank: bool = False

    @property
    def is_readable(self) -> bool:
        """Whether the cells stand under their columns."""
        return not self.findings or not any(each.level == ERROR for each in self.findings)
