"""What is asked about a change: what the ledger knows of its key, and the fence that ends a doubt (IDEM-8, IDEM-9)."""

from __future__ import annotations

from branchtui.contract.operations import Operation
from branchtui.contract.problem import Codes
from branchtui.remote.answers import failure_of, read_answer
from branchtui.remote.calls import Calls, segment
from branchtui.remote.classify import LINE_FAILURES, Failed, Kind
from branchtui.remote.errors import Blocked
from branchtui.remote.resolver import Resolver
from branchtui.remote.transport import Ask


class Questions(Calls):
    """Adds to `Calls` the questions of the resolver, and has the probe of a line that is down ask one of them."""

    resolver: Resolver

    async def operation(self, key: str) -> Operation:
        """What became of the change under `key`. Refused with `operation-unknown`: it never arrived."""
        return await self._read(f"/v1/operations/{segment(key)}", Operation)

    async def cancel_operation(self, key: str) -> Operation:
        """The fence (IDEM-9): no copy that is still under way can be applied; or what was done already."""
        return await self._fence(key, is_activity=True)

    async def _ask_operation(self, key: str, username: str | None = None) -> Operation:
        path = f"/v1/operations/{segment(key)}"
        return await self._read(path, Operation, is_activity=False, username=username)

    def _is_in_doubt(self) -> bool:
        return self.resolver.next_to_ask is not None

    async def _probe(self) -> bool:
        """Where a change is in doubt the probe asks about it: a line that heals carries one request less for each."""
        key, session = self.resolver.next_to_ask, self._session
        if key is None or session is None:
            return await super()._probe()
        ask = Ask("GET", f"/v1/operations/{segment(key)}", Kind.READ, is_activity=False)
        try:
            reply = await self._transport.exchange(
                ask, token=session.access_token, seconds=self._transport.deadlines.read
            )
        except Failed:
            return False
        if not reply.is_success:
            failure = failure_of(reply, self._clock.now())
            if failure.event in LINE_FAILURES:
                return False
            if failure.problem is not None and failure.problem.code == Codes.OPERATION_UNKNOWN:
                self.resolver.never_seen(key)
                return True
        # What the ledger knows of it is asked for on the usual way, which compares heads and renews a session.
        self.resolver.check_now(key)
        return True

    def _refuse_alarmed(self) -> None:
        if self.heads.alarm is not None:
            raise Blocked(self.heads.alarm.sentence)

    async def _fence(self, key: str, username: str | None = None, *, is_activity: bool = False) -> Operation:
        # What a ledger does not know that lost its history may well have happened.
        self._refuse_alarmed()
        # It may be sent any number of times, so it follows the column of readings.
        ask = Ask("POST", f"/v1/operations/{segment(key)}/cancel", Kind.READ, is_activity=is_activity)
        return await self._call(ask, lambda reply: read_answer(reply, Operation), username=username)
