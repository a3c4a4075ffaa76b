"""Whether a history is one that a single thread could have had, in the order in which the ledger says it was.

The audit chain numbers all that was decided in a branch, so that no order has to be searched for (as Knossos
does): the one order is replayed in the model, and must give the answers, fit the clock, and explain the reads.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, Final

from tests.ledger.histories.model import Cell, Model, seen_payment, seen_record, told
from tests.ledger.histories.op import Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ledger.histories.stored import Stored

ENOUGH: Final = 20
SENTENCE: Final = 600
"""Violations told, and how much of each; more say no more."""

_ABOUT: Final = dict.fromkeys(("associate", "disassociate", "read-payment"), "payment") | dict.fromkeys(
    ("approve", "reject", "withdraw"), "request"
)
"""What an operation names by its id, where that is no balance record."""


@dataclass
class Seen:
    """What one read saw of the branch at one moment; `at` is the number of the chain's last row, where it was read too."""

    what: str
    invoked: int
    returned: int
    cells: dict[Cell, Any]
    at: int | None = None


@dataclass
class Verdict:
    """What was looked at, and what was wrong with it."""

    commands: int = 0
    reads: int = 0
    unknown: int = 0
    unknown_done: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)


class Replay:
    """The model run through the chain; `cells` holds each value of each cell with the number it begins at."""

    def __init__(self) -> None:
        self.model = Model()
        self.cells: dict[Cell, list[tuple[int, Any]]] = defaultdict(list)

    def apply(self, op: Op, made: str | None, seq: int) -> dict[str, Any]:
        """The right answer to the operation at this number."""
        answer = self.model.apply(op, made)
        for cell in self.model.touched:
            self.cells[cell].append((seq, self.model.value(cell)))
        return answer

    def value(self, cell: Cell, seq: int) -> Any:
        """What a read of `cell` sees behind row `seq`."""
        history = self.cells.get(cell, [])
        place = bisect_right(history, seq, key=lambda each: each[0])
        return history[place - 1][1] if place else Model().value(cell)

    def moments(self, cells: dict[Cell, Any], first: int, last: int) -> list[int]:
        """The numbers from `first` to `last` at which these cells may begin to show what they show."""
        changes = {seq for cell in cells for seq, _ in self.cells.get(cell, []) if first < seq <= last}
        return [first, *sorted(changes)]


def check(history: list[Op], audits: list[Seen], stored: Stored) -> Verdict:
    """Everything that is wrong with a history; `audits` are reads of the database itself, beside the ledgers."""
    verdict = Verdict(kinds=Counter(op.kind for op in history))
    found = _find(history, audits, stored, verdict)
    for violation in found:
        verdict.violations.append(violation[:SENTENCE])
        if len(verdict.violations) == ENOUGH:
            break
    return verdict


def _find(history: list[Op], audits: list[Seen], stored: Stored, verdict: Verdict) -> Iterator[str]:
    by_key = {stored.key_of(op): op for op in history if op.key or op.kind == "confirm"}
    yield from _strangers(by_key, stored)
    replay = Replay()
    for key, seq in stored.order:
        op = by_key.get(key)
        if op is None:
            continue
        verdict.commands += 1
        yield from _answer(replay, op, key, seq, stored, verdict)
    seqs = {key: seq for key, seq in stored.order if key in by_key}
    yield from _acknowledged(by_key, seqs, stored, verdict)
    yield from _real_time(by_key, seqs)
    yield from _reads(history, audits, by_key, seqs, replay, stored, verdict)


def _strangers(by_key: dict[str, Op], stored: Stored) -> Iterator[str]:
    """Nothing was done that nobody asked for, and nothing twice."""
    for key in stored.answers.keys() - by_key.keys():
        yield f"nobody asked for operation {key}"
    for key, count in stored.rows_of_chain.items():
        if key in by_key and count != (2 if _is_done_approval(by_key[key], key, stored) else 1):
            yield f"{by_key[key].kind} {key} stands {count} times in the chain"


def _is_done_approval(op: Op, key: str, stored: Stored) -> bool:
    return op.kind == "approve" and stored.answers[key].status < 300


def _answer(replay: Replay, op: Op, key: str, seq: int, stored: Stored, verdict: Verdict) -> Iterator[str]:
    """(ii): the model, in the order of the chain, answers what the ledger answered."""
    kept = stored.answers[key]
    given = told(op.kind, kept.status, kept.json)
    try:
        right = replay.apply(op, kept.made, seq)
    except (KeyError, AssertionError) as error:
        yield f"(ii) row {seq}: {op.kind} {op.args} was answered {given}; the model has no such thing ({error})"
        return
    verdict.answers[f"{op.kind} {given.get('code', 'done')}"] += 1
    if given != right:
        yield f"(ii) row {seq}: {op.kind} by {op.who} {op.args} was answered {given}, right is {right}"


def _acknowledged(
    by_key: dict[str, Op], seqs: dict[str, int], stored: Stored, verdict: Verdict
) -> Iterator[str]:
    """What a client was told is what is stored; what it does not know happened once or never."""
    for key, op in by_key.items():
        if op.status >= 500:
            yield f"{op.kind} {key} met {op.status}: {op.body.decode()[:300]}"
        if op.more:
            yield f"(iv) {op.kind} {key}: {len(op.more)} of {op.copies} copies were answered otherwise: {op.more[0]}"
        if op.returned is None:
            verdict.unknown += 1
            verdict.unknown_done += key in seqs
        elif op.is_kept or op.kind == "confirm":
            kept = stored.answers.get(key)
            if kept is None or key not in seqs:
                yield f"{op.kind} {key} was acknowledged with {op.status} and is not there"
            elif (kept.status, kept.body) != (op.status, op.body):
                yield f"{op.kind} {key} was answered {op.status} {op.body!r}, stored is {kept.status} {kept.body!r}"
        elif key in seqs:
            yield f"{op.kind} {key} was refused with {op.status} and stands in the chain"


