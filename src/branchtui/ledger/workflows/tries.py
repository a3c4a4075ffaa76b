"""How often a password may be guessed: the same for names that exist and names that do not (AUTH-3)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from branchtui.contract.problem import Codes
from branchtui.ledger.problems import Refusal

SECOND_US: Final = 1_000_000
FREE_TRIES: Final = 3
LOCK_AFTER: Final = 10
TRY_WINDOW_US: Final = 30 * 60 * SECOND_US
MAX_WAIT_SECONDS: Final = 60
MAX_STRANGERS: Final = 10_000
"""Names without a user whose tries are remembered; the one tried longest ago is forgotten first."""


@dataclass(frozen=True, slots=True)
class Tries:
    """The tries since the last success, and until when there may be no other; times in microseconds."""

    failed: int = 0
    since: int | None = None
    next_at: int | None = None
    locked_until: int | None = None

    def refusal(self, at_us: int) -> Refusal | None:
        """Why there may be no try now, or None.

        An end that lies further ahead than any wait is long was set by a clock that has been put back since: it would
        keep a teller out for a day, and counts no more. A minute is left for a clock that is merely corrected.
        """
        furthest = at_us + TRY_WINDOW_US + MAX_WAIT_SECONDS * SECOND_US
        until = max(
            (end for end in (self.next_at, self.locked_until) if end is not None and end <= furthest),
            default=0,
        )
        if at_us >= until:
            return None
        seconds = (until - at_us) // SECOND_US + 1
        return Refusal(
            429,
            Codes.LOGIN_THROTTLED,
            f"Too many tries. Wait {seconds} s, or ask a supervisor.",
            retry_after_seconds=seconds,
        )

    def counted(self, at_us: int) -> Tries:
        """One more try: three are free, the tenth within half an hour is the last for half an hour."""
        stale = self.since is None or abs(at_us - self.since) > TRY_WINDOW_US
        failed = 1 if stale else self.failed + 1
        return Tries(
            failed=failed,
            since=at_us if stale else self.since,
            next_at=at_us + wait_seconds(failed) * SECOND_US,
            locked_until=at_us + TRY_WINDOW_US if failed >= LOCK_AFTER else None,
        )


def wait_seconds(failed_tries: int) -> int:
    """How long after this many tries the next must wait: none after three, then 1, 2, 4 ... 60 s."""
    beyond = failed_tries - FREE_TRIES
    return 0 if beyond <= 0 else int(min(2 ** (beyond - 1), MAX_WAIT_SECONDS))


class Strangers:
    """The tries of names that nobody has, so that waiting does not tell which names there are."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, Tries] = OrderedDict()

    def count(self, name: str, at_us: int) -> None:
        """Count a try of `name`.

        Raises:
            Refusal: 429 `login-throttled`.
        """
        known = self._tries.get(name, Tries())
        if refusal := known.refusal(at_us):
            raise refusal
        self._tries[name] = known.counted(at_us)
        self._tries.move_to_end(name)
        if len(self._tries) > MAX_STRANGERS:
            self._tries.popitem(last=False)
