"""An import in words: what was found, how the file was read, what is asked, what became of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from branchtui.contract.imports import ImportState
from branchtui.format.counts import count_of
from branchtui.format.money import money
from branchtui.screens.rows import words
from branchtui.widgets.columns import Column

if TYPE_CHECKING:
    from branchtui.contract.imports import Import, Job, RowFinding

_DATE_WRITING: Final = {
    "iso": "dates as 2026-09-30",
    "day_first": "day before month",
    "month_first": "month before day",
}
# The ledger names the option for programs; a person presses a key.
_SAY_WHICH = re.compile(r"\s*Say which[^.?]*: \w+\.$")
_DATES_DIFFER: Final = "Some dates have the day first"
_LEVELS: Final = {"error": "wrong", "warning": "warn", "ok": "fine"}


def finding_columns() -> list[Column[RowFinding]]:
    """Row (as a spreadsheet counts), what is wrong, and the cell as it was read."""
    return [
        Column("Row", lambda one: f"{one.row_no:,}", width=7, align="right"),
        Column("Level", level_word, width=5),
        Column("Column", lambda one: one.column or "", width=13),
        Column("What", lambda one: one.message, fraction=3),
        Column("Cell as read", lambda one: one.value or "", fraction=1),
    ]


def finding_id(one: RowFinding) -> str:
    """Several things may be wrong with one row."""
    return f"{one.row_no}:{one.column}:{one.code}:{one.message}"


def level_word(one: RowFinding) -> str:
    """`wrong`, `warn`, `fine`."""
    return _LEVELS.get(one.level.value, words(one.level))


def finding_sentence(one: RowFinding) -> str:
    """A finding in one sentence, for the row under the arrow: the list has to cut it."""
    place = f"Row {one.row_no:,}" + (f", {one.column}" if one.column else "")
    return f"{place}: {one.message}"


def row_title(one: RowFinding) -> str:
    """`Row 1,204`."""
    return f"Row {one.row_no:,}"


def finding_lines(one: RowFinding) -> list[tuple[str, str]]:
    """A finding in full, under its row."""
    pairs = [
        ("Level", level_word(one)),
        ("Column", one.column or ""),
        ("What", one.message),
        ("Cell as read", one.value or ""),
    ]
    return [(label, value) for label, value in pairs if value]


def wrong_sentence(count: int) -> str:
    """`2 rows are wrong, so nothing goes in.`, in the ledger's own words."""
    return f"{count_of(count, 'row')} {'is' if count == 1 else 'are'} wrong, so nothing goes in."


def going_in(import_: Import) -> int:
    """The rows that the valid rows are: a blank one is passed over."""
    return import_.rows_ok + import_.rows_warning - import_.recognised.blank_rows


def counts_line(import_: Import) -> str:
    """`20 rows: 12 fine, 1 with a warning, 7 wrong; 123,456.00 KES can be taken in`."""
    parts = [f"{import_.rows_ok:,} fine"]
    if import_.rows_warning:
        parts.append(f"{import_.rows_warning:,} with a warning")
    parts.append(f"{import_.rows_error:,} wrong")
    line = f"{count_of(import_.rows_total, 'row')}: {', '.join(parts)}"
    if import_.currency and import_.total_minor:
        line += f"; {money(import_.total_minor, import_.currency)} {import_.currency} can be taken in"
    return line


def reading_line(import_: Import) -> str:
    """How the file was read; what stays open is not in it."""
    read = import_.recognised
    is_text = read.format != "xlsx"
    parts = [
        words(read.delimiter) if is_text else "workbook",
        read.encoding if is_text else "",
        f"decimal {words(read.decimal)}" if read.decimal else "",
        _DATE_WRITING.get(read.date_order, ""),
    ]
    return "Read as: " + ", ".join(part for part in parts if part) + f"   {', '.join(read.columns)}"


def asks_date_order(import_: Import) -> bool:
    """Whether the rows leave open which of day and month comes first."""
    return _asks(import_, "date_order") or any(
        question.startswith(_DATES_DIFFER) for question in import_.recognised.questions
    )


def asks_decimal(import_: Import) -> bool:
    """Whether the rows leave open which sign is the decimal one."""
    return _asks(import_, "decimal")


def asks_above_zero(import_: Import) -> bool:
    """Whether a statement leaves open what its amounts above zero are."""
    return _asks(import_, "above_zero")


def _asks(import_: Import, option: str) -> bool:
    return any(question.endswith(f": {option}.") for question in import_.recognised.questions)


def question_lines(import_: Import) -> list[str]:
    """What the file leaves open is asked, never guessed; with the keys that answer."""
    lines = [f"? {_SAY_WHICH.sub('', question)}" for question in import_.recognised.questions]
    if asks_date_order(import_):
        lines.append("  [1] the day comes first   [2] the month comes first")
    if asks_decimal(import_):
        lines.append("  [3] the decimal sign is the point   [4] it is the comma")
    if asks_above_zero(import_):
        lines.append("  [5] above zero came in   [6] above zero was spent or paid out")
    return lines


def progress_line(job: Job, *, takes_in: bool) -> str:
    """`Importing: 5,000 of 10,000`, or `Checking: 40 %`.

    A row is one step when it is checked and another when it is taken in.
    """
    rows = (job.total or 0) // 2
    if takes_in:
        return f"Importing: {max(0, job.done - rows):,} of {rows:,}" if rows else "Importing…"
    return f"Checking: {100 * job.done // job.total} %" if job.total else "Checking…"


def result_line(import_: Import) -> str:
    """What became of it."""
    if import_.state is ImportState.DONE:
        total = (
            f", {money(import_.total_minor, import_.currency)} {import_.currency}" if import_.currency else ""
        )
        left = import_.rows_error
        out = f"; {count_of(left, 'row')} left out" if left else ""
        return f"{count_of(import_.imported, 'row')} imported{total}, not accounted{out}."
    return import_.reason or f"The import is {words(import_.state)}."
