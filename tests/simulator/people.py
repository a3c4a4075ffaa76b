"""Who works in a world: people at terminals, and a provider that confirms payments."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from datetime import date
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tests.ledger.running import CURRENCY, PASSWORD, TELLER_LIMIT_MINOR
from tests.ledger.till import message as confirmation
from tests.simulator.faults import Trouble
from tests.simulator.loop import Process
from tests.simulator.network import Line, Wire
from tests.simulator.oracle import Intent, Kind, Word
from tests.simulator.template import CUSTOMERS, SHORT_CODE, SUPERVISORS
from tests.simulator.terminal import URL, Died, Gone, Terminal

from branchtui.contract.approvals import Approval, NewApproval
from branchtui.contract.balance_records import (
    BalanceRecord,
    BalanceRecordChange,
    BulkAction,
    NewBalanceRecord,
    RecordFilter,
)
from branchtui.contract.customers import AccountKind, NewAccount, NewCustomer
from branchtui.contract.payments import Payment
from branchtui.remote.client import Ledger
from branchtui.remote.errors import AwaitsApproval, Conflict, LedgerError, OutcomeUnknown, Refused
from branchtui.remote.http_library import httpx
from branchtui.remote.intents import IntentState
from branchtui.remote.transport import Deadlines

if TYPE_CHECKING:
    from tests.simulator.world import World

T = TypeVar("T")

DAY: Final = date(2026, 9, 30)
SETTLED_SECONDS_MAX: Final = 400.0
KINDS: Final = (AccountKind.SAVINGS, AccountKind.SHARES, AccountKind.LOAN)
CROWDED: Final = 25
"""Records that are known; beyond it more are settled than keyed."""

Work = Callable[[Ledger], Awaitable[T]]


class Person:
    """Somebody at a terminal; with two names two people who take turns at it."""

    def __init__(self, world: World, terminal: Terminal, names: list[str]) -> None:
        self.world = world
        self.terminal = terminal
        self.names = names
        self.name = names[0]
        self.page: tuple[BalanceRecord, ...] = ()
        self._chance = world.chance(*names)

    # ── the day ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def work(self) -> None:
        """Do one thing after another until the world is over."""
        pause = self.world.plan.pause_seconds
        while not self.world.is_over:
            try:
                await asyncio.sleep(self._chance.expovariate(1 / pause))
                if self.world.has(Trouble.SESSION_OVER) and self._chance.random() < 0.02:
                    await asyncio.sleep(self._chance.choice((650.0, 1_000.0)))
                await self._be_there()
                await self._do_something()
            except Died:
                await asyncio.sleep(self._chance.uniform(1.0, 60.0))
            except LedgerError:
                continue

    async def _be_there(self) -> None:
        """A terminal that runs, and somebody signed in to it."""
        if not self.terminal.is_alive:
            self.terminal.start()
            self.terminal.ledger.person.proved_by(self._prove)
        if len(self.names) > 1 and self._chance.random() < 0.05:
            await self._hand_over()
        user = self.terminal.ledger.user
        if user is None or user.username != self.name:
            await self._sign_in()

    async def _hand_over(self) -> None:
        """The other one takes the terminal, with a sign-out before it or without."""
        self.name = next(name for name in self.names if name != self.name)
        if self._chance.random() < 0.5:
            await self._sign_out()

    async def _sign_out(self) -> None:
        self.world.asked()
        await self.terminal.do(lambda ledger: ledger.sign_out())

    async def _sign_in(self) -> None:
        self.world.asked()
        await self.terminal.do(lambda ledger: ledger.sign_in(self.name, PASSWORD))
        self.world.note(self.name, "is signed in")
        await self._read_news()

    async def _prove(self) -> bool:
        self.world.asked()
        try:
            await self.terminal.ledger.step_up(password=PASSWORD)
        except (LedgerError, Died):
            return False
        return True

    async def _read_news(self) -> None:
        """What was settled meanwhile, and what a restore took: read, and acknowledged."""

        async def read(ledger: Ledger) -> None:
            for pending in ledger.resolver.settled_unseen:
                intent = self.world.oracle.by_key[pending.key]
                word = Word.DONE if pending.state is IntentState.APPLIED else Word.NOT_DONE
                if intent.word is not word:
                    self.world.oracle.say(intent, word, "the journal")
                ledger.resolver.acknowledge(pending.key)
            if ledger.restored is not None:
                ledger.acknowledge_restore()

        await self.terminal.do(read)

    async def _do_something(self) -> None:
        begun = self._chance.random()
        if begun < 0.08:
            await self._meddle()
        elif begun < 0.18:
            await self._look()
        else:
            await self._change_something()
        await self._read_news()

    async def _meddle(self) -> None:
        """What people do beside their work: sign out, prove who they are, quit, try the line, park a doubt or hurry it."""
        choice = self._chance.randrange(8)
        if choice < 3:
            await self._sign_out()
        elif choice < 5:
            await self._prove()
        elif choice == 5:
            await self.terminal.close()
        elif choice == 6:
            await self.terminal.do(lambda ledger: ledger.try_now())
        else:
            await self.terminal.do(self._park_or_hurry)

    async def _park_or_hurry(self, ledger: Ledger) -> None:
        for pending in ledger.resolver.unresolved:
            if self._chance.random() < 0.5:
                ledger.resolver.park(pending.key)
            else:
                ledger.resolver.check_now(pending.key)

    async def _look(self) -> None:
        """Read what there is."""
        self.world.asked()
        known = self.world.weather.known
        if self._chance.random() < 0.3:
            payments = await self.terminal.do(lambda ledger: ledger.payments(limit=20))
            known.payments.update({str(each.code): each for each in payments.items})
        elif self._chance.random() < 0.4:
            requests = await self.terminal.do(lambda ledger: ledger.approvals(limit=20))
            known.requests.update({each.reason: each for each in requests.items})
        else:
            records = await self.terminal.do(lambda ledger: ledger.balance_records(limit=20))
            known.records.update({each.narration: each for each in records.items})

    # ── changes ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _change_something(self) -> None:
        known = self.world.weather.known
        ways: list[tuple[float, Callable[[], Awaitable[None]]]] = [
            (4 if len(known.records) < CROWDED else 1, self._create),
            (0.4, self._customer),
            (0.4, self._account),
        ]
        if known.records:
            ways += [(2, self._edit), (1, self._delete), (3, self._post), (0.7, self._set), (1, self._file)]
            ways += [(2.5, self._reverse)] if self._is_supervisor else []
        if known.payments:
            ways += [(2.5, self._associate), (1.5, self._disassociate)]
        if known.requests:
            ways += [(1, self._decide)]
        way = self._chance.choices([way for _, way in ways], [weight for weight, _ in ways])[0]
        if self.world.has(Trouble.SIGNED_IN_MEANWHILE) and self._chance.random() < 0.04:
            await self._sign_in_meanwhile(way)
        else:
            await way()

    async def _sign_in_meanwhile(self, way: Callable[[], Awaitable[None]]) -> None:
        """While a change is being sent the screen is unlocked, or the other one of the two signs in."""
        making = self.world.loop.create_task(_finished(way()))
        await asyncio.sleep(self._chance.uniform(0.0, 3.0))
        if len(self.names) > 1 and self._chance.random() < 0.5:
            self.name = next(name for name in self.names if name != self.name)
        try:
            if not making.done():
                self.world.saw(Trouble.SIGNED_IN_MEANWHILE.value)
            await self._sign_in()
        finally:
            await making

    @property
    def _is_supervisor(self) -> bool:
        return self.name in SUPERVISORS

    def _patience(self) -> float | None:
        impatient = self.world.has(Trouble.CALLER_GONE) and self._chance.random() < 0.08
        return self._chance.uniform(0.0, 5.0) if impatient else None

    async def _make(self, intent: Intent, work: Work[T]) -> T | None:
        """Do it, and write down what one is told; the answer where there is one."""
        oracle = self.world.oracle
        try:
            answer = await self.terminal.change(intent, work, patience=self._patience())
        except (Gone, OutcomeUnknown):
            return None
        except AwaitsApproval:
            oracle.say(intent, Word.DONE, "filed")
            return None
        except Refused as refused:
            oracle.say(intent, Word.NOT_DONE, refused.code)
            self._learn(refused)
            return None
        except LedgerError as error:
            oracle.say(intent, Word.NOT_DONE, type(error).__name__)
            return None
        oracle.say(intent, Word.DONE, "the ledger")
        return answer

    def _learn(self, refused: Refused) -> None:
        """What stands now, where a conflict told."""
        known = self.world.weather.known
        current = refused.current if isinstance(refused, Conflict) else None
        if isinstance(current, BalanceRecord):
            known.records[current.narration] = current
        elif isinstance(current, Payment):
            known.payments[str(current.code)] = current
        elif isinstance(current, Approval):
            known.requests[current.reason] = current

    def _begin(self, kind: Kind, **more: str | int) -> Intent:
        return self.world.oracle.begin(kind, self.name, **more)

    def _amount(self, intent_number: int) -> int:
        """Unlike every other amount; some are above a teller's limit."""
        high = self._chance.random() < 0.15
        return (TELLER_LIMIT_MINOR if high else 1_000) + intent_number

    async def _create(self) -> None:
        customer, kind = self._chance.choice(CUSTOMERS), self._chance.choice(KINDS)
        intent = self._begin(Kind.CREATE, customer=customer, account_kind=kind.value)
        intent.amount = self._amount(intent.number)
        record = NewBalanceRecord(
            customer_id=customer,
            account_kind=kind,
            amount_minor=intent.amount,
            currency=CURRENCY,
            as_of_date=DAY,
            narration=intent.mark,
            external_ref=intent.mark if self._chance.random() < 0.5 else None,
        )
        made = await self._make(intent, lambda ledger: ledger.create_balance_record(record))
        if made is not None:
            self.world.weather.known.records[intent.mark] = made

    def _some_record(self) -> BalanceRecord:
        return self._chance.choice(list(self.world.weather.known.records.values()))

    def _begin_on(self, kind: Kind, record: BalanceRecord, amount: int = 0) -> Intent:
        return self._begin(
            kind,
            subject=record.narration,
            seen=record.version,
            customer=record.customer_id,
            amount=amount or record.amount_minor,
        )

    async def _on_record(self, intent: Intent, work: Work[BalanceRecord]) -> None:
        changed = await self._make(intent, work)
        if changed is not None:
            self.world.weather.known.records[changed.narration] = changed

    async def _edit(self) -> None:
        record = self._some_record()
        intent = self._begin_on(Kind.EDIT, record)
        intent.amount = self._amount(intent.number)
        change = BalanceRecordChange(amount_minor=intent.amount)
        await self._on_record(intent, lambda ledger: ledger.change_balance_record(record, change))

    async def _delete(self) -> None:
        record = self._some_record()
        intent = self._begin_on(Kind.DELETE, record)
        await self._make(intent, lambda ledger: ledger.delete_balance_record(record))
        if intent.word is Word.DONE:
            self.world.weather.known.records.pop(record.narration, None)

    async def _post(self) -> None:
        record = self._some_record()
        intent = self._begin_on(Kind.POST, record)
        await self._on_record(intent, lambda ledger: ledger.post_balance_record(record))

    async def _reverse(self) -> None:
        record = self._some_record()
        intent = self._begin_on(Kind.REVERSE, record)
        await self._on_record(intent, lambda ledger: ledger.reverse_balance_record(record, intent.mark))

    async def _set(self) -> None:
        """Post all or delete all of one customer's."""
        customer = self._chance.choice(CUSTOMERS)
        kind = self._chance.choice((Kind.POST_ALL, Kind.POST_ALL, Kind.DELETE_ALL))
        which = RecordFilter(customer=customer)
        action = "post" if kind is Kind.POST_ALL else "delete"
        self.world.asked()
        seen = await self.terminal.do(lambda ledger: ledger.records_summary(which, action=action))
        if not seen.count:
            return
        asked = BulkAction(
            filter=which, count=seen.count, total_minor=seen.total_minor, set_hash=seen.set_hash
        )
        intent = self._begin(kind, customer=customer, amount=seen.total_minor, count=seen.count)
        if kind is Kind.POST_ALL:
            await self._make(intent, lambda ledger: ledger.post_all_records(asked))
        else:
            await self._make(intent, lambda ledger: ledger.delete_all_records(asked))
        self.world.weather.known.records.clear()

    async def _customer(self) -> None:
        intent = self._begin(Kind.CUSTOMER)
        new = NewCustomer(
            first_name="Wanjiru",
            last_name=intent.mark.translate(_LETTERS),
            branch_id=self.world.template.branch_id,
            external_id=intent.mark,
            active=True,
        )
        await self._make(intent, lambda ledger: ledger.create_customer(new))

    async def _account(self) -> None:
        customer = self._chance.choice(CUSTOMERS)
        intent = self._begin(Kind.ACCOUNT, customer=customer)
        new = NewAccount(kind=AccountKind.OVERPAYMENT, currency=CURRENCY, product=intent.mark)
        await self._make(intent, lambda ledger: ledger.open_account(customer, new))

    async def _associate(self) -> None:
        payment, customer = self._some_payment(), self._chance.choice(CUSTOMERS)
        intent = self._begin_payment(Kind.ASSOCIATE, payment, customer)
        await self._on_payment(intent, lambda ledger: ledger.associate_payment(payment, customer))

    async def _disassociate(self) -> None:
        payment = self._some_payment()
        intent = self._begin_payment(Kind.DISASSOCIATE, payment, payment.customer_id or "")
        await self._on_payment(intent, lambda ledger: ledger.disassociate_payment(payment, intent.mark))

    def _some_payment(self) -> Payment:
        return self._chance.choice(list(self.world.weather.known.payments.values()))

    def _begin_payment(self, kind: Kind, payment: Payment, customer: str) -> Intent:
        return self._begin(
            kind,
            subject=str(payment.code),
            seen=payment.version,
            customer=customer,
            amount=payment.amount_minor,
        )

    async def _on_payment(self, intent: Intent, work: Work[Payment]) -> None:
        changed = await self._make(intent, work)
        if changed is not None:
            self.world.weather.known.payments[str(changed.code)] = changed

    async def _file(self) -> None:
        high = [
            each
            for each in self.world.weather.known.records.values()
            if each.amount_minor > TELLER_LIMIT_MINOR
        ]
        if not high:
            return
        record = self._chance.choice(high)
        intent = self._begin_on(Kind.FILE, record)
        wanted = NewApproval(
            action="balance-record.post",
            object_id=record.id,
            object_version=record.version,
            reason=intent.mark,
        )
        await self._make(intent, lambda ledger: ledger.file_approval(wanted, "a balance"))

    async def _decide(self) -> None:
        known = self.world.weather.known.requests
        request = self._chance.choice(list(known.values()))
        if self._is_supervisor:
            request = await self.terminal.do(lambda ledger: ledger.approval(request.id))
            known[request.reason] = request
        kinds = (Kind.APPROVE, Kind.APPROVE, Kind.REJECT) if self._is_supervisor else (Kind.WITHDRAW,)
        kind = self._chance.choice(kinds)
        intent = self._begin(kind, subject=request.reason, seen=request.object_version)
        if kind is Kind.APPROVE:
            await self._make(intent, lambda ledger: ledger.approve(request))
        elif kind is Kind.REJECT:
            await self._make(intent, lambda ledger: ledger.reject(request, intent.mark))
        else:
            await self._make(intent, lambda ledger: ledger.withdraw(request))

    # ── when the weather has cleared ────────────────────────────────────────────────────────────────────────────────

    async def settle_everything(self) -> None:
        """Everybody of this terminal signs in once more, and sees the end of whatever was in doubt."""
        self.terminal.ledger.person.proved_by(self._prove)
        for name in self.names:
            self.name = name
            await self._sign_in_at_last()
            began = self.world.loop.time()
            await self.terminal.do(self._unpark)
            while self._is_in_doubt():
                if self.world.loop.time() - began > SETTLED_SECONDS_MAX:
                    self.world.story.faults.append(f"{self.name}: still in doubt: {self._doubts()}")
                    break
                await asyncio.sleep(0.25)
            self.world.story.healed_seconds.append(self.world.loop.time() - began)
            await self._read_news()

    async def _sign_in_at_last(self) -> None:
        """Somebody whom the ledger made wait for too many tries waits."""
        until = self.world.loop.time() + 2 * 3_600
        while True:
            try:
                await self._sign_in()
            except LedgerError:
                if self.world.loop.time() > until:
                    raise
                await asyncio.sleep(10.0)
            else:
                return

    async def _unpark(self, ledger: Ledger) -> None:
        for pending in ledger.resolver.unresolved:
            if pending.is_parked:
                ledger.resolver.check_now(pending.key)

    def _is_in_doubt(self) -> bool:
        ledger = self.terminal.ledger
        return bool(ledger.resolver.unresolved) or bool(ledger._under_way)

    def _doubts(self) -> list[str]:
        unresolved = self.terminal.ledger.resolver.unresolved
        return [str(self.world.oracle.by_key[pending.key]) for pending in unresolved]

    async def look_once_more(self) -> None:
        """The last screen, by whoever signed in last."""
        await self._sign_in_at_last()
        self.page = (await self.terminal.do(lambda ledger: ledger.balance_records(limit=50))).items


