"""Taking in a statement: its new credits become payments, in bulk, by the rules of a single one.

A chunk is one transaction, and leaves in the journal how far it came: the entries of row N of the import are
numbers 2N and 2N + 1 of its operation (IDEM-10). What became known since the check is found again here, so
that a payment that came by another door meanwhile is not a second one (INV-6).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import from_json

from branchtui.contract.payments import CallbackState, PaymentSource, PaymentState
from branchtui.ledger.access import SYSTEM
from branchtui.ledger.feeds.finding import OK, Finding, warning
from branchtui.ledger.operations import Command
from branchtui.ledger.setup import system_principal
from branchtui.ledger.store import statement_store
from branchtui.ledger.store.rows import CallbackEvent, Payment
from branchtui.ledger.workflows import kept_apart
from branchtui.ledger.workflows.import_rows import Taken
from branchtui.ledger.workflows.payment_bulk import Receipt, book_receipts
from branchtui.ledger.workflows.payments import ENTRIES_EACH
from branchtui.ledger.workflows.statement_batches import Batches, loaded, names_of, remember, settled
from branchtui.ledger.workflows.statement_codes import Codes, Fate, Held, Wanted, came_all_the_same, dated
from branchtui.ledger.workflows.statement_entries import KnownCodes, contradiction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from branchtui.ledger.core import Core
    from branchtui.ledger.feeds.statement import Booking
    from branchtui.ledger.store.rows import Import
    from branchtui.ledger.store.unit import BulkTx
    from branchtui.ledger.workflows.statement_codes import Decision

_NEW: Final = Fate.NEW.value
_OF_THE_TAKING: Final = frozenset({"fate", "claimed", "is_strict", "confirms"})
"""Members of a row that say what becomes of it, and nothing of the entry."""

CHUNK_ROWS: Final = 3_000
"""Payments that one transaction books: a callback waits no longer than that takes."""


@dataclass(frozen=True, slots=True)
class StatementRows:
    """The writer of every kind of statement."""

    chunk_rows: int = CHUNK_ROWS

    def take(
        self, core: Core, tx: BulkTx, import_: Import, rows: Sequence[tuple[int, str]], at_us: int
    ) -> Taken:
        """Book the rows (number and parsed JSON) that are new still; the others come back with what they are."""
        return _Taking(core, tx, import_, at_us).take(rows)


@dataclass(slots=True)
class _Taking:
    """One chunk of one import."""

    core: Core
    tx: BulkTx
    import_: Import
    at_us: int

    def take(self, rows: Sequence[tuple[int, str]]) -> Taken:
        """See `StatementRows.take`."""
        said: list[dict[str, Any]] = from_json(f"[{','.join(parsed for _, parsed in rows)}]")
        by_provider: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        passed: dict[int, Finding] = {}
        for (row_no, _), each in zip(rows, said, strict=True):
            if "confirms" in each:
                passed[row_no] = self._confirmed(each)
            else:
                by_provider.setdefault(each["provider"], []).append((row_no, each))
        receipts: list[Receipt] = []
        for provider, some in by_provider.items():
            receipts += self._new(provider, some, passed)
        if not receipts:
            return Taken(0, 0, hashlib.sha256().hexdigest(), passed=passed)
        receipts.sort()  # by their numbers
        command = Command(
            key=self.import_.operation_key,
            fingerprint=b"",
            principal=replace(system_principal(receipts[0].branch_id), username=self.import_.created_by),
            action="import.rows",
            at_us=self.at_us,
        )
        ids = book_receipts(self.core, self.tx, command, receipts, matched_by=SYSTEM)
        digest = hashlib.sha256("".join([f"{each}:1\n" for each in ids]).encode())
        total = sum(each.amount_minor for each in receipts)
        return Taken(len(receipts), total, digest.hexdigest(), passed=passed)

    def _new(
        self, provider: str, rows: Sequence[tuple[int, dict[str, Any]]], passed: dict[int, Finding]
    ) -> list[Receipt]:
        """Which rows are payments that are not there yet; the others are noted in `passed`."""
        series = [(each["base"], each["day"]) for _, each in rows]
        known = KnownCodes(self.core, self.tx.connection)
        known.read_series(provider, series)
        codes = Codes(partial(known.held, provider), claimed=self._own(known.ids(provider), provider, series))
        bookings = [loaded(each.get("booking")) for _, each in rows]
        batches = self._batches(provider, rows, bookings, known)
        found: list[Receipt] = []
        for (row_no, each), booking in zip(rows, bookings, strict=True):
            if "claimed" in each:
                codes.claimed.update(each["claimed"])
            wanted = _wanted(each)
            decision = settled(
                codes.decide(wanted), wanted, booking, provider, batches=batches, held=codes.held
            )
            if decision.fate is Fate.NEW and each["fate"] == _NEW:
                if booking is not None and booking.is_listed:
                    remember(self.tx, provider, booking, wanted.day, wanted.currency, self.import_.id)
                if "raw" in each:
                    said = "A text of the entry is shown with what may not be shown taken out."
                    self._keep(each, said, CallbackState.CLEANED, decision.code)
                found.append(_receipt(row_no, each, decision.code))
            else:
                passed[row_no] = self._passed(each, wanted, decision)
        return found

    def _confirmed(self, each: dict[str, Any]) -> Finding:
        """An entry whose payment was keyed by hand: from now on that one has come, unless it was reversed meanwhile."""
        payment = self.tx.find_one(Payment, payment_no=each["confirms"])
        assert payment is not None, "payments are never deleted"
        if payment.state == PaymentState.REVERSED:
            held = Held(
                payment.payment_no, payment.amount_minor, payment.currency, each["day"], payment.source
            )
            reason = came_all_the_same(each["code"], held)
            self._keep(each, reason, CallbackState.QUARANTINED, each["code"])
            return warning("quarantined", reason, "reference", each["code"])
        body = json.dumps({name: value for name, value in each.items() if name not in _OF_THE_TAKING})
        event = kept_apart.confirmation(self.core, payment, body, self.at_us)
        kept_apart.keep(
            self.tx, event, branch_id=payment.branch_id, at_us=self.at_us, who=self.import_.created_by
        )
        return Finding(OK, "known", f"This is payment {payment.payment_no} by now; nothing changes.")

    def _passed(self, each: dict[str, Any], wanted: Wanted, decision: Decision) -> Finding:
        """What is said of a row that is no new payment; one that contradicts what is there is kept apart."""
        if decision.fate is Fate.QUARANTINED or each["fate"] == Fate.QUARANTINED:
            reason = each.get("reason") or contradiction(wanted, decision)
            self._keep(each, reason, CallbackState.QUARANTINED, decision.code)
            return warning("quarantined", reason, "reference", decision.code)
        held = decision.held
        if held is not None and held.source == PaymentSource.MANUAL:
            return self._confirmed(each | {"confirms": held.payment_no})
        number = f"payment {held.payment_no}" if held else "an entry above"
        said = decision.because or f"this is {number} by now"
        return Finding(OK, "known", f"{said[0].upper()}{said[1:]}; nothing changes.")

    def _batches(
        self,
        provider: str,
        rows: Sequence[tuple[int, dict[str, Any]]],
        bookings: Sequence[Booking | None],
        known: KnownCodes,
    ) -> Batches:
        """What is known of the bookings that these rows are, or are parts of."""
        found = Batches(self.tx.connection)
        names = (names_of(booking, _wanted(each)) for (_, each), booking in zip(rows, bookings, strict=True))
        if any(each is not None and each.is_listed for each in bookings):
            told = list(chain.from_iterable(names))
            found.read(provider, told)
            known.read(provider, told)
        else:
            found.read(provider, chain.from_iterable(names))
        return found

    def _own(self, held: dict[str, str], provider: str, series: Sequence[tuple[str, str]]) -> set[str]:
        """Codes that earlier chunks of this very import gave: no later row of it is the same booking again.

        `held` are the codes of these bookings (reference and day) that payments (by id) have.
        """
        if not held:
            return set()
        own = statement_store.of_operation(
            self.tx.connection, list(held.values()), self.import_.operation_key
        )
        found = {code for code, payment_id in held.items() if payment_id in own}
        # Where the dated code of a series is taken, more of the series may be this import's.
        for each in {dated(*booking) for booking in series} & held.keys():
            found |= self._more(each, provider)
        return found

    def _more(self, of_day: str, provider: str) -> set[str]:
        held = statement_store.beginning(self.tx.connection, provider, f"{of_day}/")
        own = statement_store.of_operation(
            self.tx.connection, [one.id for one in held], self.import_.operation_key
        )
        return {one.code for one in held if one.id in own}

    def _keep(self, each: dict[str, Any], reason: str, state: CallbackState, code: str) -> None:
        # Two banks, and one bank on two days, may give the same reference: each is seen.
        parts = (each["provider"], code, each["day"], str(each["amount_minor"]), each["currency"])
        told = "\x1f".join(parts).encode()
        if state is CallbackState.CLEANED:
            told = b"cleaned\x1f" + told
        body = {name: value for name, value in each.items() if name not in _OF_THE_TAKING}
        event = CallbackEvent(
            id=kept_apart.event_id(self.core, told),
            branch_id=each["branch_id"],
            provider=each["provider"],
            state=state.value,
            reason=reason,
            code=code,
            body=json.dumps(body, ensure_ascii=False),
            received_at=self.at_us,
        )
        kept_apart.keep(
            self.tx, event, branch_id=each["branch_id"], at_us=self.at_us, who=self.import_.created_by
        )


def _wanted(each: dict[str, Any]) -> Wanted:
    return Wanted(
        each["base"],
        each["day"],
        each["amount_minor"],
        each["currency"],
        each["is_strict"],
        each.get("other_day", ""),
    )


def _receipt(row_no: int, each: dict[str, Any], code: str) -> Receipt:
    return Receipt(
        row_no * ENTRIES_EACH,
        each["provider"],
        code,
        each["branch_id"],
        each["amount_minor"],
        each["currency"],
        each["paid_at"],
        each["payer_phone"],
        each["phone_form"],
        each["payer_name"],
        each["account_ref"],
    )
