"""Opening credit accounts and changing their terms (contract, section 7)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from branchtui.contract import credit as wire
from branchtui.contract.credit import CreditStatus, TransactionType
from branchtui.contract.customers import AccountKind, CustomerStatus
from branchtui.contract.problem import Codes
from branchtui.format.money import money
from branchtui.ledger import audit, history, journal, operations
from branchtui.ledger.days import is_closed
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import Refusal, conflict, invalid, not_found
from branchtui.ledger.store.rows import CreditAccount, Customer
from branchtui.ledger.workflows import credit_frequency, credit_rules, customers
from branchtui.ledger.workflows.accounts import add_account, refuse_taken_account_no
from branchtui.ledger.workflows.credit_book import Movement, post, standing
from branchtui.ledger.workflows.credit_cycles import close_due, next_close, path_of
from branchtui.ledger.workflows.credit_frequency import Frequency
from branchtui.ledger.workflows.credit_rules import CreditAction, Standing
from branchtui.ledger.workflows.credit_views import account_answer
from branchtui.ledger.workflows.customer_alike import refuse_look_alike, refuse_taken
from branchtui.ledger.workflows.customer_parts import add_parts
from branchtui.ledger.workflows.customer_rules import plain
from branchtui.ledger.workflows.reading import read_email

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.rows import Account, Branch
    from branchtui.ledger.store.unit import Tx

CREATED: Final = "credit-account.create"
CHANGED: Final = "credit-account.change"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an account is opened with; amounts in minor units."""

    max_credit_minor: int | None
    restrict: bool
    opening_credit_minor: int
    frequency: Frequency | None
    statement_email: str | None
    status: str = CreditStatus.ACTIVE.value
    account_no: str | None = None
    import_id: str | None = None
    import_row_no: int | None = None


def create(core: Core, tx: Tx, command: Command, new: wire.NewCreditAccount) -> Reply:
    """`POST /v1/credit-accounts`: for a customer who is there, or one who is entered with it.

    Raises:
        Refusal: 404, 422, 403 `needs-checker` for more than the own limit, 409 `customer-not-active`, `day-closed`,
            `reference-taken`, `possible-duplicate`.
    """
    if (new.customer_id is None) == (new.customer is None):
        raise invalid("/customer_id", "Name a customer by customer_id, or enter a new one in customer.")
    guard = None
    if new.customer is not None:
        customer = _enter_customer(core, tx, command, new)
    else:
        customer = _customer(tx, command, new.customer_id or "")
    branch = core.tree[customer.branch_id]
    terms = _terms(new, core.today(branch))
    _refuse(core, tx, command, new, terms, branch)
    if new.customer is None and new.account_no is None:
        guard = operations.signature(
            command, customer.id, terms.max_credit_minor, terms.opening_credit_minor, terms.statement_email
        )
        operations.refuse_duplicate(tx, command, guard)
    at = open_account(core, tx, command, customer, terms)
    credit = at.credit
    event = audit.Event(
        action=command.action,
        object=path_of(credit.id),
        after={
            "version": 1,
            "account_no": at.account.account_no,
            "max_credit_minor": credit.max_credit_minor,
            "restrict_credit": bool(credit.restrict_credit),
            "opening_credit_minor": credit.opening_credit_minor,
            "settle_every": credit.frequency,
        },
    )
    return _reply(command, at, event, status=201, guard=guard)


