"""Statements that are tables: the CSV files of banks, and that of the M-PESA organisation portal.

Which column says what is said with the import, saved for the bank, or recognised by its name. Lines above
the header are passed over, save that the portal says its short code there.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from branchtui.contract.imports import DateOrder, DecimalWriting
from branchtui.contract.statements import AboveZero
from branchtui.ledger.feeds import portal_table
from branchtui.ledger.feeds.above_zero import BY_BALANCE, AboveZeroEvidence
from branchtui.ledger.feeds.account_names import AccountNames
from branchtui.ledger.feeds.amounts import SCIENTIFIC, DecimalEvidence
from branchtui.ledger.feeds.days import DayEvidence, day_reader
from branchtui.ledger.feeds.finding import ERROR, CellError, error, warning
from branchtui.ledger.feeds.incoming import with_losses
from branchtui.ledger.feeds.running_balance import UNSIDED, RunningBalance
from branchtui.ledger.feeds.side_words import SideEvidence, is_of_card, may_be_side, side_of
from branchtui.ledger.feeds.signed_amounts import bare, signed_reader
from branchtui.ledger.feeds.statement import (
    DETAILS_MAX,
    Damaged,
    Direction,
    Entry,
    Standing,
    Statement,
    is_altered,
    is_currency,
    reference_of,
    text_of,
)
from branchtui.ledger.feeds.statement_columns import MONEY, PORTAL, as_said, choose, fitting
from branchtui.ledger.feeds.status_words import NOT_BOOKED, is_status, may_be_status, remarks_of
from branchtui.ledger.feeds.table_file import ENDS
from branchtui.ledger.feeds.table_row import Row
from branchtui.ledger.feeds.table_rows import (
    holds_balance,
    is_heading,
    is_line,
    is_note,
    is_short_only,
    is_sum,
    reads_as_carried,
)
from branchtui.ledger.feeds.table_setting import StatementTable, TableSetting
from branchtui.ledger.feeds.table_unfit import column_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_NO_TEXT: Final = frozenset({"date", "reference", "payer_phone", "balance", *MONEY})
"""Where an apostrophe in front is the mark by which a spreadsheet keeps a cell as it is: `'0000123`."""

_NOTHING: Final = frozenset({"-", "--", "\u2013", "\u2014"})
"""What stands for no amount where there are two columns."""


class TableReader:
    """Reads one file. `chunks` gives its bytes from the beginning each time it is called."""

    def __init__(self, chunks: Callable[[], Iterable[bytes]], setting: TableSetting) -> None:
        self._setting = setting
        self.table = StatementTable(chunks, setting)
        self.statements: list[Statement] = []
        self.questions: list[str] = []
        names = self.table.header
        self.map_name, plan = (
            ("", as_said(setting.columns)) if setting.columns else fitting(setting.saved, names)
        )
        self.plan = plan or choose(names)
        self._above_zero = setting.above_zero or self.plan.above_zero
        self._refuse_header()
        # A currency may stand beside each amount of a row.
        said = self.plan.columns.get("currency")
        self._currencies = [at for at, name in enumerate(names) if name == said]
        self._at = {
            meaning: names.index(name) for meaning, name in self.plan.columns.items() if name in names
        }
        self._kinds: tuple[int, ...] = ()
        self.is_decimal_open = self._asks_sign = False
        self.order, self.writing = self._recognise()
        self._by_account: dict[tuple[str, str], Statement] = {}
        self._balances: dict[int, RunningBalance] = {}
        self._amounts: dict[str, Callable[[str], int]] = {}
        self._day = day_reader(self.order, setting.zone)
        self._short_code = portal_table.short_code(self.table.above) if self.plan.is_portal else ""

    def entries(self) -> Iterator[Entry]:
        """The entries in the order of the file; see `StatementReader`."""
        is_empty = True
        for row in self.table.rows():
            last = row.findings[-1] if row.findings else None
            if last is not None and last.code in ENDS:
                raise Damaged(last.code, last.message, row.row_no)
            is_empty = is_empty and row.is_blank
            yield self._entry(row)
        if is_empty:
            raise Damaged("empty-file", "The file holds a header and no rows.", self.table.header_row_no)
        went_out = self._above_zero is AboveZero.WENT_OUT
        for statement in self.statements:
            balance = self._balances.get(id(statement))
            if balance is None:
                continue
            balance.settle(statement, is_debt=went_out and self._is_unsided)
            if balance.is_unsided and self._is_unsided:
                statement.findings.append(error("side", UNSIDED, "amount"))
            if balance.is_reversed and self._is_unsided and self._above_zero is None and not self._asks_sign:
                self.questions.append(BY_BALANCE)
                self._asks_sign = True

    @property
    def _is_unsided(self) -> bool:
        """Whether the sign alone says on which side an amount stands."""
        return "amount" in self._at and "side" not in self._at

    def _refuse_header(self) -> None:
        for each in self.table.findings:
            if each.level == ERROR and each.code != "duplicate-column":
                raise Damaged(each.code, each.message, self.table.header_row_no)
        fault = self.plan.fault(self.table.header)
        if fault is not None:
            raise Damaged("columns", fault, self.table.header_row_no)

    def _recognise(self) -> tuple[DateOrder | None, DecimalWriting]:
        days, decimals = DayEvidence(), DecimalEvidence()
        signs = AboveZeroEvidence()
        sides = SideEvidence(*self._maybe_sides())
        states = self._maybe_states()
        accounts = AccountNames(self.table.header)
        for row in self.table.rows():
            if row.is_readable and not row.is_blank:
                is_movement = partial(self._is_movement, row)
                sides.add(row.cells, is_movement)
                states = [at for at in states if is_status(row.cells[at]) or not is_movement()]
                accounts.add(row.cells)
                days.add(self._said(row, "date"))
                for meaning in ("amount", "credit", "debit", "balance"):
                    text, sign = bare(self._said(row, meaning)[:60])
                    decimals.add(text)
                    if meaning == "amount":
                        signs.add(row.cells, self._said(row, "details"), sign)
        if sides.found is not None:
            self._at["side"] = sides.found
            self.plan.columns["side"] = (*self.table.header, *[""] * self.table.nameless)[sides.found]
        elif "side" not in self._at:
            self._kinds = sides.doubtful
        if states:
            self._at["status"] = states[0]
            self.plan.columns["status"] = self.table.header[states[0]]
        if accounts.found is not None and not (
            self._setting.columns or self.map_name or "account" in self._at
        ):
            self._at["account"] = accounts.found
            self.plan.columns["account"] = self.table.header[accounts.found]
        order, question = days.decide()
        currency = self.plan.currency or self._setting.currency
        writing, open_writing = decimals.decide_signed(self.table.delimiter, currency)
        if self.plan.is_portal and order is None and not (days.day_first or days.month_first):
            order, question = DateOrder.DAY_FIRST, None  # the portal writes the day first
        if self._setting.order is not None:
            order, question = self._setting.order, None
        if self._setting.writing is not None:
            writing, open_writing = self._setting.writing, None
        self.is_decimal_open = open_writing is not None
        signs.look_at(self.table.header, self.table.above)
        ask = signs.question if self._is_unsided and self._above_zero is None else None
        self._asks_sign = ask is not None
        self.questions = [each for each in (open_writing, question, ask) if each]
        return order, writing

    def _maybe_sides(self) -> tuple[list[int], list[int]]:
        """Columns that may say the side of an amount without a sign, by their names and by their cells alone."""
        if self._setting.columns or self.map_name or "amount" not in self._at or "side" in self._at:
            return [], []  # that was said, or is known
        named = self._not_chosen(lambda name: may_be_side(name) and not is_of_card(name))
        others = self._not_chosen(lambda name: not (may_be_side(name) or is_of_card(name)))
        return named, [*others, *(self._at[each] for each in ("details",) if each in self._at)]

    def _maybe_states(self) -> list[int]:
        """Columns that may say whether a row is booked; none where that was said or is known."""
        is_known = self._setting.columns or self.map_name or "status" in self._at
        return [] if is_known else self._not_chosen(may_be_status)

    def _not_chosen(self, fits: Callable[[str], bool]) -> list[int]:
        """Columns that say nothing else, by their names."""
        chosen = set(self._at.values())
        names = (*self.table.header, *[""] * self.table.nameless)
        return [at for at, name in enumerate(names) if at not in chosen and fits(name)]

    def _is_movement(self, row: Row) -> bool:
        """Whether a row is neither a note, a sum or a heading nor a balance: those have no side."""
        return not (self._is_aside(row) or holds_balance(row, self._said(row, "details")))

    def _said(self, row: Row, meaning: str) -> str:
        at = self._at.get(meaning)
        text = row.cells[at] if at is not None and at < len(row.cells) else ""
        return text[1:] if text[:1] == "'" and meaning in _NO_TEXT else text

    def _statement(self, account: str, currency: str, place: int) -> Statement:
        key = account, currency
        found = self._by_account.get(key)
        if found is None:
            found = Statement(account=account, currency=currency, place=place)
            found.provider = PORTAL if self.plan.is_portal else ""
            if not account:
                said = "The file does not say whose account it is: name the account."
                found.findings.append(error("no-account", said))
            self._by_account[key] = found
            self.statements.append(found)
        return found

    def _entry(self, row: Row) -> Entry:
        account = text_of(self._said(row, "account")) or self._setting.account or self._short_code
        currency = self._said(row, "currency").strip().upper() or self.plan.currency or self._setting.currency
        findings = list(row.findings)
        if len({row.cells[at].strip() for at in self._currencies if at < len(row.cells)} - {""}) > 1:
            findings.append(error("currency", "The row names several currencies.", "currency"))
        if not is_currency(currency):
            findings.append(error("currency", f"{text_of(currency, 40)} is no currency.", "currency"))
            currency = self._setting.currency
        is_aside = self._is_aside(row)
        if is_aside:
            findings = [each for each in findings if each.code != "columns"]
        if not (row.is_readable or is_aside) or row.is_blank:
            # In front of all others it says nothing of whose account this is.
            alone = Statement(account=account, currency=currency, place=row.row_no)
            statement = self.statements[-1] if self.statements else alone
            entry = Entry(statement, row.row_no, Direction.CREDIT, None, currency, None, findings=findings)
            if row.is_blank:
                entry.is_blank = True
                entry.findings.append(warning("blank-row", "The row is blank; it was passed over."))
            return entry
        statement = self._statement(account, currency, row.row_no)
        entry = Entry(statement, row.row_no, Direction.CREDIT, None, currency, None, findings=findings)
        status = self._said(row, "status").strip()
        if status.lower() not in self.plan.booked:
            entry.standing = Standing.PENDING
            entry.findings += [] if is_aside else remarks_of(status)
        if is_aside:
            if is_note(row):
                said = "The row holds words in one cell and no movement: it is passed over."
                entry.findings.append(warning("note", said))
            entry.standing = Standing.INFORMATION
            self._words(entry, row)
            entry.payer_name, entry.account_ref = "", text_of(" ".join(row.cells))
            return entry
        self._money(entry, row)
        self._when(entry, self._said(row, "date").strip())
        self._words(entry, row)
        return entry

    def _when(self, entry: Entry, said: str) -> None:
        """The day; a balance may have none, nor what is not booked, or the word for it in its place."""
        if said.lower() in NOT_BOOKED:
            entry.standing, said = Standing.PENDING, ""
        if not said and (entry.is_opening or entry.standing is Standing.PENDING):
            return
        try:
            entry.day, entry.at_us = self._day(said, entry.findings)
        except CellError as failure:
            entry.findings.append(error(failure.code, text_of(str(failure), 200), "date", text_of(said, 40)))

    def _is_aside(self, row: Row) -> bool:
        """Whether a row is a note, a sum or the heading once more; a row with a day and an amount is a movement."""
        if row.is_blank or not is_short_only(row):
            return False
        header = self.table.header
        if column_name(row.cells[0]) == header[0] and is_heading(row, header):
            return True
        date = self._said(row, "date")
        if is_sum(row, date):
            return True
        is_whole = bool(date.strip()) and any(self._said(row, each).strip() for each in MONEY)
        return not is_whole and (is_note(row) or is_line(row))

    def _is_carried(self, row: Row) -> bool:
        """Whether a row holds a balance that is carried forward, and no movement."""
        money = (self._said(row, each).strip() for each in MONEY)
        return (
            not any(money)
            and bool(self._said(row, "balance").strip())
            and reads_as_carried(self._said(row, "details"))
        )

    def _money(self, entry: Entry, row: Row) -> None:
        read = self._amounts.get(entry.currency)
        if read is None:
            read = self._amounts[entry.currency] = signed_reader(self.writing, entry.currency)
        column = "amount"
        entry.is_opening = self._is_carried(row)
        try:
            has_one = "amount" in self._at
            signed = 0
            if not entry.is_opening and holds_balance(row, self._said(row, "details")):
                said = "The row reads as a balance or a sum and not as a movement: it is passed over."
                entry.findings.append(warning("balance-row", said, "details"))
                entry.is_opening = True
            if not entry.is_opening:
                signed = self._one_column(read, row) if has_one else self._two_columns(read, row)
        except CellError as failure:
            said = self._said(row, column) or f"{self._said(row, 'credit')} {self._said(row, 'debit')}"
            entry.findings.append(error(failure.code, text_of(str(failure), 200), column, text_of(said, 40)))
            return
        entry.amount_minor = abs(signed)
        entry.direction = Direction.DEBIT if signed < 0 else Direction.CREDIT
        if entry.standing is Standing.BOOKED and "balance" in self._at:
            self._follow(entry, row, signed, read)

    def _follow(self, entry: Entry, row: Row, signed: int, read: Callable[[str], int]) -> None:
        """Compare the balance of a row with the one before it; a row may have none."""
        balances = self._balances.setdefault(id(entry.statement), RunningBalance())
        said = self._said(row, "balance").strip()
        if not said:
            balances.carry(signed)
            return
        try:
            balance = read(said)
        except CellError as failure:
            balances.carry(signed)
            found = warning(failure.code, text_of(str(failure), 200), "balance", text_of(said, 40))
            entry.findings.append(found)
        else:
            balances.add(row.row_no, signed, balance)

    def _one_column(self, read: Callable[[str], int], row: Row) -> int:
        """The signed amount of a row with one column of amounts, and perhaps one that says their side."""
        signed = read(self._said(row, "amount"))
        if "side" not in self._at:
            self._refuse_other_kind(row, signed)
            return -signed if self._above_zero is AboveZero.WENT_OUT else signed
        said = self._said(row, "side")
        if not said.strip():
            if signed > 0:
                raise CellError("side", "The row does not say whether it is a credit or a debit.")
            return signed
        side = side_of(said)
        if not side:
            raise CellError("side", f"{text_of(said, 40)} says neither credit nor debit.")
        if side > 0 > signed:
            raise CellError(
                "side", f"{text_of(said, 40)} says that it came in, and the amount is below zero."
            )
        return side * abs(signed)

    def _refuse_other_kind(self, row: Row, signed: int) -> None:
        """Refuse an amount of one side whose kind says the other, unless it was said what is above zero."""
        for at in self._kinds if self._above_zero is None else ():
            if at < len(row.cells) and side_of(row.cells[at]) * signed < 0:
                below = "below" if signed < 0 else "above"
                said = f"{text_of(row.cells[at], 40)} stands beside an amount {below} zero: say which columns hold what."
                raise CellError("side", said)

    def _two_columns(self, read: Callable[[str], int], row: Row) -> int:
        """The signed amount of a row with one column for what came in and one for what went out."""
        came, went = (self._said(row, each).strip() for each in ("credit", "debit"))
        came, went = ("" if each in _NOTHING else each for each in (came, went))
        if not came and not went:
            raise CellError("blank", "The row has no amount.")
        credit, debit = read(came) if came else 0, abs(read(went)) if went else 0
        if credit < 0:
            raise CellError("negative", f"{text_of(came, 40)}: what came in cannot be negative.")
        if credit and debit:
            raise CellError("two-amounts", "The row has an amount that came in and one that went out.")
        return credit - debit

    def _words(self, entry: Entry, row: Row) -> None:
        name, details = self._said(row, "payer_name"), self._said(row, "details")
        reference, phone = self._said(row, "account_ref"), self._said(row, "payer_phone").strip()
        if self.plan.is_portal:
            payer = portal_table.payer_of(self._portal_cell(row, *portal_table.OTHER_PARTY), details)
            phone, name = payer.phone or phone, payer.name or name
            reference = reference or payer.account_ref
            kind = self._portal_cell(row, "reason_type")
            entry.is_reversal = portal_table.is_reversal(details, kind)
            if entry.direction is Direction.CREDIT and portal_table.is_own_transfer(payer, details, kind):
                entry.standing = Standing.INFORMATION
                entry.findings.append(portal_table.OWN_TRANSFER)
        entry.reference = reference_of(self._said(row, "reference"))
        if entry.reference is not None and SCIENTIFIC.fullmatch(entry.reference):
            said = f"{entry.reference}: a spreadsheet has written this number short. Keep the column as text."
            entry.findings.append(error("scientific", said, "reference", entry.reference))
        entry.payer_name, entry.payer_phone = text_of(name), text_of(phone, 64)
        entry.details = text_of(details, DETAILS_MAX)
        entry.account_ref = text_of(with_losses(reference)) or (
            "" if self.plan.is_portal else entry.details[:140]
        )
        if not entry.account_ref and self.plan.may_be_payers_reference:
            # Where a row says nothing else, its reference may be the payer's: many banks have one column for both.
            entry.account_ref = entry.reference or ""
        if is_altered(name, details, reference, phone):
            entry.raw = "\n".join(row.cells)

    def _portal_cell(self, row: Row, *names: str) -> str:
        places = (at for at, name in enumerate(self.table.header) if name in names and at < len(row.cells))
        return next((row.cells[at] for at in places), "")
