"""What a seed is made with: a branch, its last days, chance that can be repeated, ids in order of time."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from branchtui.ledger.access import SYSTEM
from branchtui.ledger.clock import as_us, local_date
from branchtui.ledger.days import is_closed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from branchtui.ledger.store.rows import Branch
    from branchtui.ledger.store.unit import Tx

DAYS: Final = 30
_MINUTE_US: Final = 60 * 1_000_000
_OPENS: Final = time(7)
_CLOSES: Final = time(20)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the branch, from its first to its last business instant, in microseconds since 1970 UTC."""

    date: date
    opens_us: int
    closes_us: int

    def instant(self, rng: random.Random) -> int:
        """Some instant of the day."""
        return rng.randrange(self.opens_us, self.closes_us)


@dataclass(slots=True)
class Planting:
    """One seed into one branch."""

    branch: Branch
    rng: random.Random
    days: tuple[Day, ...]
    actor: str = SYSTEM
    recorders: tuple[str, ...] = (SYSTEM,)
    """Who created the balance records that wait, in turn."""
    _ids: Iterator[int] = field(default_factory=lambda: iter(range(1 << 32)))
    _chance: random.Random = field(default_factory=random.Random)

    @property
    def first_day(self) -> date:
        """The day on which the seeded customers come."""
        return self.days[0].date

    @property
    def begin_us(self) -> int:
        """The instant at which they come."""
        return self.days[0].opens_us

    def new_id(self, at_us: int) -> str:
        """A UUIDv7 of that instant; ids of one planting are in the order in which they are made."""
        count = next(self._ids)
        value = (at_us // 1_000) << 80 | 7 << 76 | (count >> 20) << 64
        value |= 2 << 62 | (count & 0xFFFFF) << 42 | self._chance.getrandbits(42)
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def last_days(tx: Tx, branch: Branch, now_us: int) -> tuple[Day, ...]:
    """The branch's open days of the last month, the oldest first; today ends now."""
    zone = ZoneInfo(branch.timezone)
    today = local_date(now_us, branch.timezone)
    found: list[Day] = []
    for back in range(DAYS - 1, -1, -1):
        day = today - timedelta(days=back)
        if is_closed(tx, branch.id, day.isoformat()):
            continue
        opens = as_us(datetime.combine(day, _OPENS, zone))
        closes = min(as_us(datetime.combine(day, _CLOSES, zone)), now_us)
        if closes - opens < _MINUTE_US:
            opens = as_us(datetime.combine(day, time(), zone))
        if closes - opens >= _MINUTE_US:
            found.append(Day(day, opens, closes))
    if not found:
        raise ValueError(f"Branch {branch.code} has closed all of its last {DAYS} days.")
    return tuple(found)