def open_account(
    core: Core, tx: Tx, command: Command, customer: Customer, terms: Terms, *, row_no: int = 0
) -> Standing:
    """Put an account with its terms, and its opening credit into the books; everything was looked at before."""
    branch = core.tree[customer.branch_id]
    today = core.today(branch)
    account = add_account(
        tx,
        customer,
        AccountKind.CREDIT.value,
        branch.currency,
        new_id=core.new_id(),
        at_us=command.at_us,
        account_no=terms.account_no,
    )
    on, at_us = next_close(terms.frequency, today, branch.timezone)
    credit = CreditAccount(
        id=account.id,
        version=1,
        customer_id=customer.id,
        currency=branch.currency,
        status=terms.status,
        max_credit_minor=terms.max_credit_minor,
        restrict_credit=int(terms.restrict),
        opening_credit_minor=terms.opening_credit_minor,
        frequency=terms.frequency.dumped() if terms.frequency is not None else None,
        statement_email=terms.statement_email,
        owed_minor=0,
        unapplied_minor=0,
        last_seq=0,
        last_at=command.at_us,
        cycle_no=1,
        cycle_first_seq=1,
        cycle_started_at=command.at_us,
        cycle_opening_minor=0,
        cycle_purchases_minor=0,
        cycle_refunds_minor=0,
        cycle_adjustments_minor=0,
        cycle_payments_minor=0,
        next_close_on=on,
        next_close_at=at_us,
        import_id=terms.import_id,
        import_row_no=terms.import_row_no,
        created_by=command.principal.username,
        created_at=command.at_us,
    )
    tx.put(credit)
    at = Standing(credit, account, customer, branch, today.isoformat(), today_closed=False)
    if terms.opening_credit_minor:
        contra = journal.institution_account(
            tx, branch, journal.OPENING_CONTRA, branch.currency, command.at_us
        )
        movement = Movement(
            TransactionType.OPENING,
            terms.opening_credit_minor,
            narration="Opening credit",
            limit_minor=credit_rules.checked_limit_minor(credit),
        )
        legs = journal.transfer(account, contra, terms.opening_credit_minor)
        entered = post(core, tx, command, at, movement, legs, row_no=row_no)
        at = replace(at, credit=entered.credit, account=entered.account)
    return at


def change(
    core: Core, tx: Tx, command: Command, credit_id: str, seen: int, asked: wire.CreditAccountChange
) -> Reply:
    """`PATCH /v1/credit-accounts/{id}`: only the members that were sent change.

    A limit below what is owed is taken, and said: what is owed stays, nothing more can be bought (INV-7).

    Raises:
        Refusal: 404, 412, 422, 403 `needs-checker`, 409 `transition-not-allowed` while something is owed.
    """
    who = command.principal
    at = standing(core, tx, who, credit_id)
    refusal = credit_rules.refuse(CreditAction.EDIT, who, at)
    if refusal is not None:
        raise refusal
    if at.credit.version != seen:
        changes = history.changes_since(tx, path_of(credit_id), seen)
        raise history.stale(account_answer(who, at), changes, at.branch.timezone)
    at = replace(at, credit=close_due(core, tx, at.credit, command.at_us, by=command))
    changed = changed_terms(at, asked, date.fromisoformat(at.today))
    before, after = _differences(at.credit, changed)
    if not before:
        return _reply(command, at, audit.Event(action=command.action, object=path_of(credit_id)))
    refusal = credit_rules.refuse_terms(who, _exposure(at.credit), _exposure(changed), changed.currency)
    if refusal is not None:
        raise refusal
    changed = replace(changed, version=at.credit.version + 1)
    tx.put(changed)
    event = audit.Event(
        action=command.action,
        object=path_of(credit_id),
        before=before,
        after=after | {"version": changed.version},
    )
    return _reply(command, replace(at, credit=changed), event)


def changed_terms(at: Standing, asked: wire.CreditAccountChange, today: date) -> CreditAccount:
    """The account as `asked` would leave it; its version is as it was.

    Raises:
        Refusal: 422, 409 `transition-not-allowed`.
    """
    credit, sent = at.credit, asked.model_fields_set
    if "max_credit_minor" in sent:
        credit = replace(credit, max_credit_minor=asked.max_credit_minor)
    if "restrict_credit" in sent:
        if asked.restrict_credit is None:
            raise invalid("/restrict_credit", "restrict_credit cannot be empty.")
        credit = replace(credit, restrict_credit=int(asked.restrict_credit))
    if "statement_email" in sent:
        credit = replace(credit, statement_email=verified_email(asked.statement_email))
    if "settle_every" in sent:
        credit = _with_frequency(credit, asked.settle_every, today, at.branch.timezone)
    if "status" in sent:
        if asked.status is None:
            raise invalid("/status", "status cannot be empty.")
        credit = _with_status(credit, asked.status)
    return credit


