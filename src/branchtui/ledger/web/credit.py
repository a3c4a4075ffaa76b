"""Endpoints of credit accounts and settlements (contract, section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from branchtui.contract import credit as wire
from branchtui.contract.base import Day, Flag, Id, Request, Whole
from branchtui.contract.credit import CreditStatus
from branchtui.contract.credit_statements import StatementBrief
from branchtui.contract.paging import Page
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.problems import not_found
from branchtui.ledger.store.rows import Account, CreditAccount, CreditStatement, CreditTransaction
from branchtui.ledger.web.proof import refuse_unproved
from branchtui.ledger.web.route import Call, ListQuery, NoQuery, Route, answered, paged
from branchtui.ledger.workflows import (
    credit_accounts,
    credit_frequency,
    credit_search,
    credit_statements,
    credit_views,
)
from branchtui.ledger.workflows.credit_cycles import WAKE
from branchtui.ledger.workflows.credit_rules import Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.operations import Command, Reply
    from branchtui.ledger.store.unit import Tx


class CreditAccountsQuery(ListQuery):
    """What the list may be narrowed by; a branch covers those below it."""

    status: CreditStatus | None = None
    branch: Id | None = None
    customer: Id | None = None
    over_limit: Flag = False


class TransactionsQuery(ListQuery):
    """Which transactions: all, or those of which something is open; of all cycles, or one."""

    open: Flag = False
    cycle: Annotated[Whole, Field(ge=1)] | None = None


class DatesQuery(Request):
    """A rhythm as parameters; those of `settle_every`."""

    every: Annotated[Whole, Field(ge=1, le=wire.EVERY_MAX)]
    unit: wire.Unit
    weekday: wire.Weekday | None = None
    nth: Annotated[str, StringConstraints(pattern="^([1-5]|last)$")] | None = None
    day_of_month: Annotated[Whole, Field(ge=1, le=31)] | None = None
    anchor: Day | None = None
    branch: Id | None = None


async def account_list(call: Call) -> Reply:
    """`GET /v1/credit-accounts`: by name unless another order is asked for."""
    core, query, who = call.core, call.query, call.principal
    filters = credit_search.filters(
        core,
        who,
        branch_ids=call.scope_of(query.branch).branch_ids,
        whole=who.scope.top and query.branch is None,
        q=(query.q or "").strip(),
        status=query.status,
        customer=query.customer,
        over_limit=query.over_limit,
    )
    rows = await core.lists.page(
        credit_search.CREDIT_ACCOUNTS,
        query.window(),
        filters,
        who=who.user_id,
        now_us=call.at_us,
        zone=ZoneInfo(core.tree[who.branch_id].timezone),
        sees=lambda row: who.scope.covers(row.branch_id),
    )
    ids = [row.id for row in rows.rows]
    mails = await credit_search.mails(core, ids)
    found = await credit_search.standings(core, ids)
    items = tuple(credit_views.account_answer(who, at, mails=mails.get(at.credit.id)) for at in found)
    return paged(rows, items, call)


async def account(call: Call) -> Reply:
    """`GET /v1/credit-accounts/{id}`: with its open cycle and the one before it."""
    core = call.core
    at = await _visible(call)
    mails = await credit_search.mails(core, [at.credit.id])
    before = await credit_search.previous_statement(core, at.credit)
    answer = credit_views.account_answer(
        call.principal,
        at,
        mails=mails.get(at.credit.id),
        cycle=credit_views.cycle_of(at.credit),
        previous=credit_views.cycle_of_statement(before) if before is not None else None,
    )
    return answered(answer, version=at.credit.version)


async def dates(call: Call) -> Reply:
    """`GET /v1/credit-accounts/settlement-dates`: what a rhythm would mean from today on."""
    asked: DatesQuery = call.query
    branch_id = asked.branch or call.principal.branch_id
    if not call.principal.scope.covers(branch_id):
        raise not_found("branch")
    today = call.core.today(call.core.tree[branch_id])
    nth: int | Literal["last"] | None = None
    if asked.nth is not None:
        nth = "last" if asked.nth == "last" else int(asked.nth)
    given = wire.NewSettleEvery(
        every=asked.every,
        unit=asked.unit,
        weekday=asked.weekday,
        nth=nth,
        day_of_month=asked.day_of_month,
        anchor=asked.anchor,
    )
    frequency = credit_frequency.asked(given, today, pointer="")
    return answered(
        wire.SettlementDates(
            settle_every=frequency.answer(),
            words=credit_frequency.in_words(frequency),
            next_settlements=credit_frequency.next_dates(frequency, today),
        )
    )


async def transactions(call: Call) -> Reply:
    """`GET /v1/credit-accounts/{id}/transactions`: newest first unless another order is asked for."""
    core, query = call.core, call.query
    at = await _visible(call)
    filters: dict[str, object] = {"account": at.credit.id}
    if query.open:
        filters["open"] = 1
    if query.cycle is not None:
        filters |= await _cycle(call, at.credit, query.cycle)
    rows = await core.lists.page(
        credit_search.TRANSACTIONS, query.window(), filters, who=call.principal.user_id, now_us=call.at_us
    )
    return paged(rows, await _told(call, at, rows.rows), call)


async def transaction(call: Call) -> Reply:
    """`GET /v1/credit-accounts/{id}/transactions/{transaction_id}`: one movement, as it stands in the list."""
    at = await _visible(call)
    found = await call.core.reader.get(CreditTransaction, call.path["transaction_id"])
    if found is None or found.account_id != at.credit.id:
        raise not_found("transaction")
    (told,) = await _told(call, at, [found])
    return answered(told)


async def _told(
    call: Call, at: Standing, rows: Sequence[CreditTransaction]
) -> tuple[wire.CreditTransaction, ...]:
    """Transactions of one account with what is open of each."""
    beside = await credit_search.company(call.core, rows)
    return tuple(
        credit_views.transaction_answer(
            call.principal,
            at,
            each,
            beside.open_minor.get(each.id, 0),
            beside.settlements.get(each.id),
            is_reversed=each.id in beside.reversed_ids,
        )
        for each in rows
    )


async def _cycle(call: Call, credit: CreditAccount, cycle_no: int) -> dict[str, object]:
    """The transactions of a cycle; raises 404 for one that the account has not begun."""
    if cycle_no == credit.cycle_no:
        return {"from_seq": credit.cycle_first_seq}
    found = await call.core.reader.find_one(CreditStatement, account_id=credit.id, cycle_no=cycle_no)
    if found is None:
        raise not_found("cycle")
    return {"from_seq": found.first_seq, "to_seq": found.last_seq}


async def statement_list(call: Call) -> Reply:
    """`GET /v1/credit-accounts/{id}/statements`: the latest first."""
    core, who = call.core, call.principal
    at = await _visible(call)
    rows = await core.lists.page(
        credit_search.STATEMENTS,
        call.query.window(),
        {"account": at.credit.id},
        who=who.user_id,
        now_us=call.at_us,
    )
    mails = await credit_search.mails_of(core, rows.rows)
    return paged(
        rows, tuple(credit_statements.brief(who, each, mails.get(each.id)) for each in rows.rows), call
    )


async def create(call: Call) -> Reply:
    """`POST /v1/credit-accounts`."""
    new = call.body
    made = await call.execute(
        credit_accounts.CREATED, lambda tx, command: credit_accounts.create(call.core, tx, command, new)
    )
    call.core.wakes.call(WAKE)
    return made


async def change(call: Call) -> Reply:
    """`PATCH /v1/credit-accounts/{id}`: a change of the limit is for who proved to be the person (AUTH-7)."""
    asked: wire.CreditAccountChange = call.body
    is_risky = bool(asked.model_fields_set & {"max_credit_minor", "restrict_credit"})

    def decide(tx: Tx, command: Command) -> Reply:
        if is_risky:
            refuse_unproved(tx, command.principal, command.at_us)
        return credit_accounts.change(call.core, tx, command, call.path["id"], call.version, asked)

    made = await call.execute(credit_accounts.CHANGED, decide)
    call.core.wakes.call(WAKE)
    return made


async def standing_of(call: Call, credit_id: str) -> Standing | None:
    """A committed account, or None where it is not the caller's to see."""
    found = await call.core.reader.get(Account, credit_id)
    if found is None or not call.principal.scope.covers(found.branch_id):
        return None
    standings = await credit_search.standings(call.core, [credit_id])
    return standings[0] if standings else None


