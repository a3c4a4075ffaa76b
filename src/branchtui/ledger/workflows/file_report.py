"""What a balance file says and means, page by page: its findings, its payers, its rejects as a file (PAGE-1 to 4, SEC-6)."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from typing import TYPE_CHECKING, Final

from branchtui.contract.balance_files import FileForm, PayerChange, PayerMove
from branchtui.contract.imports import DecimalWriting, Delimiter, FindingLevel, RowFinding
from branchtui.format.money import money
from branchtui.ledger.feeds.cells import guarded
from branchtui.ledger.feeds.finding import ERROR
from branchtui.ledger.feeds.payer_table import COLUMNS, ERROR_COLUMN
from branchtui.ledger.feeds.table_file import SIGNS
from branchtui.ledger.store import file_pages
from branchtui.ledger.workflows.file_judge import BLANK
from branchtui.ledger.workflows.import_report import Rejects
from branchtui.ledger.workflows.import_rows import decoded
from branchtui.ledger.workflows.place_pages import Numbered, page, placed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from branchtui.ledger.core import Core, Tree
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.file_pages import StatedPayer
    from branchtui.ledger.store.lists import Slice, Window
    from branchtui.ledger.store.rows import BalanceFile, BalanceFileRow
    from branchtui.ledger.workflows.place_pages import Placed, Span

_BATCH: Final = 1_000
_MARK: Final = "\ufeff"


async def findings(
    core: Core, file: BalanceFile, window: Window, level: str | None, *, who: str, now_us: int
) -> Slice[RowFinding]:
    """A page of findings by row number; a row of which there is nothing to say has one that says so.

    Raises:
        Refusal: 400 or 410 for a cursor, 400 for a sort or an anchor, that is not known.
    """

    def read(connection: Connection, span: Span) -> Iterator[Placed[RowFinding]]:
        found = file_pages.report(connection, file.id, level, span.row_no, span.limit, forward=span.forward)
        for row in found:
            yield from placed(row.row_no, _said(row, file), forward=span.forward)

    rows = Numbered(
        binding=["balance-file-rows", file.id, file.preview_version, level, who],
        read=read,
        count=lambda connection: file_pages.finding_count(connection, file.id, level),
    )
    return await page(core, rows, window, now_us=now_us)


def _said(row: BalanceFileRow, file: BalanceFile) -> list[RowFinding]:
    if row.findings is not None:
        return decoded(row.row_no, row.findings)
    after = row.after_minor or 0
    moved = f"{money(row.before_minor, file.currency)} to {money(after, file.currency)}"
    said = (
        f"{row.account_no}: {'stays ' + money(after, file.currency) if row.before_minor == after else moved}"
    )
    return [RowFinding(row_no=row.row_no, level=FindingLevel.OK, code="ok", message=said)]


async def payers(
    core: Core, file: BalanceFile, window: Window, change: PayerChange | None, *, who: str, now_us: int
) -> Slice[PayerMove]:
    """A page of payers by row number: all that the file states, or those of one change.

    Raises:
        Refusal: 400 or 410 for a cursor, 400 for a sort or an anchor, that is not known.
    """

    def read(connection: Connection, span: Span) -> Iterator[Placed[PayerMove]]:
        found = file_pages.payers(
            connection,
            file.id,
            change,
            span.row_no,
            span.limit,
            currency=file.currency,
            forward=span.forward,
        )
        for each in found:
            yield from placed(each.row_no, [_move(core.tree, each)], forward=span.forward)

    rows = Numbered(
        binding=["balance-file-payers", file.id, file.preview_version, change, who],
        read=read,
        count=lambda connection: file_pages.payer_count(connection, file.id, change),
    )
    return await page(core, rows, window, now_us=now_us)


def _move(tree: Tree, stated: StatedPayer) -> PayerMove:
    branch = tree.find(stated.branch_id) if stated.branch_id is not None else None
    after = stated.after_minor
    is_stated = stated.change not in {PayerChange.MISSING, PayerChange.ERROR}
    return PayerMove(
        row_no=stated.row_no,
        account_no=stated.account_no,
        name=stated.name or "",
        division=branch.code if branch is not None else None,
        change=PayerChange(stated.change),
        before_minor=stated.before_minor,
        after_minor=after,
        moved_minor=after - stated.before_minor if after is not None and is_stated else 0,
        due_date=_day(stated.due_date),
        statement_ref=stated.statement_ref,
        email=stated.email,
    )


def _day(text: str | None) -> date | None:
    """A stored day; a row that was wrong may hold a text that is none."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


async def rejects(core: Core, file: BalanceFile) -> Rejects:
    """The bad rows as a plain table with a column that says what is wrong: it can be corrected and sent again.

    Texts that a spreadsheet would run are guarded; reading takes the guard off again (SEC-6).
    """
    return await core.reader.in_thread(lambda connection: _rejects(connection, file))


def _rejects(connection: Connection, file: BalanceFile) -> Rejects:
    text = io.StringIO(newline="")
    # Spreadsheets take a file without the mark for one in their own code page.
    text.write(_MARK)
    # Between other signs than the file's its amounts and theirs would be read otherwise.
    sign = SIGNS[Delimiter(json.loads(file.recognised).get("delimiter", Delimiter.COMMA))]
    writer = csv.writer(text, delimiter=sign, lineterminator="\r\n")
    writer.writerow((*COLUMNS, ERROR_COLUMN))
    count = 0
    for row in file_pages.rows_at_level(connection, file.id, ERROR, _BATCH):
        if row.change == BLANK:
            continue  # what is wrong with the file as a whole is no row of it
        said = "; ".join(each.message for each in decoded(row.row_no, row.findings or "[]"))
        writer.writerow([*(guarded(cell) for cell in _cells(row, file)), guarded(said)])
        count += 1
    return Rejects(text.getvalue().encode(), count)


def _cells(row: BalanceFileRow, file: BalanceFile) -> list[str]:
    """The row as it came, by the columns of a table; one that was good once, as it was understood."""
    if row.cells is None:
        stated = money(row.after_minor or 0, file.currency).replace(",", "")
        if json.loads(file.recognised).get("decimal") == DecimalWriting.COMMA:
            stated = stated.replace(".", ",")
        cells = [row.account_no, "", stated, row.due_date or "", row.statement_ref or "", row.email or ""]
    else:
        cells = json.loads(row.cells)
    own = (
        [file.currency, file.as_of_date or ""] if file.form == FileForm.UNIVERSAL or row.cells is None else []
    )
    blanks = [""] * (len(COLUMNS) - len(own) - len(cells))
    return [*cells, *blanks, *own]