def _with_frequency(
    credit: CreditAccount, given: wire.NewSettleEvery | None, today: date, timezone: str
) -> CreditAccount:
    frequency = None
    if given is not None:
        kept = Frequency.loaded(credit.frequency).anchor if credit.frequency else today
        frequency = credit_frequency.asked(given, kept)
    dumped = frequency.dumped() if frequency is not None else None
    if dumped == credit.frequency:
        return credit
    on, at_us = next_close(frequency, today, timezone)
    return replace(credit, frequency=dumped, next_close_on=on, next_close_at=at_us)


def _with_status(credit: CreditAccount, status: CreditStatus) -> CreditAccount:
    if status is CreditStatus.INACTIVE and (credit.owed_minor or credit.unapplied_minor):
        owed = f"{money(credit.owed_minor, credit.currency)} {credit.currency}"
        raise conflict(
            Codes.TRANSITION_NOT_ALLOWED,
            f"{owed} is owed. Only an account at zero can be made inactive.",
            **{"from": credit.status, "command": "deactivate", "allowed": []},
        )
    return replace(credit, status=status.value)


def verified_email(given: str | None) -> str | None:
    """An address that a statement can be mailed to; raises 422 for what is none."""
    return None if given is None else read_email(given, "/statement_email")


def refuse_opening(terms: Terms, currency: str) -> None:
    """Refuse an opening credit beyond a limit that restricts (422; INV-7)."""
    limit = terms.max_credit_minor
    if terms.restrict and limit is not None and terms.opening_credit_minor > limit:
        raise invalid(
            "/opening_credit_minor",
            f"The opening credit is above the limit of {money(limit, currency)}. Raise the limit, or do not restrict.",
        )
    if terms.status != CreditStatus.ACTIVE and terms.opening_credit_minor:
        raise invalid("/status", "An account with an opening credit is active.")


def _refuse(
    core: Core, tx: Tx, command: Command, new: wire.NewCreditAccount, terms: Terms, branch: Branch
) -> None:
    who, currency = command.principal, branch.currency
    if new.currency is not None and new.currency != currency:
        raise invalid("/currency", f"Currency: {new.currency} is not the branch's, {currency}.")
    refuse_opening(terms, currency)
    exposure = credit_rules.exposure_minor(terms.max_credit_minor, restrict=terms.restrict)
    refusal = credit_rules.refuse_terms(who, 0, exposure, currency, is_new=True)
    if refusal is None and terms.opening_credit_minor:
        refusal = credit_rules.refuse_amount(CreditAction.ADJUST, who, terms.opening_credit_minor, currency)
    if (
        refusal is None
        and terms.opening_credit_minor
        and is_closed(tx, branch.id, core.today(branch).isoformat())
    ):
        refusal = conflict(
            Codes.DAY_CLOSED, "Today is closed. Open it tomorrow, or without an opening credit."
        )
    if refusal is not None:
        raise refusal
    if new.account_no is not None:
        refuse_taken_account_no(tx, who, new.account_no)


def _terms(new: wire.NewCreditAccount, today: date) -> Terms:
    frequency = credit_frequency.asked(new.settle_every, today) if new.settle_every is not None else None
    return Terms(
        max_credit_minor=new.max_credit_minor,
        restrict=new.restrict_credit,
        opening_credit_minor=new.opening_credit_minor,
        frequency=frequency,
        statement_email=verified_email(new.statement_email),
        status=new.status.value,
        account_no=new.account_no,
    )


