"""All payments of a list that have one certain owner: what *associate all* means, looked at and done (CONC-5).

Certain is tier 1 or 2 of the matching as it is now: whoever has been entered, activated or corrected since the
payment came counts. A payment that a person has touched (taken back, restored) is a person's, and in no such set.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, func, literal_column, select

from branchtui.contract import associations as wire
from branchtui.contract.payments import PaymentState
from branchtui.contract.problem import Codes
from branchtui.format.counts import count_of
from branchtui.format.money import money
from branchtui.ledger import audit
from branchtui.ledger.days import day_key
from branchtui.ledger.journal import (
    UNALLOCATED,
    EntryDraft,
    InvariantBroken,
    institution_account,
    post_entries_bulk,
    transfer,
)
from branchtui.ledger.operations import reply
from branchtui.ledger.problems import Refusal, conflict, not_found
from branchtui.ledger.store.lists import bound_of
from branchtui.ledger.store.mapping import compiled, select_among
from branchtui.ledger.store.rows import Account, Payment
from branchtui.ledger.workflows import matching, owners, payment_search
from branchtui.ledger.workflows.owners_many import many_in_transaction
from branchtui.ledger.workflows.payment_rules import decide_account
from branchtui.ledger.workflows.payment_steps import ASSOCIATED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command, Reply
    from branchtui.ledger.store.connection import Connection
    from branchtui.ledger.store.unit import BulkTx

ACTION: Final = "payment.associate-all"
CERTAIN: Final = frozenset({matching.BY_REFERENCE, matching.BY_PHONE})
"""Tiers whose owner is one and sure."""

LOOKED_AT_MAX: Final = 20_000
"""Payments that wait, of one list, that are looked at and given at once; a longer one is looked through in pieces."""

_PATH: Final = "/v1/payments"
_UNTOUCHED: Final = 1
"""The version of a payment that no person has touched."""

_CLOSED: Final = "SELECT id FROM closed_days WHERE id IN (SELECT value FROM json_each(:days))"

_GIVEN: Final = """
UPDATE payments SET version = version + 1, state = 'associated', waits_because = NULL,
    customer_id = given.value ->> 2, account_id = given.value ->> 3,
    match_tier = CAST(given.value ->> 4 AS BIGINT), match_reasons = given.value ->> 5,
    associated_by = :by, associated_at = :at
FROM json_each(:rows) AS given
WHERE payments.id = given.value ->> 0 AND version = CAST(given.value ->> 1 AS BIGINT)
    AND state = 'unassociated'
"""


_ARE_GIVEN: Final = """
SELECT COUNT(*) FROM json_each(:rows) AS given CROSS JOIN payments
WHERE payments.id = given.value ->> 0 AND version = CAST(given.value ->> 1 AS BIGINT) + 1
    AND state = 'associated' AND account_id = given.value ->> 3
"""


@dataclass(frozen=True, slots=True)
class Given:
    """A payment that waits, the account it will go to, and why."""

    payment: Payment
    account: Account
    tier: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AssociationSet:
    """What all means as it stands, in the order of the payments' ids; `total_minor` in minor units of `currency`."""

    rows: tuple[Given, ...]
    currency: str
    looked_at: int = 0
    last: str | None = None
    """The last payment that was looked at, where others may wait behind it."""

    @property
    def total_minor(self) -> int:
        """The sum of the payments."""
        return sum(each.payment.amount_minor for each in self.rows)

    @property
    def set_hash(self) -> str:
        """SHA-256 over one line `payment:version:account` each, sorted by payment: another owner is another set."""
        lines = "".join(f"{each.payment.id}:{each.payment.version}:{each.account.id}\n" for each in self.rows)
        return hashlib.sha256(lines.encode()).hexdigest()

    def answer(self, after: str | None, remaining: int) -> wire.AssociationSummary:
        """What is seen of it: the piece behind `after`, and how many wait behind the piece."""
        tiers = Counter(each.tier for each in self.rows)
        return wire.AssociationSummary(
            count=len(self.rows),
            total_minor=self.total_minor,
            set_hash=self.set_hash,
            currency=self.currency,
            by_reference=tiers[matching.BY_REFERENCE],
            by_phone=tiers[matching.BY_PHONE],
            looked_at=self.looked_at,
            after=after,
            next=self.last if remaining else None,
            remaining=remaining,
        )


