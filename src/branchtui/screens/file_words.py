"""Balance files in words and columns: what came, what it would move, what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.contract.balance_files import FileState
from branchtui.format.counts import count_of
from branchtui.format.dates import show_date
from branchtui.format.money import money
from branchtui.screens.rows import ROOMY, WIDE, short_instant, total_in, words
from branchtui.widgets.columns import Column

if TYPE_CHECKING:
    from branchtui.contract.balance_files import BalanceFile, DivisionMove, PayerMove
    from branchtui.contract.imports import Job
    from branchtui.screens.desk import Desk

_STATES: Final = {FileState.APPLIED_WITH_ERRORS: "with errors", FileState.RECEIVED: "checking"}
_RESULTS: Final = frozenset({FileState.APPLIED, FileState.APPLIED_WITH_ERRORS, FileState.REVERTED})
AT_WORK: Final = frozenset({FileState.RECEIVED, FileState.APPLYING, FileState.REVERTING})
"""Where a job of the ledger's goes on."""

DIVISIONS_SHOWN: Final = 3


def state_word(file: BalanceFile) -> str:
    """Where a file stands, in a cell."""
    return _STATES.get(file.state) or words(file.state)


def scope_word(file: BalanceFile) -> str:
    """Whom a file is for: `all`, a division's code, a payer's number."""
    return file.account_no or file.division or "all"


def file_name(file: BalanceFile) -> str:
    """The name that a file gives itself."""
    return file.file_id or "a table"


def file_columns(desk: Desk) -> list[Column[BalanceFile]]:
    """Recent Uploads."""
    return [
        Column("When", lambda one: short_instant(one.created_at, desk), width=12),
        Column("File", file_name),
        Column("For", scope_word, width=8),
        Column("By", lambda one: one.created_by, width=12, from_width=WIDE),
        Column("Payers", lambda one: f"{one.payers:,}", width=7, align="right", from_width=ROOMY),
        Column("Updated", lambda one: f"{one.accounts_updated:,}", width=7, align="right"),
        Column("Unchanged", lambda one: f"{one.unchanged:,}", width=10, align="right", from_width=WIDE),
        Column("Warn", lambda one: f"{one.warnings:,}", width=5, align="right"),
        Column("Wrong", lambda one: f"{one.errors:,}", width=5, align="right"),
        Column("State", state_word, width=11),
    ]


def payer_columns(currency: str) -> list[Column[PayerMove]]:
    """What a payer owes before and after."""

    def cell(amount_minor: int | None) -> str:
        return "" if amount_minor is None else money(amount_minor, currency)

    return [
        Column("Row", lambda one: f"{one.row_no:,}", width=7, align="right", from_width=WIDE),
        Column("Account", lambda one: one.account_no, width=9),
        Column("Payer", lambda one: one.name),
        Column("Before", lambda one: cell(one.before_minor), width=14, align="right"),
        Column("After", lambda one: cell(one.after_minor), width=14, align="right"),
        Column("Moves by", lambda one: signed(one.moved_minor, currency), width=14, align="right"),
        Column("Due", lambda one: show_date(one.due_date) if one.due_date else "", width=12, from_width=WIDE),
        Column("Division", lambda one: one.division or "", width=8, from_width=WIDE),
    ]


def division_columns(currency: str) -> list[Column[DivisionMove]]:
    """Net movement a division."""
    return [
        Column("Division", lambda one: one.division, width=10),
        Column("Name", lambda one: one.name),
        Column("Payers", lambda one: f"{one.payers:,}", width=9, align="right"),
        Column("Moved", lambda one: f"{one.moved:,}", width=9, align="right"),
        Column("Net movement", lambda one: signed(one.net_minor, currency), width=18, align="right"),
    ]


def signed(amount_minor: int, currency: str) -> str:
    """A movement: `+1,250.00`, `-3.00`; nothing where nothing moves."""
    if amount_minor == 0:
        return ""
    return f"{'+' if amount_minor > 0 else ''}{money(amount_minor, currency)}"


def xray_lines(file: BalanceFile) -> list[str]:
    """The X-ray, shortest first that matters: what it is, what moves, what is remarkable, where."""
    head = f"{count_of(file.payers, 'payer')}, {total_in(file.total_minor, file.currency)}"
    if file.account_no is not None:
        head = f"For payer {file.account_no} alone: {head}"
    elif file.division is not None:
        head = f"For division {file.division}: {head}"
    if file.as_of_date is not None:
        head += f", as of {show_date(file.as_of_date)}"
    seen = file.xray
    if seen is None:
        return [head] if file.payers else []
    older = older_sentence(file)
    currency = file.currency
    moves = [f"{seen.new:,} new", f"{seen.changed:,} changed", f"{seen.unchanged:,} unchanged"]
    if seen.sign_flips:
        moves.append(count_of(seen.sign_flips, "sign flips", "signs flip"))
    net = signed(seen.net_minor, currency) or "nothing"
    before, after = money(seen.before_minor, currency), money(seen.after_minor, currency)
    lines = [
        head,
        *([older] if older else []),
        ", ".join(moves),
        f"Owed {before} before, {after} after: net {net} {currency}",
        f"{count_of(file.warnings, 'warning')}, {count_of(file.errors, 'row')} wrong",
    ]
    if seen.previous_id is not None:
        lines.append(
            f"{count_of(seen.missing, 'payer')} missing since {seen.previous_file_id or 'the last table'}"
        )
    for one in seen.divisions[:DIVISIONS_SHOWN] if len(seen.divisions) > 1 else ():
        moved = f"{one.moved:,} of {count_of(one.payers, 'payer')} move"
        lines.append(
            f"  {one.division} {one.name}: {moved}, net {signed(one.net_minor, currency) or 'nothing'}"
        )
    return lines