def _real_time(by_key: dict[str, Op], seqs: dict[str, int]) -> Iterator[str]:
    """(iii): what was acknowledged before something else was asked for has the smaller number."""
    floor = Floor(by_key, seqs)
    for key, op in by_key.items():
        if key in seqs and (first := floor.at(op.invoked)) >= seqs[key]:
            yield f"(iii) {op.kind} {key} has number {seqs[key]}, {first} was acknowledged before it was asked for"


class Floor:
    """The least prefix that everybody who asks from an instant on must see."""

    def __init__(self, by_key: dict[str, Op], seqs: dict[str, int]) -> None:
        told_at = sorted(
            (op.returned, seqs[key]) for key, op in by_key.items() if op.returned is not None and key in seqs
        )
        self._times = [at for at, _ in told_at]
        self._highest: list[int] = []
        for _, seq in told_at:
            self._highest.append(max(seq, self._highest[-1] if self._highest else 0))

    def at(self, instant: int) -> int:
        """The highest number that was acknowledged before `instant`; 0 when none was."""
        place = bisect_left(self._times, instant)
        return self._highest[place - 1] if place else 0


class Ceiling:
    """The longest prefix that a read which has ended can have seen."""

    def __init__(self, by_key: dict[str, Op], seqs: dict[str, int], last: int) -> None:
        asked_at = sorted((op.invoked, seqs[key]) for key, op in by_key.items() if key in seqs)
        self._times = [at for at, _ in asked_at]
        self._lowest = [last + 1]
        for _, seq in reversed(asked_at):
            self._lowest.append(min(seq, self._lowest[-1]))
        self._lowest.reverse()

    def at(self, instant: int) -> int:
        """The number before the lowest that was asked for after `instant`."""
        return self._lowest[bisect_right(self._times, instant)] - 1


def _reads(
    history: list[Op],
    audits: list[Seen],
    by_key: dict[str, Op],
    seqs: dict[str, int],
    replay: Replay,
    stored: Stored,
    verdict: Verdict,
) -> Iterator[str]:
    """(i): every read saw the branch as it stood at one number, within its own time, and never an older one later.

    The smallest number that fits is given to each; a read that began when another had ended begins from that
    one's. Where numbers exist that fit them all, these do.
    """
    floor = Floor(by_key, seqs)
    ceiling = Ceiling(by_key, seqs, stored.last)
    seen = sorted([*audits, *_seen_by(history)], key=lambda each: each.invoked)
    ended: list[tuple[int, int]] = []
    behind = 0
    for each in seen:
        while ended and ended[0][0] < each.invoked:
            behind = max(behind, heappop(ended)[1])
        first = max(floor.at(each.invoked), behind)
        last = ceiling.at(each.returned)
        verdict.reads += 1
        moments = replay.moments(each.cells, first, last) if each.at is None else [each.at]
        if each.at is not None and not first <= each.at <= last:
            yield f"(i) {each.what} saw row {each.at}, which lies beside {first} to {last}"
        place = next((at for at in moments if _fits(replay, each.cells, at)), None)
        if place is None:
            now = {cell: replay.value(cell, last) for cell in each.cells}
            yield f"(i) {each.what} saw {each.cells}, which stood nowhere from {first} to {last}; at the end {now}"
        else:
            heappush(ended, (each.returned, place))


def _fits(replay: Replay, cells: dict[Cell, Any], at: int) -> bool:
    return all(replay.value(cell, at) == value for cell, value in cells.items())


def _seen_by(history: list[Op]) -> Iterator[Seen]:
    """What the operations of a history saw: reads that were answered, and commands that found nothing."""
    for op in history:
        if op.returned is None:
            continue
        cells = _cells_of(op)
        if cells:
            yield Seen(f"{op.kind} by {op.who}", op.invoked, op.returned, cells)


def _cells_of(op: Op) -> dict[Cell, Any]:
    if op.status == 404:
        return {(_ABOUT.get(op.kind, "record"), op.args["id"]): None}
    if op.key or op.status != 200:
        return {}
    body = op.json
    match op.kind:
        case "read-record":
            return {("record", body["id"]): seen_record(body)}
        case "read-payment":
            return {("payment", body["id"]): seen_payment(body)}
        case "read-set":
            figures = {name: body[name] for name in ("count", "total_minor", "set_hash")}
            return {("set", op.args["customer"]): figures} if op.who == "supervisor" else {}
        case "read-accounts":
            return {("accounts", body["id"]): _balances(body["accounts"])}
        case "read-day":
            return _day(body)
        case "list-records":
            return {("record", each["id"]): seen_record(each) for each in body["items"]}
        case "list-payments":
            return {("payment", each["id"]): seen_payment(each) for each in body["items"]}
        case "list-requests":
            return {("request", each["id"]): (each["version"], each["state"]) for each in body["items"]}
    return {}


def _balances(accounts: list[dict[str, Any]]) -> dict[str, int]:
    """As the model shows accounts: without an empty wallet."""
    return {
        each["kind"]: each["balance_minor"]
        for each in accounts
        if each["kind"] != "wallet" or each["balance_minor"]
    }


def _day(body: dict[str, Any]) -> dict[Cell, Any]:
    queues = {each["name"]: (each["count"], each["total_minor"]) for each in body["queues"]}
    days = body["days"]
    return {
        ("waiting",): queues["records-not-accounted"],
        ("unassociated",): queues["payments-unassociated"],
        ("associated",): (
            sum(each["payments_associated"] for each in days),
            sum(each["payments_associated_minor"] for each in days),
        ),
    }