def summarise(
    core: Core, who: Principal, connection: Connection, asked: wire.AssociationQuery
) -> wire.AssociationSummary:
    """`GET /v1/payments/association-summary`: a piece of the list, and how many wait behind it.

    Raises:
        Refusal: 404 for a branch that is not the caller's to see.
    """
    shown = wire.PaymentFilter.model_validate(asked.model_dump(exclude={"after"}))
    found = look(core, who, connection, shown, asked.after)
    remaining = 0
    if found.last is not None:
        filters, bound, _ = _asked(core, who, shown, found.last, wire.REMAINING_MAX)
        ((remaining,),) = connection.execute(_statement(tuple(sorted(filters)), is_count=True), bound)
    return found.answer(asked.after, int(remaining))


def look(
    core: Core,
    who: Principal,
    connection: Connection,
    asked: wire.PaymentFilter,
    after: str | None = None,
) -> AssociationSet:
    """The set that `who` may associate at once, as this connection sees it: of a long list the piece behind `after`.

    Payments of the list's filter that wait, untouched by people, within the user's limit, on a day that is open, in
    the currency of the branch that was asked for or the user's own; each with one active owner and an open wallet.

    Raises:
        Refusal: 404 for a branch that is not the caller's to see.
    """
    filters, bound, currency = _asked(core, who, asked, after, LOOKED_AT_MAX)
    found_rows = connection.execute(_statement(tuple(sorted(filters))), bound)
    payments = [Payment(*values) for values in found_rows]
    says = [owners.evidence_of(each) for each in payments]
    scopes = [core.tree.below(each.branch_id) for each in payments]
    found = many_in_transaction(connection, list(zip(says, scopes, strict=True)))
    strict = [bool(core.tree[each.branch_id].unknown_reference_waits) for each in payments]
    decisions = [
        matching.decide(each, answer, unknown_waits=waits)
        for each, answer, waits in zip(says, found, strict, strict=True)
    ]
    held = _accounts(connection, {each.customer.id for each in decisions if each.customer is not None})
    closed = _closed(core, connection, payments)
    rows: list[Given] = []
    for payment, decision in zip(payments, decisions, strict=True):
        owner = decision.customer
        if owner is None or decision.tier not in CERTAIN or payment.branch_id in closed:
            continue
        wallet = decide_account(owner, held.get(owner.id, []), payment.currency, None)
        if not isinstance(wallet, Refusal):
            rows.append(Given(payment, wallet, decision.tier, decision.reasons))
    last = payments[-1].id if len(payments) == LOOKED_AT_MAX else None
    return AssociationSet(tuple(rows), currency, len(payments), last)


def associate_all(core: Core, tx: BulkTx, command: Command, asked: wire.AssociateAll) -> Reply:
    """`POST /v1/payments/associate-all`: exactly the set that was seen, in one transaction, or nothing.

    Raises:
        Refusal: 404, 409 `batch-changed` with the figures as they are now, 422 when there is nothing.
    """
    seen = look(core, command.principal, tx.connection, asked.filter or wire.PaymentFilter(), asked.after)
    if (len(seen.rows), seen.total_minor, seen.set_hash) != (
        asked.count,
        asked.total_minor,
        asked.set_hash,
    ):
        raise _changed(seen, asked)
    if not seen.rows:
        raise Refusal(422, Codes.VALIDATION, "There is nothing to associate.")
    who = command.principal
    drafts = [_entry(core, tx, command, each) for each in seen.rows]
    post_entries_bulk(tx, command, drafts, row_nos=range(len(drafts)), new_id=core.new_id)
    changes = [
        (
            each.payment.id,
            each.payment.version,
            each.account.customer_id,
            each.account.id,
            each.tier,
            json.dumps((*each.reasons, f"{who.username} associated all"), ensure_ascii=False),
        )
        for each in seen.rows
    ]
    rows = {"rows": json.dumps(changes)}
    tx.connection.execute(_GIVEN, rows | {"by": who.username, "at": command.at_us})
    # What follows a payment for the search counts as changed too: the rows themselves are asked.
    ((count,),) = tx.connection.execute(_ARE_GIVEN, rows)
    if count != len(changes):
        raise InvariantBroken("a payment of a bulk association moved while it was done")
    figures = {"count": len(seen.rows), "total_minor": seen.total_minor, "set_hash": seen.set_hash}
    return reply(
        wire.AssociationResult(count=len(seen.rows), total_minor=seen.total_minor, currency=seen.currency),
        event=audit.Event(action=command.action, object=_PATH, after=figures),
        branch_id=who.branch_id,
        resource=_PATH,
        summary=f"{count_of(len(seen.rows), 'payment')}, {money(seen.total_minor, seen.currency)} {seen.currency}",
        amount_minor=seen.total_minor,
        currency=seen.currency,
    )