def older_sentence(file: BalanceFile) -> str:
    """That a file is older than the one applied before it; empty where it is not."""
    seen = file.xray
    if seen is None or seen.newer_as_of_date is None or file.as_of_date is None:
        return ""
    return f"OLDER than {seen.newer_file_id or 'the last table'}, applied as of {show_date(seen.newer_as_of_date)}"


def result_line(file: BalanceFile) -> str:
    """`4,000 payers: 12 updated, 3,988 unchanged, 1 warning, 0 rows wrong`."""
    parts = [
        f"{file.accounts_updated:,} updated",
        f"{file.unchanged:,} unchanged",
        count_of(file.warnings, "warning"),
        f"{count_of(file.errors, 'row')} wrong",
    ]
    return f"{count_of(file.payers, 'payer')}: {', '.join(parts)}"


def standing_lines(file: BalanceFile, desk: Desk) -> list[str]:
    """Where a file stands, and by whom."""
    if file.state is FileState.REVERTED and file.reverted_by and file.reverted_at:
        return [
            f"It was: {result_line(file)}",
            f"Reverted by {file.reverted_by}, {desk.time(file.reverted_at)}",
        ]
    if file.state in _RESULTS and file.applied_by:
        at = f", {desk.time(file.applied_at)}" if file.applied_at else ""
        said = [result_line(file), f"Applied by {file.applied_by}{at}"]
        return [*said, file.reason] if file.reason else said
    if file.state is FileState.REJECTED:
        return [f"Rejected: {file.reason or ''}"]
    if file.state is FileState.VALIDATED:
        return ["Nothing has moved yet."]
    return [f"The ledger is at work: {words(file.state)}."]


def ended_sentence(file: BalanceFile) -> str:
    """What came of the ledger's work on a file."""
    name = file_name(file)
    if file.state is FileState.VALIDATED:
        return f"{name} is checked. Nothing has moved yet."
    if file.state is FileState.REJECTED:
        return f"{name} is rejected: {file.reason or ''}"
    if file.state is FileState.REVERTED:
        return f"{name} is reverted: {count_of(file.accounts_updated, 'account')} as before."
    if file.state is FileState.APPLIED_WITH_ERRORS and file.reason:
        return f"{name}: {file.reason}"
    return f"{name}: {result_line(file)}."


def apply_lines(file: BalanceFile) -> list[tuple[str, str]]:
    """What a person confirms: exactly what the X-ray showed."""
    seen = file.xray
    pairs = [
        ("File", file_name(file)),
        ("For", scope_word(file)),
        ("Payers", f"{file.payers:,}"),
        ("As of", show_date(file.as_of_date) if file.as_of_date else ""),
        ("Take care", older_sentence(file)),
    ]
    if seen is not None:
        pairs += [
            ("New", f"{seen.new:,}" if seen.new else ""),
            ("Changed", f"{seen.changed:,}"),
            ("Unchanged", f"{seen.unchanged:,}"),
            ("Net", f"{signed(seen.net_minor, file.currency) or '0'} {file.currency}"),
        ]
    if file.payers == 1 and seen is not None and seen.biggest:
        (one,) = seen.biggest
        pairs += [
            ("Payer", f"{one.account_no} {one.name}"),
            ("Before", total_in(one.before_minor, file.currency)),
            ("After", total_in(one.after_minor or 0, file.currency)),
        ]
    pairs += [("Warnings", f"{file.warnings:,}" if file.warnings else "")]
    pairs += [("Wrong", f"{count_of(file.errors, 'row')}: not applied" if file.errors else "")]
    return [(label, value) for label, value in pairs if value]


def file_lines(file: BalanceFile, desk: Desk) -> list[tuple[str, str]]:
    """A file for a confirmation that takes it back or gives it up."""
    pairs = [
        ("File", file_name(file)),
        ("For", scope_word(file)),
        ("Sent", f"{file.created_by}, {desk.time(file.created_at)}"),
        ("Payers", f"{file.payers:,}"),
        ("Updated", f"{file.accounts_updated:,}" if file.accounts_updated else ""),
        (
            "Applied",
            f"{file.applied_by}, {desk.time(file.applied_at)}" if file.applied_by and file.applied_at else "",
        ),
    ]
    return [(label, value) for label, value in pairs if value]


def payer_lines(one: PayerMove, currency: str) -> list[tuple[str, str]]:
    """A payer in full."""
    pairs = [
        ("Row", f"{one.row_no:,}"),
        ("Account", one.account_no),
        ("Payer", one.name),
        ("Division", one.division or ""),
        ("Means", words(one.change)),
        ("Before", total_in(one.before_minor, currency)),
        ("After", total_in(one.after_minor, currency) if one.after_minor is not None else ""),
        ("Moves by", signed(one.moved_minor, currency)),
        ("Due", show_date(one.due_date) if one.due_date else ""),
        ("Statement", one.statement_ref or ""),
        ("E-mail", one.email or ""),
    ]
    return [(label, value) for label, value in pairs if value]


def progress_line(job: Job, file: BalanceFile) -> str:
    """`Applying F-2026-11-001: 40,000 of 200,000`."""
    verb = {FileState.APPLYING: "Applying", FileState.REVERTING: "Reverting"}.get(file.state, "Checking")
    done = f"{job.done:,}" + (f" of {job.total:,}" if job.total else " rows" if job.done else "")
    return f"{verb} {file_name(file)}: {done}" if job.done else f"{verb} {file_name(file)}…"
