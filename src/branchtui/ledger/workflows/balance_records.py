"""Balance records: keyed, edited, deleted, posted, reversed, one at a time (contract, section 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from branchtui.contract import balance_records as wire
from branchtui.contract.problem import Codes
from branchtui.format.money import money
from branchtui.ledger import audit, journal, operations
from branchtui.ledger.cards import refuse_card_number
from branchtui.ledger.days import is_closed
from branchtui.ledger.history import change, changes_since, stale
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import Refusal, conflict, invalid, not_found
from branchtui.ledger.store.rows import Account, BalanceRecord, Customer, JournalEntry
from branchtui.ledger.store.unit import equal_to
from branchtui.ledger.workflows.accounts import add_account
from branchtui.ledger.workflows.record_rules import (
    RecordAction,
    RecordValues,
    decide_account,
    is_owed,
    refuse_customer_for_keying,
    refuse_limit,
    refuse_spent,
    refuse_state,
    value_errors,
)
from branchtui.ledger.workflows.record_views import Looker

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx

ENTRY_KIND = "balance-record"
REVERSAL_KIND = "balance-record-reversal"
_NEVER_EMPTY = ("customer_id", "account_kind", "amount_minor", "currency", "as_of_date")


class Postable(Protocol):
    """As much of a record as its entry tells of."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def branch_id(self) -> str: ...  # noqa: D102
    @property
    def account_kind(self) -> str: ...  # noqa: D102
    @property
    def amount_minor(self) -> int: ...  # noqa: D102
    @property
    def as_of_date(self) -> str: ...  # noqa: D102
    @property
    def narration(self) -> str: ...  # noqa: D102
    @property
    def external_ref(self) -> str | None: ...  # noqa: D102


def path_of(record_id: str) -> str:
    """Where a record is found."""
    return f"/v1/balance-records/{record_id}"


def create(core: Core, tx: Tx, command: Command, new: wire.NewBalanceRecord) -> Reply:
    """`POST /v1/balance-records`: it waits, not accounted.

    Raises:
        Refusal: 404 for a customer who is not the caller's to see, 422 for values that break a rule,
            409 `customer-not-active`, `reference-taken` or, without a reference, `possible-duplicate`.
    """
    values = RecordValues(**new.model_dump(mode="json"))
    customer = _customer(tx, command.principal, values.customer_id)
    _verify(core, tx, values, customer, external_ref_before=None)
    guard = None
    if values.external_ref is None:
        guard = operations.signature(
            command, values.customer_id, values.account_kind, values.amount_minor, values.currency
        )
        operations.refuse_duplicate(tx, command, guard)
    record = BalanceRecord(
        id=core.new_id(),
        version=1,
        branch_id=customer.branch_id,
        **values._asdict(),
        status=wire.RecordStatus.NOT_ACCOUNTED.value,
        import_id=None,
        import_row_no=None,
        operation_key=command.key,
        row_no=0,
        created_by=command.principal.username,
        created_at=command.at_us,
        posted_by=None,
        posted_at=None,
        account_id=None,
    )
    tx.put(record)
    event = audit.Event(
        action=command.action, object=path_of(record.id), after=values._asdict() | {"version": 1}
    )
    return replace(_done(core, tx, command, record, event, status=201), guard=guard)


def edit(
    core: Core, tx: Tx, command: Command, record_id: str, seen: int, asked: wire.BalanceRecordChange
) -> Reply:
    """`PATCH /v1/balance-records/{id}`: only the members that were sent change.

    Raises:
        Refusal: 404, 412, 409 `record-accounted` or `transition-not-allowed`, and those of `create`.
    """
    record = _unchanged(core, tx, command.principal, record_id, seen)
    _refuse_state(core, tx, command, RecordAction.EDIT, record)
    sent = {
        name: value for name, value in asked.model_dump(mode="json").items() if name in asked.model_fields_set
    }
    if sent.get("narration", "") is None:
        sent["narration"] = ""
    for name in _NEVER_EMPTY:
        if name in sent and sent[name] is None:
            raise invalid(f"/{name}", f"{name} cannot be empty.")
    before = {name: getattr(record, name) for name in sent if getattr(record, name) != sent[name]}
    if not before:
        return _done(core, tx, command, record, audit.Event(action=command.action, object=path_of(record_id)))
    values = RecordValues(**values_of(record) | sent)
    customer = _customer(tx, command.principal, values.customer_id)
    _verify(core, tx, values, customer, external_ref_before=(record.branch_id, record.external_ref))
    changed = replace(record, **values._asdict(), branch_id=customer.branch_id, version=record.version + 1)
    tx.put(changed)
    after = {name: sent[name] for name in before} | {"version": changed.version}
    event = audit.Event(action=command.action, object=path_of(record_id), before=before, after=after)
    return _done(core, tx, command, changed, event)