def _asked(
    core: Core, who: Principal, asked: wire.PaymentFilter, after: str | None, most: int
) -> tuple[dict[str, Any], dict[str, Any], str]:
    """The filters of what waits, what is bound to them for `most` payments behind `after`, and the currency."""
    scope = who.scope.branch_ids
    if asked.branch is not None:
        if not who.scope.covers(asked.branch):
            raise not_found("branch")
        scope = core.tree.below(asked.branch)
    currency = core.tree[asked.branch or who.branch_id].currency
    filters: dict[str, Any] = payment_search.filters(
        scope,
        whole=who.scope.top and asked.branch is None,
        home=core.tree[who.branch_id],
        q=(asked.q or "").strip() or None,
        state=PaymentState.UNASSOCIATED.value,
        date_from=asked.date_from,
        date_to=asked.date_to,
    )
    bound = bound_of(filters) | {
        "set_currency": currency,
        "set_most": who.limit_minor,
        "set_after": after or "",
        "set_rows": most,
    }
    return filters, bound, currency


_statements: dict[tuple[tuple[str, ...], bool], str] = {}


def _statement(active: tuple[str, ...], *, is_count: bool = False) -> str:
    """Payments of the active filters that nobody touched, by id; to be counted without their order and columns."""
    if (active, is_count) not in _statements:
        spec = payment_search.PAYMENTS
        columns = spec.columns
        where = [spec.filters[name] for name in active]
        where += [
            columns.version == _UNTOUCHED,
            columns.currency == bindparam("set_currency"),
            columns.id > bindparam("set_after"),
            literal_column("(:set_most IS NULL OR payments.amount_minor <= :set_most)"),
        ]
        if is_count:
            few = select(columns.id).where(*where).limit(bindparam("set_rows"))
            found = select(func.count()).select_from(few.subquery())
        else:
            found = select(*spec.select_list).where(*where).order_by(columns.id).limit(bindparam("set_rows"))
        _statements[active, is_count] = compiled(found)
    return _statements[active, is_count]


def _accounts(connection: Connection, customer_ids: set[str]) -> dict[str, list[Account]]:
    held: dict[str, list[Account]] = {}
    if customer_ids:
        keys = json.dumps(sorted(customer_ids))
        for values in connection.execute(select_among(Account, "customer_id"), {"keys": keys}):
            account = Account(*values)
            held.setdefault(account.customer_id or "", []).append(account)
    return held


def _closed(core: Core, connection: Connection, payments: Sequence[Payment]) -> set[str]:
    """The branches among those of the payments whose day is closed."""
    today = {
        day_key(branch_id, core.today(core.tree[branch_id]).isoformat()): branch_id
        for branch_id in {each.branch_id for each in payments}
    }
    return {today[key] for (key,) in connection.execute(_CLOSED, {"days": json.dumps(sorted(today))})}


def _entry(core: Core, tx: BulkTx, command: Command, given: Given) -> EntryDraft:
    payment = given.payment
    branch = core.tree[payment.branch_id]
    unallocated = institution_account(tx, branch, UNALLOCATED, payment.currency, command.at_us)
    return EntryDraft(
        kind=ASSOCIATED,
        branch_id=payment.branch_id,
        subject_id=payment.id,
        legs=transfer(unallocated, given.account, payment.amount_minor),
        business_date=core.today(branch).isoformat(),
        narration=f"Payment {payment.payment_no}",
        reference=payment.code,
    )


def _changed(now: AssociationSet, asked: wire.AssociateAll) -> Refusal:
    return conflict(
        Codes.BATCH_CHANGED,
        f"You saw {count_of(asked.count, 'payment')} of {money(asked.total_minor, now.currency)} {now.currency}; "
        f"now there are {len(now.rows):,} of {money(now.total_minor, now.currency)}, or others than these. "
        "Nothing was done. Look at them again.",
        count=len(now.rows),
        total_minor=now.total_minor,
        set_hash=now.set_hash,
        currency=now.currency,
    )
