"""Workbooks as people and strangers send them."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import xlsxwriter  # type: ignore[import-untyped]  # it ships no types

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def workbook(rows: Sequence[Sequence[Any]], *, also: Callable[[Any, Any], None] | None = None) -> bytes:
    """A workbook whose first sheet has these rows; `also` may add to book and sheet."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd/mm/yyyy"})
    sheet = book.add_worksheet("Rows")
    for place, row in enumerate(rows):
        sheet.write_row(place, 0, row)
    if also is not None:
        also(book, sheet)
    book.close()
    return out.getvalue()


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """The workbook with one more part, or another one in the place of one."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return out.getvalue()