def _customer(tx: Tx, command: Command, customer_id: str) -> Customer:
    customer = tx.get(Customer, customer_id)
    if customer is None or not command.principal.scope.covers(customer.branch_id):
        raise not_found("customer")
    if customer.status != CustomerStatus.ACTIVE:
        raise conflict(
            Codes.CUSTOMER_NOT_ACTIVE,
            f"Customer {customer.customer_no} is {plain(customer.status)}. Credit is for active customers.",
        )
    return customer


def _enter_customer(core: Core, tx: Tx, command: Command, new: wire.NewCreditAccount) -> Customer:
    """The customer who comes with the account, active at once; the rules are those of customers."""
    assert new.customer is not None, "looked at by the caller"
    person = new.customer.model_copy(update={"active": True})
    branch = core.tree.find(person.branch_id)
    if branch is None or not command.principal.scope.covers(branch.id):
        raise not_found("branch")
    try:
        phone, coded = customers.verified(core, tx, command.principal, person, branch)
    except Refusal as refusal:
        inside = tuple(
            each.model_copy(update={"pointer": f"/customer{each.pointer}"}) for each in refusal.errors
        )
        raise replace(refusal, errors=inside) from refusal
    refuse_taken(tx, command.principal, person)
    refuse_look_alike(tx, command, person, phone)
    customer = customers.add_customer(
        core,
        tx,
        person,
        phone=phone,
        coded=coded,
        created_by=command.principal.username,
        at_us=command.at_us,
    )
    add_parts(core, tx, command, customer, person)
    return customer


def _exposure(credit: CreditAccount) -> int | None:
    return credit_rules.exposure_minor(credit.max_credit_minor, restrict=bool(credit.restrict_credit))


def _differences(old: CreditAccount, new: CreditAccount) -> tuple[dict[str, Any], dict[str, Any]]:
    """Before and after of what changed, by the members of the contract."""
    names = {
        "max_credit_minor": "max_credit_minor",
        "restrict_credit": "restrict_credit",
        "frequency": "settle_every",
        "statement_email": "statement_email",
        "status": "status",
    }
    changed = [name for name in names if getattr(old, name) != getattr(new, name)]
    # The chain holds no address of anybody (AUD-4).
    hidden = {"statement_email"}
    before = {names[name]: None if name in hidden else getattr(old, name) for name in changed}
    return before, {names[name]: None if name in hidden else getattr(new, name) for name in changed}


def _warnings(at: Standing) -> tuple[wire.CreditWarning, ...]:
    over = credit_rules.over_limit_minor(at.credit)
    if not over:
        return ()
    currency = at.credit.currency
    said = f"{money(at.credit.owed_minor, currency)} {currency} is owed, {money(over, currency)} more than the limit."
    return (wire.CreditWarning(code=Codes.CREDIT_LIMIT_EXCEEDED, message=said, over_by=over),)


def _reply(
    command: Command,
    at: Standing,
    event: audit.Event,
    *,
    status: int = 200,
    guard: str | None = None,
) -> Reply:
    credit, touched = at.credit, _touched(at, status)
    limit = "no limit" if credit.max_credit_minor is None else money(credit.max_credit_minor, credit.currency)
    return reply(
        account_answer(command.principal, at, touched=touched, warnings=_warnings(at)),
        event=event,
        branch_id=at.account.branch_id,
        status=status,
        resource=path_of(credit.id),
        version=credit.version,
        location=path_of(credit.id) if status == 201 else None,
        summary=f"credit account {at.account.account_no} for {at.customer.customer_no}, limit {limit}",
        amount_minor=credit.opening_credit_minor or None if status == 201 else None,
        currency=credit.currency,
        guard=guard,
    )


def _touched(at: Standing, status: int) -> tuple[Account, ...]:
    return (at.account,) if status == 201 and at.credit.opening_credit_minor else ()