async def _visible(call: Call) -> Standing:
    at = await standing_of(call, call.path["id"])
    if at is None:
        raise not_found("credit account")
    return at


PATH = "/v1/credit-accounts"


def routes() -> tuple[Route, ...]:
    """The endpoints of this module; fixed paths stand before those with an id."""
    return (*_looking(), *_keeping())


def _looking() -> tuple[Route, ...]:
    return (
        Route(
            "GET",
            PATH,
            P.CREDIT_VIEW,
            account_list,
            "Credit accounts, found by customer or number",
            query=CreditAccountsQuery,
            answer=Page[wire.CreditAccount],
            operation="list_credit_accounts",
            sorts=tuple(credit_search.CREDIT_ACCOUNTS.sorts),
        ),
        Route(
            "GET",
            f"{PATH}/settlement-dates",
            P.CREDIT_VIEW,
            dates,
            "What a rhythm of settlement means, in words and dates",
            query=DatesQuery,
            answer=wire.SettlementDates,
            operation="preview_settlement_dates",
        ),
        Route(
            "GET",
            f"{PATH}/{{id}}",
            P.CREDIT_VIEW,
            account,
            "A credit account, with its open cycle and the one before",
            query=NoQuery,
            answer=wire.CreditAccount,
            operation="get_credit_account",
        ),
        Route(
            "GET",
            f"{PATH}/{{id}}/transactions",
            P.CREDIT_VIEW,
            transactions,
            "What moved a credit account, and what of it is open",
            query=TransactionsQuery,
            answer=Page[wire.CreditTransaction],
            operation="list_credit_transactions",
            sorts=tuple(credit_search.TRANSACTIONS.sorts),
        ),
        Route(
            "GET",
            f"{PATH}/{{id}}/transactions/{{transaction_id}}",
            P.CREDIT_VIEW,
            transaction,
            "One movement of a credit account, and what of it is open",
            query=NoQuery,
            answer=wire.CreditTransaction,
            operation="get_credit_transaction",
        ),
        Route(
            "GET",
            f"{PATH}/{{id}}/statements",
            P.CREDIT_VIEW,
            statement_list,
            "Statements of a credit account",
            query=ListQuery,
            answer=Page[StatementBrief],
            operation="list_statements",
            sorts=tuple(credit_search.STATEMENTS.sorts),
        ),
    )


def _keeping() -> tuple[Route, ...]:
    return (
        Route(
            "POST",
            PATH,
            P.CREDIT_CHANGE,
            create,
            "Open a credit account, for a customer who is there or a new one",
            body=wire.NewCreditAccount,
            answer=wire.CreditAccount,
            status=201,
            keyed=True,
            operation="create_credit_account",
            refuses=(
                Codes.NEEDS_CHECKER,
                Codes.CUSTOMER_NOT_ACTIVE,
                Codes.DAY_CLOSED,
                Codes.REFERENCE_TAKEN,
                Codes.POSSIBLE_DUPLICATE,
            ),
        ),
        Route(
            "PATCH",
            f"{PATH}/{{id}}",
            P.CREDIT_CHANGE,
            change,
            "Change the terms of a credit account",
            body=wire.CreditAccountChange,
            answer=wire.CreditAccount,
            keyed=True,
            if_match=True,
            operation="change_credit_account",
            refuses=(Codes.NEEDS_CHECKER, Codes.STEP_UP, Codes.TRANSITION_NOT_ALLOWED),
        ),
    )
