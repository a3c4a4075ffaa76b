"""Many payments at once: the same rows, entries and matches as `record_payment` makes one by one.

What their owners are found by is looked up for all together, and everything is written in one sweep.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic_core import to_json

from branchtui.contract.payments import PaymentSource, PaymentState
from branchtui.ledger import numbers
from branchtui.ledger.feeds.incoming import PhoneForm
from branchtui.ledger.journal import PROVIDER_FLOAT, UNALLOCATED, Pair, institution_account, post_pairs_bulk
from branchtui.ledger.phones import region_of
from branchtui.ledger.problems import Refusal
from branchtui.ledger.store.mapping import insert_rows
from branchtui.ledger.store.owner_store import accounts_of
from branchtui.ledger.store.rows import Payment, PaymentWait
from branchtui.ledger.store.text_index import filled_at_once
from branchtui.ledger.workflows import matching
from branchtui.ledger.workflows.owners_many import many_in_transaction
from branchtui.ledger.workflows.payment_rules import decide_account
from branchtui.ledger.workflows.payment_search import searched_text
from branchtui.ledger.workflows.payment_steps import ASSOCIATED, RECEIVED
from branchtui.ledger.workflows.payments import COUNTER, first_open_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.owner_store import HeldAccount, OwnerRow
    from branchtui.ledger.store.rows import Account
    from branchtui.ledger.store.unit import BulkTx

_STATEMENT: Final = PaymentSource.STATEMENT.value
_GIVEN: Final = PaymentState.ASSOCIATED.value
_WAITING: Final = PaymentState.UNASSOCIATED.value
_FORMS: Final = {each.value: each for each in PhoneForm}
FEW: Final = 100
"""Payments below this number enter the text index one by one: filling it at once makes the engine prepare anew."""


class Receipt(NamedTuple):
    """A payment to be booked: `row_no` numbers its first entry in the operation. See `IncomingPayment`."""

    row_no: int
    provider: str
    code: str
    branch_id: str
    amount_minor: int
    currency: str
    paid_at_us: int
    payer_phone: str | None
    phone_form: str
    payer_name: str | None
    account_ref: str | None


class _Place(NamedTuple):
    """What the payments of one branch and currency have in common."""

    scope: frozenset[str]
    unknown_waits: bool
    day: str
    region: str
    float_: Account
    unallocated: Account


class _Whither(NamedTuple):
    """The owner's account that a payment goes to, with tier and reasons as stored; or why it waits."""

    account: HeldAccount | None
    waits_because: str | None
    tier: int | None = None
    reasons: str = "[]"


def book_receipts(
    core: Core, tx: BulkTx, command: Command, receipts: Sequence[Receipt], *, matched_by: str
) -> list[str]:
    """Book payments whose codes nobody has; returns their ids, in the same order.

    Each is given to its owner where tiers 1 to 3 find one, in the name of `matched_by`. Writes at once.
    """
    by_key = {
        key: _place(core, tx, command, *key) for key in {(each.branch_id, each.currency) for each in receipts}
    }
    places = [by_key[each.branch_id, each.currency] for each in receipts]
    evidences = [
        matching.Evidence(each.account_ref, each.payer_phone, _FORMS[each.phone_form], each.payer_name)
        for each in receipts
    ]
    found = many_in_transaction(
        tx.connection,
        [(says, place.scope) for says, place in zip(evidences, places, strict=True)],
    )
    decisions = [
        matching.decide(says, answer, unknown_waits=place.unknown_waits)
        for says, answer, place in zip(evidences, found, places, strict=True)
    ]
    held = accounts_of(tx.connection, {each.customer.id for each in decisions if each.customer is not None})
    ids = [core.new_id() for _ in receipts]
    rows: list[tuple[Any, ...]] = []
    pairs: list[Pair] = []
    for payment_id, number, receipt, says, place, decision in zip(
        ids, count(numbers.reserve(tx, COUNTER, len(receipts))), receipts, evidences, places, decisions
    ):
        payment_no = f"{number:06d}"
        whither = _whither(receipt.currency, decision, held)
        row = _row(payment_id, payment_no, receipt, whither, command.at_us, matched_by)
        rows.append((*row, searched_text(says, receipt.code, payment_no, place.region)))
        pairs += _entries(core, receipt, whither.account, payment_id, payment_no, place)
    post_pairs_bulk(tx, command, RECEIVED, pairs)
    insert_payments(tx, rows)
    insert_rows(
        tx.connection,
        PaymentWait,
        [
            (payment_id, decision.waits_for.id)
            for payment_id, decision in zip(ids, decisions, strict=True)
            if decision.waits_for is not None
        ],
    )
    return ids


def _place(core: Core, tx: BulkTx, command: Command, branch_id: str, currency: str) -> _Place:
    branch = core.tree[branch_id]
    return _Place(
        core.tree.below(branch_id),
        bool(branch.unknown_reference_waits),
        first_open_day(core, tx, branch),
        region_of(branch.currency, branch.timezone),
        institution_account(tx, branch, PROVIDER_FLOAT, currency, command.at_us),
        institution_account(tx, branch, UNALLOCATED, currency, command.at_us),
    )


def _whither(
    currency: str, decision: matching.Decision[OwnerRow], held: dict[str, list[HeldAccount]]
) -> _Whither:
    owner, tier, reasons, waits_because, _ = decision
    if owner is None or tier is None:
        return _Whither(None, waits_because)
    wallet = decide_account(owner, held.get(owner.id, []), currency, None)
    if isinstance(wallet, Refusal):
        return _Whither(None, wallet.detail)
    return _Whither(wallet, None, tier, to_json(reasons).decode())


def _row(
    payment_id: str, payment_no: str, receipt: Receipt, whither: _Whither, at_us: int, matched_by: str
) -> tuple[Any, ...]:
    """A payment in the order of its columns, up to what search looks into."""
    _, provider, code, branch_id, amount, currency, paid_at, phone, form, name, reference = receipt
    account, waits_because, tier, reasons = whither
    told = (
        payment_id, 1, branch_id, payment_no, _STATEMENT, provider, code, phone, form, name, reference, amount, currency,
        paid_at, at_us,
    )  # fmt: skip
    if account is None:
        return (*told, _WAITING, waits_because, None, None, None, reasons, None, None)
    return (*told, _GIVEN, None, account.customer_id, account.id, tier, reasons, matched_by, at_us)


def _entries(
    core: Core, receipt: Receipt, account: HeldAccount | None, payment_id: str, payment_no: str, place: _Place
) -> tuple[Pair, ...]:
    """The receipt of a payment in the books, and its association where it has an owner."""
    row_no, _, code, branch_id, amount, *_ = receipt
    _, _, day, _, float_, unallocated = place
    said = f"Payment {payment_no}"
    received = Pair(
        core.new_id(), row_no, branch_id, payment_id, float_, unallocated, amount, day, said, code
    )
    if account is None:
        return (received,)
    given = Pair(
        core.new_id(),
        row_no + 1,
        branch_id,
        payment_id,
        unallocated,
        account,
        amount,
        day,
        said,
        code,
        ASSOCIATED,
    )
    return received, given


def insert_payments(tx: BulkTx, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert payments, each the values of its columns; search finds them from then on."""
    if len(rows) < FEW:
        insert_rows(tx.connection, Payment, rows)
        return
    with filled_at_once(tx.connection, "payments"):
        insert_rows(tx.connection, Payment, rows)
