"""What a provider posts: each confirmation becomes one payment, whatever is odd is kept apart (HOOK-1).

Repeats, late and out-of-order messages are normal. A code with the same amount again changes nothing;
with another amount it is quarantined; what cannot be a payment of ours is parked. Nothing is dropped.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Final

from branchtui.contract.payments import CallbackState, PaymentSource, PaymentState, ProviderAnswer
from branchtui.format.money import money
from branchtui.ledger import audit
from branchtui.ledger.clock import local_date
from branchtui.ledger.feeds import mpesa
from branchtui.ledger.feeds.incoming import AHEAD_US, Unfit
from branchtui.ledger.journal import InvariantBroken
from branchtui.ledger.operations import Command, Reply, execute, reply
from branchtui.ledger.phones import region_of
from branchtui.ledger.setup import system_principal
from branchtui.ledger.store.rows import CallbackEvent, ChainHead, Operation
from branchtui.ledger.tokens import token_hash
from branchtui.ledger.workflows import kept_apart, payment_steps, payments

if TYPE_CHECKING:
    from branchtui.ledger.core import Core
    from branchtui.ledger.feeds.incoming import IncomingPayment
    from branchtui.ledger.store.rows import Branch, Payment
    from branchtui.ledger.store.unit import Tx

ACTION: Final = payment_steps.RECEIVED


@dataclass(frozen=True, slots=True)
class Message:
    """A body from a provider: as it came, when, from which address, under which request id."""

    body: bytes
    at_us: int
    address: str | None
    request_id: str | None


async def knows(core: Core, provider: str, token: str) -> bool:
    """Whether the path token is one of the provider's that has not ended; compared in constant time."""
    given = token_hash(token)
    if _is_among(await core.providers.tokens(provider), given):
        return True
    return _is_among(await core.providers.tokens(provider, anew=True), given)


def _is_among(tokens: frozenset[str], given: str) -> bool:
    fits = False
    for each in tokens:
        fits |= hmac.compare_digest(each, given)
    return fits


def is_from_provider(core: Core, address: str | None) -> bool:
    """Whether a message may come from this address: the real peer's, or what a proxy of ours says (HOOK-1)."""
    if not core.callback_sources:
        return True
    try:
        peer = ip_address(address or "")
    except ValueError:
        return False
    if isinstance(peer, IPv6Address) and peer.ipv4_mapped is not None:
        peer = peer.ipv4_mapped
    return any(peer in network for network in core.callback_sources)


async def understood(core: Core, body: bytes) -> IncomingPayment:
    """The payment that a message tells of, to a short code of ours.

    Raises:
        Unfit: it cannot become a payment of ours.
    """
    incoming, _ = await _incoming(core, body)
    return incoming


async def take(core: Core, message: Message) -> None:
    """Record a confirmation: a payment, or an event that is kept apart. Returns once it is stored."""
    try:
        incoming, branch = await _incoming(core, message.body)
    except Unfit as unfit:
        await _park(core, message, unfit)
        return
    await core.writer.submit(lambda tx: receive(core, tx, incoming, branch, message))


async def _incoming(core: Core, body: bytes) -> tuple[IncomingPayment, Branch]:
    await core.refresh()  # nobody who is signed in may ever ask this process
    confirmation = mpesa.read(body)
    payee = await core.providers.payee(mpesa.PROVIDER, confirmation.short_code)
    if payee is None:
        raise Unfit(f"Short code {confirmation.short_code} is none of ours.", confirmation.code)
    if confirmation.paid_at_us > core.clock.now_us() + AHEAD_US:
        said = f"TransTime is {local_date(confirmation.paid_at_us, mpesa.ZONE)}, more than a year ahead."
        raise Unfit(said, confirmation.code, confirmation.short_code)
    branch = core.tree[payee.branch_id]
    return confirmation.payment(branch.currency, region_of(branch.currency, branch.timezone)), branch


