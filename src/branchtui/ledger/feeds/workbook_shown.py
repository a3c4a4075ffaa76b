"""What a sheet holds beside its values: formulas, errors, what it hides, and how it shows numbers (contract, section 8).

Of the program that reads workbooks: it imports next to nothing of ours.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from branchtui.ledger.feeds.number_format import Format, format_of
from branchtui.ledger.feeds.workbook_ends import HAS_ERRORS, HAS_FORMULAS, HAS_MERGED, HIDES_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator

SAFE: Final = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
_PERCENT_FORMATS: Final = {9: "0%", 10: "0.00%"}
_CELL: Final = re.compile(r"([A-Z]{1,3})([0-9]+)")
_ROWS: Final = re.compile(r"\$?[A-Z]+\$?([0-9]+):\$?[A-Z]+\$?([0-9]+)")
_TRUE: Final = frozenset({"1", "true"})
_IN_ERROR: Final = etree.XPath("*[@t='e']")


class Unseen(Exception):
    """What a sheet holds so that a reader of its values sees something else than a person: how the program ends, and where that is."""

    def __init__(self, code: int, place: str = "") -> None:
        super().__init__(place)
        self.code = code


class Shown:
    """What the sheets of a workbook show. `data` is the archive, which was looked at before."""

    def __init__(self, data: bytes) -> None:
        self._archive = zipfile.ZipFile(io.BytesIO(data))
        self._names = {name.replace("\\", "/").lower(): name for name in self._archive.namelist()}
        self._parts, self._styles_part = self._sheets()

    def refuse_more_than_values(self, *, may_merge: bool) -> None:
        """Refuse sheets of which a reader of values would not see what a person sees.

        By the element and not by its text, whatever the part is called and however it is written: of `f` in the lists
        that cells offer, as Excel keeps them, nothing is worked out.

        Raises:
            Unseen: formulas, rows that are hidden and hold something, cells in error, or, where they may not be, cells
                merged over several rows.
        """
        for sheet in self._parts:
            for _, each in self._events(self._part(sheet), "f", "row", "mergeCell"):
                name = _name(each)
                if name == "f":
                    parent = each.getparent()
                    if parent is not None and _name(parent) == "c":
                        raise Unseen(HAS_FORMULAS)
                elif name == "row":
                    _refuse_row(each)
                    _let_go(each)
                elif not may_merge:
                    _refuse_merged(each.get("ref", ""))

    def hidden_columns(self, sheet: str) -> list[tuple[int, int]]:
        """First and last of the columns, from 0, that a sheet hides or makes so narrow that nothing is seen."""
        found = []
        for _, each in self._events(self._part(sheet), "col", "sheetData", events=("start",)):
            if _name(each) == "sheetData":
                break
            width = each.get("width")
            if each.get("hidden") in _TRUE or (width is not None and float(width) == 0):
                found.append((int(each.get("min")) - 1, int(each.get("max")) - 1))
        return found

    def formats(self, sheet: str) -> dict[int, dict[int, Format]]:
        """Row and column, from 0, of every number whose format shows something else than its value."""
        styles = self._styles()
        found: dict[int, dict[int, Format]] = {}
        if not styles:
            return found
        row_at = -1
        for _, row in self._events(self._part(sheet), "row"):
            row_at = int(row.get("r")) - 1 if row.get("r") else row_at + 1
            column_at = -1
            for cell in row.iterchildren():
                column_at = _column(cell.get("r"), column_at + 1)
                shown = styles.get(cell.get("s", "0"))
                if shown is not None and cell.get("t", "n") == "n" and len(cell):
                    found.setdefault(row_at, {})[column_at] = shown
            _let_go(row)
        return found

    def _sheets(self) -> tuple[dict[str, str], str]:
        """The part of each sheet, by the name that people see, and the part of the styles."""
        book = next(
            (part for _, kind, part in self._related("") if kind == "officeDocument"), "xl/workbook.xml"
        )
        targets, styles = {}, posixpath.join(posixpath.dirname(book), "styles.xml")
        for key, kind, part in self._related(book):
            targets[key] = part
            if kind == "styles":
                styles = part
        found = {}
        for _, each in self._events(book, "sheet"):
            key = next((value for name, value in each.items() if etree.QName(name).localname == "id"), "")
            found[each.get("name", "")] = targets.get(key, "")
        return found, styles

    def _related(self, part: str) -> Iterator[tuple[str, str, str]]:
        """The parts that a part names, or the archive itself: each by its key, with the last word of its kind."""
        folder, name = posixpath.split(part)
        for _, each in self._events(posixpath.join(folder, "_rels", f"{name}.rels"), "Relationship"):
            target = each.get("Target", "").replace("\\", "/")
            place = posixpath.normpath(posixpath.join("/", folder, target))[1:].lower()
            yield each.get("Id", ""), posixpath.basename(each.get("Type", "")), place

    def _styles(self) -> dict[str, Format]:
        """The formats that matter, by the number that a cell names its style by."""
        codes: dict[int, str] = dict(_PERCENT_FORMATS)
        found: dict[str, Format] = {}
        for _, each in self._events(self._styles_part, "numFmt", "cellXfs"):
            if _name(each) == "numFmt":
                codes[int(each.get("numFmtId"))] = each.get("formatCode", "")
                continue
            for place, style in enumerate(each.iterchildren()):
                shown = format_of(codes.get(int(style.get("numFmtId", "0")), ""))
                if shown is not None:
                    found[str(place)] = shown
        return found

    def _part(self, sheet: str) -> str:
        """The part of a sheet; one that is not found is not passed over: a `LookupError`."""
        return self._names[self._parts[sheet]].lower()

    def _events(
        self, part: str, *names: str, events: tuple[str, ...] = ("end",)
    ) -> Iterator[tuple[str, Any]]:
        name = self._names.get(part)
        if name is None:
            return
        with self._archive.open(name) as opened:
            tags = [f"{{*}}{each}" for each in names]
            yield from etree.iterparse(opened, events=events, tag=tags, **SAFE)


def _name(element: Any) -> str:
    return str(etree.QName(element).localname)


def _let_go(row: Any) -> None:
    """Forget a row that was looked at, and those before it: a sheet is never in memory as a whole."""
    row.clear()
    while row.getprevious() is not None:
        del row.getparent()[0]


def _refuse_row(row: Any) -> None:
    height = row.get("ht")
    if (row.get("hidden") in _TRUE or (height is not None and float(height) == 0)) and any(map(len, row)):
        raise Unseen(HIDES_ROWS)
    if _IN_ERROR(row):
        raise Unseen(HAS_ERRORS)


def _refuse_merged(reference: str) -> None:
    found = _ROWS.fullmatch(reference)
    if found is None or found[1] != found[2]:
        raise Unseen(HAS_MERGED, f"{found[1]} to {found[2]}" if found else reference)


def _column(reference: str | None, following: int) -> int:
    """The column of a cell, from 0; one that does not say it stands behind the one before."""
    found = _CELL.fullmatch(reference or "")
    if found is None:
        return following
    number = 0
    for letter in found[1]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def letters(column: int) -> str:
    """The name of a column, from 0: `A`, `AB`."""
    name, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name
