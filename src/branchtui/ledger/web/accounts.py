"""Endpoints of accounts: opened, looked at, their entries and schedules, paid out, offset (sections 3 and 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from branchtui.contract import customers as wire
from branchtui.contract import loans as loan_wire
from branchtui.contract.base import MAX_AMOUNT_MINOR, Id, Request, Whole
from branchtui.contract.paging import Page
from branchtui.contract.problem import Codes
from branchtui.ledger.access import Permission as P
from branchtui.ledger.problems import not_found
from branchtui.ledger.store.rows import Account, Customer
from branchtui.ledger.web.route import Call, ListQuery, Route, answered, paged
from branchtui.ledger.workflows import account_rules, accounts, entries, loans, money_moves
from branchtui.ledger.workflows.account_rules import AccountAction
from branchtui.ledger.workflows.money_moves import Move

if TYPE_CHECKING:
    from branchtui.ledger.operations import Reply

_MONEY = (
    Codes.NEEDS_CHECKER,
    Codes.INSUFFICIENT_BALANCE,
    Codes.CUSTOMER_NOT_ACTIVE,
    Codes.ACCOUNT_NOT_OPEN,
    Codes.DAY_CLOSED,
    Codes.POSSIBLE_DUPLICATE,
)


class PayoutEffectQuery(Request):
    """What a payout would move, in minor units."""

    amount_minor: Annotated[Whole, Field(ge=1, le=MAX_AMOUNT_MINOR)]


class OffsetEffectQuery(Request):
    """What an offset would move, in minor units, and from which account."""

    from_account_id: Id
    amount_minor: Annotated[Whole, Field(ge=1, le=MAX_AMOUNT_MINOR)]


async def open_account(call: Call) -> Reply:
    """`POST /v1/customers/{id}/accounts`. Opening a loan with terms moves no money."""
    owner, new = call.path["id"], call.body
    return await call.execute(
        "account.open", lambda tx, command: accounts.open_account(call.core, tx, command, owner, new)
    )


async def account(call: Call) -> Reply:
    """`GET /v1/accounts/{id}`: a customer's account; a loan with its figures."""
    found, owner = await _owned(call, call.path["id"])
    agreed = await loans.read(call.core.reader, [found])
    (answer,) = accounts.account_views(call.core, call.principal, owner, [found], agreed)
    return answered(answer, version=found.version)


async def account_entries(call: Call) -> Reply:
    """`GET /v1/accounts/{id}/entries`: newest first."""
    core = call.core
    found, _ = await _owned(call, call.path["id"])
    rows = await core.lists.page(
        entries.ENTRIES,
        call.query.window(),
        {"account": found.id},
        who=call.principal.user_id,
        now_us=call.at_us,
    )
    return paged(rows, tuple(entries.entry_answer(line, found) for line in rows.rows), call)


async def schedule(call: Call) -> Reply:
    """`GET /v1/accounts/{id}/schedule`: how a loan falls due, and what has been paid of each instalment."""
    found, owner = await _owned(call, call.path["id"])
    agreed = await loans.read(call.core.reader, [found])
    return answered(loans.schedule(found, agreed, call.core.today(call.core.tree[owner.branch_id])))


async def payout(call: Call) -> Reply:
    """`POST /v1/accounts/{id}/payouts`: by a supervisor within the limit; a teller asks for approval."""
    return await call.execute(
        "account.payout",
        lambda tx, command: money_moves.payout(call.core, tx, command, call.path["id"], call.body),
    )


async def offset(call: Call) -> Reply:
    """`POST /v1/accounts/{id}/offset`: savings, shares or overpayment pay the same customer's loan."""
    return await call.execute(
        "account.offset",
        lambda tx, command: money_moves.offset(call.core, tx, command, call.path["id"], call.body),
    )


async def payout_effect(call: Call) -> Reply:
    """`GET /v1/accounts/{id}/payouts/effect`: what a payout would do. Nothing is done.

    Refused as the payout would be, but for what a second person can allow.
    """
    found, owner = await _owned(call, call.path["id"])
    return _effect(call, Move(AccountAction.PAYOUT, owner, found, call.query.amount_minor))