def receive(core: Core, tx: Tx, incoming: IncomingPayment, branch: Branch, message: Message) -> None:
    """Put one payment into the books, once: decided in the writer's transaction (INV-6).

    Raises:
        InvariantBroken: the operation's key stands for something else; nothing is recorded.
    """
    key = operation_key(core, incoming.provider, incoming.code)
    if tx.is_far:
        tx.expect((Operation, key), (ChainHead, branch.id), *payments.foreseen(core, incoming, branch))
    known = payments.earlier(tx, incoming.provider, incoming.code)
    if known is not None:
        is_other = (known.amount_minor, known.currency) != (incoming.amount_minor, incoming.currency)
        if is_other or known.state == PaymentState.REVERSED:
            _keep(core, tx, _quarantined(core, known, incoming, message), message)
        elif known.source == PaymentSource.MANUAL:
            told = mpesa.body_as_it_came(message.body)
            _keep(core, tx, kept_apart.confirmation(core, known, told, message.at_us), message)
        return
    principal = replace(system_principal(branch.id), address=message.address)
    command = Command(
        key=key,
        fingerprint=hashlib.sha256(message.body).digest(),
        principal=principal,
        action=ACTION,
        at_us=message.at_us,
        request_id=message.request_id,
    )
    answer = execute(tx, command, lambda tx, command: _record(core, tx, command, incoming, branch, message))
    if answer.replayed or answer.status != 200:
        raise InvariantBroken(f"the key of {incoming.provider} {incoming.code} was used before")


def operation_key(core: Core, provider: str, code: str) -> str:
    """The key of the operation that records a provider's payment: the same each time, and nobody else's to guess."""
    sealed = hmac.digest(core.institution.secret, f"payment\x1f{provider}\x1f{code}".encode(), "sha256")
    return f"{provider}-{sealed.hex()[:48]}"


def _record(
    core: Core, tx: Tx, command: Command, incoming: IncomingPayment, branch: Branch, message: Message
) -> Reply:
    recorded = payments.record_payment(core, tx, command, incoming, branch)
    payment = recorded.payment
    if incoming.altered:
        reason = f"Payment {payment.payment_no} is shown with what may not be shown taken out."
        tx.put(
            CallbackEvent(
                id=core.new_id(),
                branch_id=branch.id,
                provider=incoming.provider,
                state=CallbackState.CLEANED.value,
                reason=reason,
                code=incoming.code,
                body=mpesa.body_as_it_came(message.body),
                received_at=message.at_us,
            )
        )
    path = payment_steps.path_of(payment)
    after = {
        "version": payment.version,
        "state": payment.state,
        "customer_id": payment.customer_id,
        "account_id": payment.account_id,
        "tier": payment.match_tier,
    }
    amount = f"{money(payment.amount_minor, payment.currency)} {payment.currency}"
    return reply(
        ProviderAnswer(),
        event=audit.Event(action=ACTION, object=path, after=after),
        branch_id=branch.id,
        resource=path,
        summary=f"payment {payment.payment_no}, {amount}, {payment.state}",
        amount_minor=payment.amount_minor,
        currency=payment.currency,
    )


def _quarantined(core: Core, known: Payment, incoming: IncomingPayment, message: Message) -> CallbackEvent:
    first, now = (f"{money(each.amount_minor, each.currency)} {each.currency}" for each in (known, incoming))
    reason = f"Code {incoming.code} is payment {known.payment_no} of {first}; this message says {now}."
    if first == now:
        reason = (
            f"Code {incoming.code} is payment {known.payment_no}, which was keyed by hand and reversed as if it had "
            "never come: look whether this is its money."
        )
    return CallbackEvent(
        id=kept_apart.event_id(
            core, f"{incoming.code}\x1f{incoming.amount_minor}\x1f{incoming.currency}".encode()
        ),
        branch_id=known.branch_id,
        provider=incoming.provider,
        state=CallbackState.QUARANTINED.value,
        reason=reason,
        code=incoming.code,
        body=mpesa.body_as_it_came(message.body),
        received_at=message.at_us,
    )


async def _park(core: Core, message: Message, unfit: Unfit) -> None:
    payee = None
    if unfit.payee_no is not None:
        payee = await core.providers.payee(mpesa.PROVIDER, unfit.payee_no)
    event = CallbackEvent(
        id=kept_apart.event_id(core, message.body),
        branch_id=payee.branch_id if payee else None,
        provider=mpesa.PROVIDER,
        state=CallbackState.PARKED.value,
        reason=str(unfit),
        code=unfit.code,
        body=mpesa.body_as_it_came(message.body),
        received_at=message.at_us,
    )
    await core.writer.submit(lambda tx: _keep(core, tx, event, message))


def _keep(core: Core, tx: Tx, event: CallbackEvent, message: Message) -> None:
    """Keep a message apart; what is nobody's is told in the chain of the top branch."""
    branch_id = event.branch_id or next(branch.id for branch in core.tree if branch.parent_id is None)
    kept_apart.keep(
        tx,
        event,
        branch_id=branch_id,
        at_us=message.at_us,
        address=message.address,
        request_id=message.request_id,
    )
