"""Empty files with the right columns: as text, and as a workbook that offers what the lists and the office have.

Every column of a workbook is text, so that leading zeros and long numbers stay as they are keyed.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import xlsxwriter  # type: ignore[import-untyped]  # it ships no types

from branchtui.contract.imports import ImportKind
from branchtui.ledger.problems import not_found
from branchtui.ledger.store.rows import Staff
from branchtui.ledger.workflows.import_customer_known import LISTS, CodeLists, StaffBook
from branchtui.ledger.workflows.import_kinds import KINDS
from branchtui.ledger.workflows.staff import seen_branches, serves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.connection import Connection

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CUSTOMERS: Final = frozenset({ImportKind.CUSTOMERS_PERSON, ImportKind.CUSTOMERS_ENTITY})
_ROWS: Final = 10_000
"""Rows that offer a list; below them it is typed."""
_YES_NO: Final = ("yes", "no")
_PLAIN: Final[dict[ImportKind, dict[str, Sequence[str]]]] = {
    ImportKind.BALANCE_RECORDS: {"account_kind": ("savings", "shares", "loan", "overpayment")},
    ImportKind.CREDIT_ACCOUNTS: {
        "restrict_credit": _YES_NO,
        "settle_unit": ("day", "week", "month"),
        "settle_weekday": ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    },
}
_WIDTH: Final = 18
_SHEET: Final = "Rows"
_LISTS: Final = "Lists"


async def for_whom(core: Core, who: Principal, branch_id: str | None, staff_id: str | None) -> str | None:
    """The member of staff that a template is to offer alone, if one was named.

    Raises:
        Refusal: 404 for a branch or a member of staff that is not the caller's.
    """
    if branch_id is not None and not who.scope.covers(branch_id):
        raise not_found("branch")
    if staff_id is None:
        return None
    found = await core.reader.get(Staff, staff_id)
    if found is None or found.branch_id not in seen_branches(core.tree, who):
        raise not_found("member of staff")
    if branch_id is not None and not serves(core.tree, found, branch_id):
        raise not_found("member of staff")
    return found.id


def as_text(kind: ImportKind) -> bytes:
    """The header alone."""
    return (",".join(KINDS[kind].columns) + "\r\n").encode()


async def as_workbook(
    core: Core, who: Principal, kind: ImportKind, branch_id: str | None, staff_id: str | None
) -> bytes:
    """The header, and below it what each column may hold; offices and staff are those of the branch (None: the own)."""
    columns = KINDS[kind].columns
    if kind not in _CUSTOMERS:
        return _made(columns, _PLAIN.get(kind, {}))
    branch = branch_id or who.branch_id

    def read(connection: Connection) -> dict[str, Sequence[str]]:
        return _offered(core, who, connection, branch, staff_id)

    return _made(columns, await core.reader.in_thread(read))


def _offered(
    core: Core, who: Principal, connection: Connection, branch_id: str, staff_id: str | None
) -> dict[str, Sequence[str]]:
    lists = CodeLists.read(connection)
    below = core.tree.below(branch_id)
    serving = StaffBook.read(core, connection, who).serving(below)
    names = [each.name_key for each in serving]
    offered: dict[str, Sequence[str]] = {
        "office": sorted(core.tree[each].code for each in below),
        "staff": [
            # Of two who are called alike the number tells.
            each.staff_no if each.staff_no and names.count(each.name_key) > 1 else each.name
            for each in serving
            if staff_id in {None, each.id}
        ],
        "active": _YES_NO,
        "terms_accepted": _YES_NO,
    }
    return offered | {column: lists.names(column) for column in LISTS}


def _made(columns: Sequence[str], offered: dict[str, Sequence[str]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet(_SHEET)
    lists = book.add_worksheet(_LISTS)
    lists.hide()
    as_keyed, head = book.add_format({"num_format": "@"}), book.add_format({"num_format": "@", "bold": True})
    sheet.set_column(0, len(columns) - 1, _WIDTH, as_keyed)
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column, head)
        values = offered.get(column)
        if not values:
            continue
        for at, value in enumerate(values):
            lists.write_string(at, place, value, as_keyed)
        letters = xlsxwriter.utility.xl_col_to_name(place, col_abs=True)
        several = column == "labels"
        sheet.data_validation(
            1,
            place,
            _ROWS,
            place,
            {
                "validate": "list",
                "source": f"={_LISTS}!{letters}$1:{letters}${len(values)}",
                "error_type": "information" if several else "stop",
                "show_error": not several,
                "error_title": column,
                "error_message": "Choose one of the list.",
            },
        )
    book.close()
    return out.getvalue()