def delete(core: Core, tx: Tx, command: Command, record_id: str, seen: int) -> Reply:
    """`DELETE /v1/balance-records/{id}`: gone, with a tombstone in the audit.

    Raises:
        Refusal: 404, 412, 409 `record-accounted` or `transition-not-allowed`.
    """
    record = _unchanged(core, tx, command.principal, record_id, seen)
    _refuse_state(core, tx, command, RecordAction.DELETE, record)
    tx.remove(record)
    before = values_of(record) | {"version": record.version, "created_by": record.created_by}
    return Reply(
        status=204,
        body=b"",
        resource=path_of(record_id),
        summary=_summary(tx, record),
        amount_minor=record.amount_minor,
        currency=record.currency,
        event=audit.Event(action=command.action, object=path_of(record_id), before=before),
        branch_id=record.branch_id,
    )


def post(core: Core, tx: Tx, command: Command, record_id: str, seen: int) -> Reply:
    """`POST /v1/balance-records/{id}/post`: the customer's account against the opening-balance contra.

    Raises:
        Refusal: 404, 403 `needs-checker`, 412, 409 `record-accounted`, `customer-not-active`,
            `day-closed`, `account-ambiguous` or `account-not-open`.
    """
    record = _unchanged(core, tx, command.principal, record_id, seen, RecordAction.POST)
    branch = core.tree[record.branch_id]
    if tx.is_far:
        tx.expect(
            *Looker(core, command.principal).foreseen(record),
            equal_to(Account, "customer_id", record.customer_id),
            (Account, journal.institution_account_id(branch, journal.OPENING_CONTRA, record.currency)),
        )
    _refuse_state(core, tx, command, RecordAction.POST, record)
    account = account_to_post(core, tx, command, record)
    contra = journal.institution_account(tx, branch, journal.OPENING_CONTRA, record.currency, command.at_us)
    touched = journal.post_entry(tx, command, posting(record, account, contra), new_id=core.new_id())
    posted = accounted(record, account, command)
    tx.put(posted)
    return _moved(core, tx, command, posted, touched, record)


def reverse(
    core: Core, tx: Tx, command: Command, record_id: str, seen: int, reason: str, *, approved: bool = False
) -> Reply:
    """`POST /v1/balance-records/{id}/reverse`: the mirror of its entry; the original stays.

    `approved`: by a second person, who may take back what was paid out; the account then goes below zero.

    Raises:
        Refusal: 404, 403 `needs-checker`, 412, 409 `transition-not-allowed`, `customer-not-active`,
            `insufficient-balance` or `day-closed` (today), 422 for a card number as the reason.
    """
    refuse_card_number("reason", reason)
    record = _unchanged(core, tx, command.principal, record_id, seen, RecordAction.REVERSE)
    _refuse_state(core, tx, command, RecordAction.REVERSE, record)
    looker = Looker(core, command.principal)
    if not approved and (refusal := refuse_spent(looker.standing(tx, record))):
        refusal.extra["current"] = looker.answer(tx, record).model_dump(mode="json")
        raise refusal
    (entry,) = tx.find(JournalEntry, subject_id=record.id)
    draft = journal.EntryDraft(
        kind=REVERSAL_KIND,
        branch_id=entry.branch_id,
        subject_id=record.id,
        legs=journal.mirror(tx, entry),
        business_date=core.today(core.tree[record.branch_id]).isoformat(),
        narration=reason,
        reference=record.external_ref,
        reversal_of=entry.id,
    )
    touched = journal.post_entry(tx, command, draft, new_id=core.new_id())
    reversed_ = replace(record, status=wire.RecordStatus.REVERSED.value, version=record.version + 1)
    tx.put(reversed_)
    return _moved(core, tx, command, reversed_, touched, record, reason)


def account_to_post(core: Core, tx: Tx, command: Command, record: BalanceRecord) -> Account:
    """The customer's account that posting moves, opened when there is none; raises what `decide_account` refuses."""
    decided = decide_account(record, tx.find(Account, customer_id=record.customer_id))
    if isinstance(decided, Refusal):
        raise decided
    if decided is not None:
        return decided
    customer = tx.get(Customer, record.customer_id)
    assert customer is not None, "a record names a customer that exists"
    return add_account(
        tx,
        customer,
        record.account_kind,
        record.currency,
        new_id=core.new_id(),
        at_us=command.at_us,
        product=record.product,
    )


def posting(record: Postable, account: Account, contra: Account) -> journal.EntryDraft:
    """The entry of a record: what is owed debits the customer's account, what is held credits it."""
    debit, credit = (account, contra) if is_owed(record.account_kind) else (contra, account)
    return journal.EntryDraft(
        kind=ENTRY_KIND,
        branch_id=record.branch_id,
        subject_id=record.id,
        legs=journal.transfer(debit, credit, record.amount_minor),
        business_date=record.as_of_date,
        narration=record.narration,
        reference=record.external_ref,
    )