async def offset_effect(call: Call) -> Reply:
    """`GET /v1/accounts/{id}/offset/effect`: what an offset would do. Nothing is done.

    Refused as the offset would be, but for what a second person can allow.
    """
    found, owner = await _owned(call, call.path["id"])
    source, _ = await _owned(call, call.query.from_account_id)
    if source.customer_id != owner.id:
        raise not_found("account")
    return _effect(call, Move(AccountAction.OFFSET, owner, found, call.query.amount_minor, source))


def _effect(call: Call, move: Move) -> Reply:
    refusal = account_rules.refuse(
        move.action, call.principal, move.customer, move.account, move.amount_minor
    )
    if refusal is not None and refusal.code != Codes.NEEDS_CHECKER:
        raise refusal
    if move.source is not None and (wrong := money_moves.refuse_source(move.source, move)):
        raise wrong
    return answered(move.answer(), cache_control="no-store")


async def _owned(call: Call, account_id: str) -> tuple[Account, Customer]:
    """A customer's account with its owner.

    Raises:
        Refusal: 404.
    """
    found = await call.core.reader.get(Account, account_id)
    owner_id = found.customer_id if found is not None else None
    owner = await call.core.reader.get(Customer, owner_id) if owner_id is not None else None
    if found is None or owner is None or not call.principal.scope.covers(owner.branch_id):
        raise not_found("account")
    return found, owner


def routes() -> tuple[Route, ...]:
    """The endpoints of this module."""
    return (
        Route(
            "POST",
            "/v1/customers/{id}/accounts",
            P.CUSTOMER_CHANGE,
            open_account,
            "Open an account",
            body=wire.NewAccount,
            answer=wire.Account,
            status=201,
            keyed=True,
            operation="open_account",
            refuses=(Codes.TRANSITION_NOT_ALLOWED, Codes.REFERENCE_TAKEN),
        ),
        Route(
            "GET",
            "/v1/accounts/{id}",
            P.ACCOUNT_VIEW,
            account,
            "An account",
            answer=wire.Account,
            operation="get_account",
        ),
        Route(
            "GET",
            "/v1/accounts/{id}/entries",
            P.ACCOUNT_VIEW,
            account_entries,
            "Entries of an account, newest first",
            query=ListQuery,
            answer=Page[wire.Entry],
            operation="list_account_entries",
            sorts=tuple(entries.ENTRIES.sorts),
        ),
        Route(
            "GET",
            "/v1/accounts/{id}/schedule",
            P.ACCOUNT_VIEW,
            schedule,
            "The schedule of a loan",
            answer=loan_wire.Schedule,
            operation="get_schedule",
        ),
        Route(
            "GET",
            "/v1/accounts/{id}/payouts/effect",
            P.ACCOUNT_PAYOUT,
            payout_effect,
            "What a payout would do",
            query=PayoutEffectQuery,
            answer=loan_wire.MoneyMoved,
            operation="get_payout_effect",
            refuses=(Codes.INSUFFICIENT_BALANCE, Codes.CUSTOMER_NOT_ACTIVE, Codes.ACCOUNT_NOT_OPEN),
        ),
        Route(
            "POST",
            "/v1/accounts/{id}/payouts",
            P.ACCOUNT_PAYOUT,
            payout,
            "Pay out of an account",
            body=loan_wire.NewPayout,
            answer=loan_wire.MoneyMoved,
            status=201,
            keyed=True,
            operation="create_payout",
            refuses=_MONEY,
        ),
        Route(
            "GET",
            "/v1/accounts/{id}/offset/effect",
            P.ACCOUNT_OFFSET,
            offset_effect,
            "What an offset would do",
            query=OffsetEffectQuery,
            answer=loan_wire.MoneyMoved,
            operation="get_offset_effect",
            refuses=(
                Codes.INSUFFICIENT_BALANCE,
                Codes.MORE_THAN_OWED,
                Codes.CUSTOMER_NOT_ACTIVE,
                Codes.ACCOUNT_NOT_OPEN,
            ),
        ),
        Route(
            "POST",
            "/v1/accounts/{id}/offset",
            P.ACCOUNT_OFFSET,
            offset,
            "Offset a loan",
            body=loan_wire.NewOffset,
            answer=loan_wire.MoneyMoved,
            status=201,
            keyed=True,
            operation="create_offset",
            refuses=(*_MONEY, Codes.MORE_THAN_OWED),
        ),
    )
