"""Sign-ins that fail from one source: all tellers may share a bastion, so this slows nobody, it tells (AUTH-3)."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

WINDOW_US: Final = 10 * 60 * 1_000_000
FAILURES: Final = 100
NAMES: Final = 30
"""So many failures, or failures of so many names, within ten minutes are no mornings' mistyping."""

REMEMBERED_MAX: Final = 10_000
"""Sources; the one heard of longest ago is forgotten first."""

_IPV6_PREFIX: Final = 64


@dataclass(slots=True)
class Failures:
    """What failed from a source since `since_us`."""

    since_us: int
    count: int = 0
    names: set[str] = field(default_factory=set)
    told: bool = False


class Sources:
    """Counts by the address that the connection comes from, or that a trusted proxy says."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, Failures] = OrderedDict()

    def failed(self, address: str | None, name: str, at_us: int) -> Failures | None:
        """Count a failure; returns what was counted when it is time to tell, once a window."""
        source = _source(address)
        found = self._of.pop(source, None)
        if found is None or at_us - found.since_us > WINDOW_US:
            found = Failures(at_us)
        self._of[source] = found
        if len(self._of) > REMEMBERED_MAX:
            self._of.popitem(last=False)
        found.count += 1
        if len(found.names) < NAMES:
            found.names.add(name)
        if found.told or (found.count < FAILURES and len(found.names) < NAMES):
            return None
        found.told = True
        return found


def _source(address: str | None) -> str:
    """The address; of IPv6 the network that one host may choose its addresses from."""
    try:
        given = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(given, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((given, _IPV6_PREFIX), strict=False))
    return str(given)