def accounted(record: BalanceRecord, account: Account, command: Command) -> BalanceRecord:
    """The record as its posting leaves it: it names the account that was moved."""
    return replace(
        record,
        version=record.version + 1,
        status=wire.RecordStatus.ACCOUNTED.value,
        account_no=account.account_no,
        account_id=account.id,
        posted_by=command.principal.username,
        posted_at=command.at_us,
    )


def _customer(tx: Tx, who: Principal, customer_id: str) -> Customer:
    customer = tx.get(Customer, customer_id)
    if customer is None or not who.scope.covers(customer.branch_id):
        raise not_found("customer")
    return customer


def _unchanged(
    core: Core, tx: Tx, who: Principal, record_id: str, seen: int, moving: RecordAction | None = None
) -> BalanceRecord:
    """The record in the version that was seen; `moving` money needs a limit that allows it (IDEM-5)."""
    record = tx.get(BalanceRecord, record_id)
    if record is None or not who.scope.covers(record.branch_id):
        raise not_found("balance record")
    if moving is not None and (refusal := refuse_limit(moving, who, record)):
        raise refusal
    if record.version != seen:
        changes = changes_since(tx, path_of(record_id), seen)
        if not any(each["field"] == "status" for each in changes) and record.posted_by and record.posted_at:
            changes.append(change("status", record.posted_by, record.posted_at))
        timezone = core.tree[record.branch_id].timezone
        raise stale(Looker(core, who).answer(tx, record), changes, timezone)
    return record


def _refuse_state(core: Core, tx: Tx, command: Command, action: RecordAction, record: BalanceRecord) -> None:
    looker = Looker(core, command.principal)
    refusal = refuse_state(action, looker.standing(tx, record))
    if refusal is not None:
        refusal.extra.setdefault("current", looker.answer(tx, record).model_dump(mode="json"))
        raise refusal


def _verify(
    core: Core,
    tx: Tx,
    values: RecordValues,
    customer: Customer,
    *,
    external_ref_before: tuple[str, str | None] | None,
) -> None:
    """Refuse values that break a rule, a customer who takes no records, a reference that is taken."""
    branch = core.tree[customer.branch_id]
    errors = value_errors(
        values,
        branch,
        core.today(branch),
        day_closed=is_closed(tx, branch.id, values.as_of_date),
        accounts=tx.find(Account, customer_id=customer.id),
    )
    if errors:
        raise Refusal(422, Codes.VALIDATION, errors[0].message, errors=errors)
    if refusal := refuse_customer_for_keying(customer):
        raise refusal
    if values.external_ref is not None and (branch.id, values.external_ref) != external_ref_before:
        _refuse_taken(tx, branch.id, values.external_ref)


def _refuse_taken(tx: Tx, branch_id: str, external_ref: str) -> None:
    taken = tx.find_one(BalanceRecord, branch_id=branch_id, external_ref=external_ref)
    if taken is not None:
        raise conflict(
            Codes.REFERENCE_TAKEN,
            f"Reference {external_ref} is taken by a record of {taken.created_by}. Nothing was recorded.",
            existing={
                "id": taken.id,
                "status": taken.status,
                "amount_minor": taken.amount_minor,
                "currency": taken.currency,
                "created_by": taken.created_by,
            },
        )


def _moved(
    core: Core,
    tx: Tx,
    command: Command,
    record: BalanceRecord,
    touched: dict[str, Account],
    before: BalanceRecord,
    reason: str | None = None,
) -> Reply:
    event = audit.Event(
        action=command.action,
        object=path_of(record.id),
        before={
            "status": before.status,
            "version": before.version,
            "amount_minor": before.amount_minor,
            "currency": before.currency,
        },
        after={"status": record.status, "account_no": record.account_no, "version": record.version},
        reason=reason,
    )
    return _done(core, tx, command, record, event, touched=touched)


def _done(
    core: Core,
    tx: Tx,
    command: Command,
    record: BalanceRecord,
    event: audit.Event,
    *,
    status: int = 200,
    touched: dict[str, Account] | None = None,
) -> Reply:
    balances = journal.balances(list(touched.values())) if touched else ()
    return reply(
        Looker(core, command.principal).answer(tx, record, balances),
        event=event,
        branch_id=record.branch_id,
        status=status,
        resource=path_of(record.id),
        version=record.version,
        location=path_of(record.id) if status == 201 else None,
        summary=_summary(tx, record),
        amount_minor=record.amount_minor,
        currency=record.currency,
    )


def _summary(tx: Tx, record: BalanceRecord) -> str:
    customer = tx.get(Customer, record.customer_id)
    number = customer.customer_no if customer else "?"
    return (
        f"{record.account_kind} {money(record.amount_minor, record.currency)} {record.currency} for {number}"
    )


def values_of(record: BalanceRecord) -> dict[str, Any]:
    """What a record says, by member."""
    return {name: getattr(record, name) for name in RecordValues._fields}
