"""Workbooks as people and strangers send them."""

from __future__ import annotations

import io
import zipfile
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import xlsxwriter  # type: ignore[import-untyped]  # it ships no types

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


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


def sheet_of(rows: str, *, behind: str = "") -> str:
    """The part of a sheet: its rows, and what stands behind them."""
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData>{behind}</worksheet>'


def cells(row_no: int, *texts: str) -> str:
    """Cells of a row that hold these texts themselves."""
    return "".join(
        f'<c r="{letter}{row_no}" t="inlineStr"><is><t>{text}</t></is></c>'
        for letter, text in zip("ABCDEFGH", texts, strict=False)
    )


def by_hand(
    sheet: str | bytes,
    *,
    part: str = "xl/worksheets/sheet1.xml",
    folder: str = "xl/",
    sign: str = "/",
    also: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """A workbook of the few parts that it cannot do without, as a program makes it that is no spreadsheet.

    `part` is where the sheet lies, `folder` the part that names it, `sign` stands between folders; `also` holds further parts by their names; one of styles is related by its own name.
    """
    styles = next((name for name in also if "styles" in name), "xl/styles.xml")
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_RELATED}/officeDocument" Target="{folder}workbook.xml"/></Relationships>',
        f"{folder}workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATED}"><sheets><sheet name="Rows" sheetId="1" r:id="rId1"/></sheets></workbook>',
        f"{folder}_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_RELATED}/worksheet" Target="/{part}"/>'
        f'<Relationship Id="rId2" Type="{_RELATED}/styles" Target="/{styles}"/></Relationships>',
        part: sheet,
        **also,
    }  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name.replace("/", sign), content)
    return out.getvalue()
