"""Statements as the contract shows them: JSON, the lines of a text, and who may read them (contract, section 7)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from branchtui.contract import credit_statements as wire
from branchtui.contract.credit import TransactionType
from branchtui.contract.credit_statements import MailState
from branchtui.contract.problem import Codes
from branchtui.format.cells import pad
from branchtui.format.money import money
from branchtui.format.safe_text import safe_text
from branchtui.ledger import audit
from branchtui.ledger.access import Permission
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import conflict, not_found
from branchtui.ledger.store import tables
from branchtui.ledger.store.mapping import compiled, mapping_of
from branchtui.ledger.store.rows import (
    Account,
    CreditAccount,
    CreditStatement,
    CreditTransaction,
    StatementMail,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx

MAIL: Final = "mail"
"""What may be done to a statement: send it again."""

LINES_SHOWN: Final = 2_000
"""Lines of an answer in JSON; the text and the PDF have all."""

WIDTH: Final = 78
_WORDS: Final = {
    TransactionType.OPENING: "Opening credit",
    TransactionType.PURCHASE: "Purchase",
    TransactionType.REFUND: "Refund",
    TransactionType.ADJUSTMENT: "Adjustment",
    TransactionType.SETTLEMENT: "Settlement",
    TransactionType.PAYMENT: "Payment",
    TransactionType.REVERSAL: "Reversal",
}
_t = tables.credit_transactions.c
_LINES: Final = compiled(
    select(*mapping_of(CreditTransaction).select_list)
    .where(
        _t.account_id == bindparam("account"),
        _t.seq >= bindparam("first_seq"),
        _t.seq <= bindparam("last_seq"),
    )
    .order_by(_t.seq)
    .limit(bindparam("limit_rows"))
)


@dataclass(frozen=True, slots=True)
class Whole:
    """A statement with its lines; `said` is its header as it was when it froze."""

    statement: CreditStatement
    lines: tuple[CreditTransaction, ...]
    said: dict[str, Any]

    @property
    def currency(self) -> str:
        """ISO 4217."""
        return str(self.said["currency"])

    @property
    def zone(self) -> ZoneInfo:
        """The branch's time zone as it was."""
        return ZoneInfo(self.said["timezone"])

    def day(self, at_us: int) -> str:
        """The branch's calendar day of an instant."""
        return as_datetime(at_us).astimezone(self.zone).date().isoformat()

    def amount(self, amount_minor: int) -> str:
        """An amount without its currency."""
        return money(amount_minor, self.currency)

    @property
    def title(self) -> str:
        """What it is."""
        return f"Statement no. {self.statement.cycle_no} of account {self.said['account_no']}"

    @property
    def period(self) -> str:
        """Its days, from the first to the settlement date."""
        return f"{self.day(self.statement.opened_at)} to {self.statement.closed_on}"

    @property
    def figures(self) -> list[tuple[str, str]]:
        """Opening, what moved, closing."""
        found = self.statement
        return [
            ("Opening", self.amount(found.opening_minor)),
            ("Purchases", self.amount(found.purchases_minor)),
            ("Refunds", self.amount(-found.refunds_minor)),
            ("Adjustments", self.amount(found.adjustments_minor)),
            ("Payments", self.amount(-found.payments_minor)),
            (f"Closing {self.currency}", self.amount(found.closing_minor)),
        ]


def lines_total(statement: CreditStatement) -> int:
    """How many transactions a statement has."""
    return statement.last_seq - statement.first_seq + 1


def word_of(transaction: CreditTransaction) -> str:
    """What a line is, in words."""
    return _WORDS.get(TransactionType(transaction.type), transaction.type)


async def whole(core: Core, statement: CreditStatement, limit: int | None = None) -> Whole:
    """The statement with its lines, `limit` of them at most."""
    bound = {
        "account": statement.account_id,
        "first_seq": statement.first_seq,
        "last_seq": statement.last_seq,
        "limit_rows": limit or max(1, lines_total(statement)),
    }

    def read(connection: Any) -> tuple[CreditTransaction, ...]:
        return tuple(CreditTransaction(*values) for values in connection.execute(_LINES, bound))

    lines = await core.reader.in_thread(read)
    return Whole(statement, lines, json.loads(statement.header))


async def visible(core: Core, who: Principal, statement_id: str) -> CreditStatement:
    """A statement; raises 404 for what is not the caller's to see."""
    statement = await core.reader.get(CreditStatement, statement_id)
    account = await core.reader.get(Account, statement.account_id) if statement is not None else None
    if statement is None or account is None or not who.scope.covers(account.branch_id):
        raise not_found("statement")
    return statement


def brief(who: Principal, statement: CreditStatement, mail: StatementMail | None) -> wire.StatementBrief:
    """A statement in a list."""
    return wire.StatementBrief(**_brief(who, statement, mail))


def answer(who: Principal, found: Whole, mail: StatementMail | None) -> wire.Statement:
    """A statement with its first lines."""
    return wire.Statement(
        **_brief(who, found.statement, mail),
        institution=found.said["institution"],
        branch_name=found.said["branch_name"],
        customer_no=found.said["customer_no"],
        customer_name=found.said["customer_name"],
        account_no=found.said["account_no"],
        lines_total=lines_total(found.statement),
        lines=tuple(
            wire.StatementLine(
                transaction_id=each.id,
                posted_at=as_datetime(each.posted_at),
                type=TransactionType(each.type),
                reference=each.pos_ref,
                narration=each.narration,
                amount_minor=each.amount_minor,
                owed_after_minor=each.owed_after_minor,
            )
            for each in found.lines
        ),
    )