async def _finished(work: Awaitable[None]) -> None:
    """What a change comes to is written down already; that the line failed beside it is nobody's concern."""
    try:
        await work
    except (Died, LedgerError):
        return


_LETTERS: Final = str.maketrans("0123456789-", "abcdefghijk")


class Provider:
    """Confirms payments, again and again until it is told that they are taken (HOOK-1)."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.amounts: dict[str, int] = {}
        self._taken: dict[str, int] = {}
        """Codes that were taken, and how often the ledger had been restored by then."""

        self._chance: random.Random = world.chance("provider")
        self._line = Line("provider")
        self._process = Process(world.loop, "provider")

    async def work(self) -> None:
        """A payment every now and then."""
        pause = self.world.plan.pause_seconds
        while not self.world.is_over:
            await asyncio.sleep(self._chance.expovariate(1 / pause))
            code = f"SIM{len(self.amounts) + 1:05d}"
            self.amounts[code] = 10_000 + 100 * len(self.amounts)
            self.world.asked()
            for _ in range(self._chance.randint(1, 4)):
                if await self._confirm(code):
                    break
                await asyncio.sleep(self._chance.uniform(1.0, 60.0))

    async def settle(self) -> None:
        """What was not taken, or taken by a ledger that is no more, is told once more (reconciliation)."""
        for code in self.amounts:
            tries = 0
            while self._taken.get(code) != self.world.house.restores:
                tries += 1
                assert tries < 10, "a confirmation is not taken in calm weather"
                await self._confirm(code)

    async def _confirm(self, code: str) -> bool:
        amount = f"{self.amounts[code] // 100}.{self.amounts[code] % 100:02d}"
        body = confirmation(
            code, TransAmount=amount, BusinessShortCode=SHORT_CODE, BillRefNumber="", MSISDN="2547*****333"
        )
        path = f"/v1/callbacks/mpesa/{self.world.template.callback_token}/confirmation"
        restores = self.world.house.restores
        try:
            answer = await self._process.run(self._send(path, json.dumps(body).encode()))
        except httpx.HTTPError:
            return False
        if answer.status_code != 200 or b"ResultCode" not in answer.content:
            return False
        self._taken[code] = restores
        return True

    async def _send(self, path: str, body: bytes) -> httpx.Response:
        times = Deadlines()

        async def trace(*_: Any) -> None:
            return

        request = httpx.Request(
            "POST",
            URL + path,
            content=body,
            headers={"content-type": "application/json"},
            extensions={"trace": trace, "timeout": {"connect": times.connect, "read": times.silence}},
        )
        response = await Wire(self.world.network, self._line).handle_async_request(request)
        await response.aread()
        return response
