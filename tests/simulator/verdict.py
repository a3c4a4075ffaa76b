"""What the ledger holds in the end against what people were told: neither more, nor less, nor anything else.

Reads the database and the journals by plain SQL and applies rules of its own: a record is there when its keying was
said to be done; its version is one more than the changes that were said to be done; each of them was made on a version
of its own; its entries and its customer's balances follow from them; and nothing is there that nobody was told of.
"""

from __future__ import annotations

import sqlite3  # noqa: TID251 - reads the terminals' journals from outside
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import apsw
from tests.simulator.oracle import Intent, Kind, Word
from tests.simulator.template import CUSTOMERS

from branchtui.ledger.check import violations
from branchtui.ledger.store.sqlite import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulator.world import World

HEALED_SECONDS: Final = 90.0
"""In calm weather nothing is in doubt longer: a minute at most until the line is probed, and what is asked then."""

_ON_RECORDS: Final = frozenset({Kind.EDIT, Kind.DELETE, Kind.POST, Kind.REVERSE})
_DEFINITE: Final = frozenset({"succeeded", "rejected", "applied", "not_applied", "seen"})
_HELD: Final = frozenset({"savings", "shares", "overpayment", "wallet"})


@dataclass(slots=True)
class Found:
    """The database, as it lies there."""

    records: dict[str, tuple[str, int, str, int]] = field(default_factory=dict)
    """Narration to id, version, status, amount."""

    names: dict[str, str] = field(default_factory=dict)
    """Id to narration."""

    entries: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Subject to the keys of its journal entries."""

    moved: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Key to the subjects of its journal entries."""

    payments: dict[str, list[tuple[str, int, str | None]]] = field(default_factory=lambda: defaultdict(list))
    """Code to id, version, customer."""

    requests: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Reason to state and id of the record."""

    customers: Counter[str] = field(default_factory=Counter)
    accounts: Counter[str] = field(default_factory=Counter)
    balances: dict[tuple[str, str], int] = field(default_factory=dict)
    legs: dict[tuple[str, str], int] = field(default_factory=dict)
    operations: dict[str, str] = field(default_factory=dict)
    """Key to state."""

    actors: dict[str, str] = field(default_factory=dict)
    """Key to who did it."""


def judge(world: World) -> list[str]:
    """Everything that is wrong at the end of a world."""
    connection = connect(world.house.path, read_only=True)
    with closing(connection):
        broken = list(violations(connection))
        found = read(connection)
    terminals = list(_journals(world))
    slow = [seconds for seconds in world.story.healed_seconds if seconds > HEALED_SECONDS]
    healed = [f"it took {seconds:.0f} s in calm weather until all was definite" for seconds in slow]
    return [*broken, *healed, *terminals, *_Judge(world, found).faults(), *_last_screens(world, found)]


def read(db: apsw.Connection) -> Found:
    """What the database holds of what people do."""
    found = Found()
    for record_id, version, status, amount, narration in db.execute(
        "SELECT id, version, status, amount_minor, narration FROM balance_records"
    ):
        found.records[narration] = (record_id, version, status, amount)
        found.names[record_id] = narration
    for subject, key in db.execute("SELECT subject_id, operation_key FROM journal_entries"):
        found.entries[subject].append(key)
        found.moved[key].append(subject)
    for code, payment_id, version, customer in db.execute(
        "SELECT code, id, version, customer_id FROM payments"
    ):
        found.payments[code].append((payment_id, version, customer))
    for reason, state, record_id in db.execute("SELECT reason, state, object_id FROM approvals"):
        found.requests[reason] = (state, record_id)
    found.customers.update(each for (each,) in db.execute("SELECT external_id FROM customers") if each)
    found.accounts.update(each for (each,) in db.execute("SELECT product FROM accounts") if each)
    for customer, kind, balance, total in db.execute(
        "SELECT customer_id, kind, SUM(balance_minor), SUM((SELECT COALESCE(SUM(amount_minor), 0) FROM legs "
        "WHERE account_id = accounts.id)) FROM accounts WHERE customer_id IS NOT NULL GROUP BY customer_id, kind"
    ):
        sign = -1 if kind in _HELD else 1
        found.balances[customer, kind] = sign * balance
        found.legs[customer, kind] = sign * total
    for key, state, actor in db.execute("SELECT key, state, actor FROM operations"):
        found.operations[key], found.actors[key] = state, actor
    return found


class _Judge:
    """Compares what was said to be done with what there is."""

    def __init__(self, world: World, found: Found) -> None:
        self._world = world
        self._found = found
        self._all = list(world.oracle.by_key.values())
        self._done = [intent for intent in self._all if intent.word is Word.DONE]
        self._entries_told = 0
        self._told: Counter[tuple[str, str]] = Counter()
        """What customers hold or owe by what was said."""

    def faults(self) -> Iterator[str]:
        """All of them."""
        yield from self._words()
        yield from self._single(Kind.CUSTOMER, self._found.customers)
        yield from self._single(Kind.ACCOUNT, self._found.accounts)
        yield from self._records()
        yield from self._payments()
        yield from self._requests()
        yield from self._money()

    def _of(self, *kinds: Kind) -> list[Intent]:
        return [intent for intent in self._done if intent.kind in kinds]

    def _words(self) -> Iterator[str]:
        """Everything definite; and each key that is done is one that the ledger did, and the other way round."""
        for intent in self._all:
            if intent.word is None:
                yield f"not definite in the end: {intent}"
            elif (self._found.operations.get(intent.key or "") == "succeeded") != (intent.word is Word.DONE):
                state = self._found.operations.get(intent.key or "", "nothing")
                yield f"the ledger has {state} of what was told otherwise: {intent}"
            if (actor := self._found.actors.get(intent.key or "", intent.who)) != intent.who:
                yield f"the ledger took {actor} for who did it: {intent}"
        # The provider's own keys begin with its name.
        for key, state in self._found.operations.items():
            if key not in self._world.oracle.by_key and not key.startswith("mpesa-"):
                yield f"an operation {key} ({state}) that nobody began"

    def _single(self, kind: Kind, there: Counter[str]) -> Iterator[str]:
        """Things that are made once and stay."""
        told = {intent.mark for intent in self._of(kind)}
        for mark in sorted(told | set(there)):
            if there[mark] != (mark in told):
                yield f"{kind.value} {mark}: {there[mark]} are there, told done: {mark in told}"

    # ── balance records ─────────────────────────────────────────────────────────────────────────────────────────────

    def _changes(self) -> dict[str, list[tuple[Kind, int, int]]]:
        """By record: what was done to it, on which version (0: whichever there was), with which amount."""
        found: dict[str, list[tuple[Kind, int, int]]] = defaultdict(list)
        for intent in self._of(*_ON_RECORDS):
            found[intent.subject].append((intent.kind, intent.seen, intent.amount))
        for intent in self._of(Kind.APPROVE):
            _, record_id = self._found.requests.get(intent.subject, ("", ""))
            found[self._found.names.get(record_id, "")].append((Kind.POST, intent.seen, 0))
        for intent in self._of(Kind.POST_ALL):
            for subject in self._found.moved.get(intent.key or "", ()):
                found[self._found.names.get(subject, "")].append((Kind.POST, 0, 0))
        return found

    def _records(self) -> Iterator[str]:
        keyed = {intent.mark: intent for intent in self._of(Kind.CREATE)}
        changes = self._changes()
        vanished: dict[str, list[Intent]] = defaultdict(list)
        for mark in sorted(set(keyed) | set(changes) | set(self._found.records)):
            row = self._found.records.get(mark)
            if mark not in keyed:
                yield f"record {mark} is there or was changed, and its keying was not told: {row}, {changes[mark]}"
            elif row is not None:
                yield from self._record(keyed[mark], row, changes[mark])
            elif not any(kind is Kind.DELETE for kind, _, _ in changes[mark]):
                vanished[keyed[mark].customer].append(keyed[mark])
        yield from self._sets(vanished, changes)

    def _record(
        self, keyed: Intent, row: tuple[str, int, str, int], changes: list[tuple[Kind, int, int]]
    ) -> Iterator[str]:
        record_id, version, status, amount = row
        seen = [each for _, each, _ in changes if each]
        kinds = Counter(kind for kind, _, _ in changes)
        edits = [(each, new) for kind, each, new in changes if kind is Kind.EDIT]
        told_status = (
            "reversed" if kinds[Kind.REVERSE] else "accounted" if kinds[Kind.POST] else "not_accounted"
        )
        told_amount = max(edits)[1] if edits else keyed.amount
        entries = len(self._found.entries.get(record_id, ()))
        told = (1 + len(changes), told_status, told_amount, kinds[Kind.POST] + kinds[Kind.REVERSE])
        if (version, status, amount, entries) != told:
            yield f"record {keyed.mark} is {(version, status, amount, entries)}, told {told} by {changes}"
        if len(set(seen)) != len(seen) or any(each >= version for each in seen):
            yield f"record {keyed.mark}: two changes on one version, or on one that never was: {changes}"
        if kinds[Kind.DELETE] or kinds[Kind.POST] > 1 or kinds[Kind.REVERSE] > kinds[Kind.POST]:
            yield f"record {keyed.mark} is there after {changes}"
        self._entries_told += kinds[Kind.POST] + kinds[Kind.REVERSE]
        if told_status == "accounted":
            self._told[keyed.customer, keyed.account_kind] += told_amount

    def _sets(
        self, vanished: dict[str, list[Intent]], changes: dict[str, list[tuple[Kind, int, int]]]
    ) -> Iterator[str]:
        """What Post All and Delete All did is as many, and as much, as they were asked for."""
        for intent in self._all:
            if intent.kind is Kind.POST_ALL:
                subjects = self._found.moved.get(intent.key or "", [])
                amounts = [self._found.records[self._found.names[each]][3] for each in subjects]
                told = (intent.count, intent.amount) if intent.word is Word.DONE else (0, 0)
                if (len(subjects), sum(amounts)) != told:
                    yield f"posted {len(subjects)} of {sum(amounts)}, told {told}: {intent}"
        for customer in CUSTOMERS:
            sets = [each for each in self._of(Kind.DELETE_ALL) if each.customer == customer]
            gone = [self._amount(each, changes[each.mark]) for each in vanished[customer]]
            told = (sum(each.count for each in sets), sum(each.amount for each in sets))
            if (len(gone), sum(gone)) != told:
                names = [each.mark for each in vanished[customer]]
                yield f"of {customer} {names} are gone, {len(gone)} of {sum(gone)}; told {told}"

    @staticmethod
    def _amount(keyed: Intent, changes: list[tuple[Kind, int, int]]) -> int:
        edits = [(seen, new) for kind, seen, new in changes if kind is Kind.EDIT]
        return max(edits)[1] if edits else keyed.amount

    # ── payments, requests, money ───────────────────────────────────────────────────────────────────────────────────

    def _payments(self) -> Iterator[str]:
        changes: dict[str, list[Intent]] = defaultdict(list)
        for intent in self._of(Kind.ASSOCIATE, Kind.DISASSOCIATE):
            changes[intent.subject].append(intent)
        amounts = self._world.provider.amounts
        for code in sorted(set(amounts) | set(self._found.payments) | set(changes)):
            rows = self._found.payments.get(code, [])
            done = sorted(changes[code], key=lambda intent: intent.seen)
            if len(rows) != 1 or code not in amounts:
                yield f"payment {code}: {len(rows)} are there, told by its provider: {code in amounts}"
                continue
            ((payment_id, version, customer),) = rows
            owner = done[-1].customer if done and done[-1].kind is Kind.ASSOCIATE else None
            entries = len(self._found.entries.get(payment_id, ()))
            told = (1 + len(done), owner, 1 + len(done))
            if (version, customer, entries) != told:
                yield f"payment {code} is {(version, customer, entries)}, told {told}"
            if [intent.seen for intent in done] != list(range(1, version)):
                yield f"payment {code}: {[str(intent) for intent in done]}"
            self._entries_told += 1 + len(done)
            if owner is not None:
                self._told[owner, "wallet"] += amounts[code]

    def _requests(self) -> Iterator[str]:
        filed = {intent.mark for intent in self._of(Kind.FILE)}
        decided: dict[str, list[str]] = defaultdict(list)
        for kind, state in (
            (Kind.APPROVE, "approved"),
            (Kind.REJECT, "rejected"),
            (Kind.WITHDRAW, "withdrawn"),
        ):
            for intent in self._of(kind):
                decided[intent.subject].append(state)
        for mark in sorted(filed | set(self._found.requests) | set(decided)):
            state, _ = self._found.requests.get(mark, ("", ""))
            undecided = [state] if state in {"pending", "stale", "expired"} else []
            if (mark in filed) != bool(state) or (decided[mark] or undecided) != [state]:
                yield f"request {mark} is {state or 'not there'}, filed: {mark in filed}, told {decided[mark]}"

    def _money(self) -> Iterator[str]:
        entries = sum(len(each) for each in self._found.entries.values())
        if entries != self._entries_told:
            yield f"{entries} journal entries are there, {self._entries_told} were told of"
        for place in sorted(set(self._told) | set(self._found.balances)):
            there = (self._found.balances.get(place, 0), self._found.legs.get(place, 0))
            if there != (self._told[place], self._told[place]):
                yield f"{place} stands at {there}, told {self._told[place]}"


def _journals(world: World) -> Iterator[str]:
    """Every row of every terminal's journal is definite, and says what the person was told."""
    for terminal in world.terminals:
        rows: dict[str, tuple[str, bool]] = {}
        for path in sorted(terminal.directory.glob("intents*.db")):
            with closing(sqlite3.connect(path)) as db:
                for key, state, recorded in db.execute("SELECT key, state, was_recorded FROM intent"):
                    rows[key] = (state, bool(recorded))
        for key, (state, recorded) in rows.items():
            intent = world.oracle.by_key.get(key)
            if intent is None:
                yield f"{terminal.name}: a row of {key}, which nobody began"
                continue
            if intent.word is None and state in _DEFINITE:
                # The terminal died between the journal and the screen: the list of activities tells it.
                world.oracle.say(intent, Word.DONE if recorded else Word.NOT_DONE, "the journal in the end")
            # A full disk may have kept it from the journal that it was done, before a restore took it.
            says = intent.was_recorded if recorded else intent.word is Word.NOT_DONE
            if state not in _DEFINITE or not says:
                yield f"{terminal.name}: the journal says {state}, recorded {recorded}: {intent}"
        for intent in world.oracle.by_key.values():
            if intent.word is None and intent.key not in rows and intent.terminal == terminal.name:
                # Killed before its row: nothing can have been sent.
                world.oracle.say(intent, Word.NOT_DONE, "nothing was prepared")


def _last_screens(world: World, found: Found) -> Iterator[str]:
    """What each terminal showed last is what the ledger holds."""
    for person in world.people:
        for record in person.page:
            row: tuple[Any, ...] | None = found.records.get(record.narration)
            shown = (record.id, record.version, record.status.value, record.amount_minor)
            if row != shown:
                yield f"{person.name} was shown {shown}, the ledger holds {row}"