def _brief(who: Principal, statement: CreditStatement, mail: StatementMail | None) -> dict[str, Any]:
    return {
        "id": statement.id,
        "account_id": statement.account_id,
        "cycle_no": statement.cycle_no,
        "opened_at": as_datetime(statement.opened_at),
        "closed_on": date.fromisoformat(statement.closed_on),
        "closed_at": as_datetime(statement.closed_at),
        "opening_minor": statement.opening_minor,
        "purchases_minor": statement.purchases_minor,
        "refunds_minor": statement.refunds_minor,
        "adjustments_minor": statement.adjustments_minor,
        "payments_minor": statement.payments_minor,
        "closing_minor": statement.closing_minor,
        "currency": json.loads(statement.header)["currency"],
        "mail": _mail(mail),
        "actions": (MAIL,) if who.may(Permission.CREDIT_CHANGE) else (),
    }


def _mail(mail: StatementMail | None) -> wire.StatementMail:
    if mail is None:
        return wire.StatementMail(state=MailState.NONE)
    waits = mail.state == MailState.WAITING
    return wire.StatementMail(
        state=MailState(mail.state),
        address=mail.address,
        tries=mail.tries,
        next_try_at=as_datetime(mail.next_try_at) if waits else None,
        last_error=mail.last_error,
        sent_at=_instant(mail.sent_at),
    )


def _instant(at_us: int | None) -> datetime | None:
    return None if at_us is None else as_datetime(at_us)


def text_lines(found: Whole) -> Iterator[str]:
    """A statement as rows of at most 78 cells."""
    said = {name: safe_text(str(value)) for name, value in found.said.items()}
    yield said["institution"]
    yield f"{said['branch_name']} ({said['branch_code']})"
    yield ""
    yield found.title
    yield f"{said['customer_no']} {said['customer_name']}"
    yield found.period + (f", settled {said['settles']}" if said["settles"] else "")
    yield ""
    yield _row("Date", "Reference", "What", "Amount", "Owed")
    yield "-" * WIDTH
    yield _row("", "", "Opening", "", found.amount(found.statement.opening_minor))
    for each in found.lines:
        yield _row(
            found.day(each.posted_at),
            safe_text(each.pos_ref or ""),
            word_of(each),
            found.amount(each.amount_minor),
            found.amount(each.owed_after_minor),
        )
    yield "-" * WIDTH
    for label, amount in found.figures:
        yield f"{pad(label, WIDTH - 20)}{pad(amount, 20, 'right')}"


def _row(day: str, reference: str, what: str, amount: str, owed: str) -> str:
    cells = (
        pad(day, 10),
        pad(reference, 17),
        pad(what, 15),
        pad(amount, 16, "right"),
        pad(owed, 16, "right"),
    )
    return " ".join(cells).rstrip()


def send_again(tx: Tx, command: Command, statement_id: str) -> Reply:
    """`POST /v1/statements/{id}/mail`: to the address that the account has now, at once.

    Raises:
        Refusal: 404, 409 `transition-not-allowed` where the account has no address.
    """
    statement = tx.get(CreditStatement, statement_id)
    account = tx.get(Account, statement.account_id) if statement is not None else None
    if statement is None or account is None or not command.principal.scope.covers(account.branch_id):
        raise not_found("statement")
    credit = tx.get(CreditAccount, statement.account_id)
    assert credit is not None, "a statement is of an account with terms"
    if credit.statement_email is None:
        raise conflict(
            Codes.TRANSITION_NOT_ALLOWED,
            f"Account {account.account_no} has no address for statements. Edit it and give one.",
            **{"from": MailState.NONE.value, "command": MAIL, "allowed": []},
        )
    known = tx.get(StatementMail, statement.id)
    mail = StatementMail(
        statement_id=statement.id,
        account_id=statement.account_id,
        address=credit.statement_email,
        state=MailState.WAITING.value,
        tries=0,
        next_try_at=command.at_us,
        last_error=known.last_error if known is not None else None,
        sent_at=None,
        holder=None,
        leased_until=0,
    )
    if known is not None and known.holder is not None and known.leased_until > command.at_us:
        # Somebody sends it right now: what he reports goes to the mail that he took.
        mail = replace(known, address=mail.address)
    tx.put(mail)
    path = f"/v1/statements/{statement.id}"
    event = audit.Event(action=command.action, object=path, after={"cycle_no": statement.cycle_no})
    return reply(
        brief(command.principal, statement, mail),
        event=event,
        branch_id=account.branch_id,
        resource=path,
        summary=f"mail statement {statement.cycle_no} of {account.account_no}",
    )


def as_text(found: Whole) -> str:
    """The whole statement as plain text."""
    return "\n".join(text_lines(found)) + "\n"


def file_name(found: Whole, ending: str) -> str:
    """A name for the file: the account's number and the settlement date."""
    number = "".join(c if c.isalnum() else "-" for c in str(found.said["account_no"]))
    return f"statement-{number}-{found.statement.closed_on}.{ending}"
