"""A real ledger for tests: uvicorn on a free loopback port over a SQLite file, and a small HTTP client for it.

`running_ledger` (conftest.py) gives one a test module. Three branches: `HQ` at the top, `NKU` and
`KSM` below it, beside each other. People, all with `PASSWORD`:

    teller, teller-b, supervisor      in NKU       teller2, supervisor2     in KSM
    hq-teller, hq-supervisor          in HQ        auditor, administrator   in HQ

Tellers have a limit of `TELLER_LIMIT_MINOR`; the others have none.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import shutil
import socket
import threading
import time
import uuid
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import httpx
import pytest
import structlog
import uvicorn
from tests.ledger.documented import refuse_undocumented

from branchtui.contract.sessions import Role
from branchtui.format.folding import fold
from branchtui.ledger import setup
from branchtui.ledger.check import violations
from branchtui.ledger.clock import SystemClock, as_datetime, new_id
from branchtui.ledger.core import Core, open_core
from branchtui.ledger.journal import natural_minor
from branchtui.ledger.passwords import Passwords
from branchtui.ledger.serve import server_config
from branchtui.ledger.store.engine import store_at
from branchtui.ledger.store.rows import Account, Branch, Customer, Transfer, User
from branchtui.ledger.store.sqlite_store import SqliteStore
from branchtui.ledger.web.app import make_app
from branchtui.ledger.web.limits import LIFTED, Limits, Rates
from branchtui.ledger.web.routes import all_routes

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from datetime import date
    from pathlib import Path

    from branchtui.ledger.store.unit import BulkTx, Tx

T = TypeVar("T")

PASSWORD: Final = "seven quiet herons"
CURRENCY: Final = "KES"
TIMEZONE: Final = "Africa/Nairobi"
TELLER_LIMIT_MINOR: Final = 10_000_000
BRANCHES: Final = ("HQ", "NKU", "KSM")
PEOPLE: Final[tuple[tuple[str, Role, str], ...]] = (
    ("teller", Role.TELLER, "NKU"),
    ("teller-b", Role.TELLER, "NKU"),
    ("supervisor", Role.SUPERVISOR, "NKU"),
    ("teller2", Role.TELLER, "KSM"),
    ("supervisor2", Role.SUPERVISOR, "KSM"),
    ("hq-teller", Role.TELLER, "HQ"),
    ("hq-supervisor", Role.SUPERVISOR, "HQ"),
    ("auditor", Role.AUDITOR, "HQ"),
    ("administrator", Role.ADMINISTRATOR, "HQ"),
)
START_SECONDS: Final = 30.0
_DAY_US: Final = 86_400_000_000
_MORNING_US: Final = 6 * 3_600_000_000


def cheap_passwords() -> Passwords:
    """argon2 at its lowest cost: tests sign in often."""
    return Passwords(memory_kib=8, passes=1)


class MovableClock:
    """The machine's clock, moved by as much as a test says."""

    def __init__(self) -> None:
        self._system = SystemClock()
        self.offset_us = 0

    def now_us(self) -> int:
        """Microseconds since 1970 UTC, moved."""
        return self._system.now_us() + self.offset_us

    def advance(self, *, seconds: float = 0, days: int = 0) -> None:
        """Let time pass (or step back)."""
        self.offset_us += int(seconds * 1_000_000) + days * _DAY_US

    def wait_for_morning(self) -> None:
        """Let time pass to nine o'clock in Nairobi, so that hours may follow without an end of the day."""
        self.offset_us += (_MORNING_US - self.now_us()) % _DAY_US


def make_template(database: str) -> None:
    """A fresh ledger with branches and people at the URL `database`."""
    setup.init_ledger(
        database,
        setup.NewLedger("Pamoja Sacco", "HQ", "Head office", CURRENCY, TIMEZONE, "root", PASSWORD),
    )
    hashed = cheap_passwords().hash(PASSWORD)
    at_us = SystemClock().now_us()

    def fill(tx: BulkTx) -> None:
        for code, name in (("NKU", "Nakuru"), ("KSM", "Kisumu")):
            setup.add_branch(tx, code=code, name=name, parent_code="HQ", currency=CURRENCY, timezone=TIMEZONE)
        for username, role, code in PEOPLE:
            branch = tx.find_one(Branch, code=code)
            assert branch is not None
            tx.put(user_row(username, role, branch.id, hashed, at_us))

    setup.change(database, fill)


def user_row(username: str, role: Role, branch_id: str, hashed: str, at_us: int) -> User:
    """Somebody who has never signed in."""
    return User(
        id=new_id(),
        version=1,
        username=username,
        person_id=new_id(),
        role=role.value,
        branch_id=branch_id,
        password_hash=hashed,
        limit_minor=TELLER_LIMIT_MINOR if role is Role.TELLER else None,
        disabled=0,
        failed_tries=0,
        failed_since=None,
        next_try_at=None,
        locked_until=None,
        created_at=at_us,
    )


def fresh_key() -> str:
    """An idempotency key nobody has used."""
    return str(uuid.uuid4())


@dataclass
class Api:
    """What somebody signed in sends. Changes carry a fresh `Idempotency-Key` unless the test gives one.

    `if_match` is a version; it becomes the strong ETag. `send` returns the response as it is;
    `get`, `post`, `patch`, `put`, `delete` do too, so that a test reads status, headers and body.
    """

    client: httpx.Client
    username: str = ""
    token: str = ""
    session: dict[str, Any] = field(default_factory=dict)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        if_match: int | str | None = None,
        headers: dict[str, str] | None = None,
        params: dict[str, Any] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """Send one request; `key=""` sends none."""
        sent = {"authorization": f"Bearer {self.token}"} if self.token else {}
        if method not in {"GET", "HEAD"} and key != "":
            sent["idempotency-key"] = key or fresh_key()
        if if_match is not None:
            sent["if-match"] = f'"{if_match}"' if isinstance(if_match, int) else if_match
        sent |= headers or {}
        if content is not None:
            return self.client.request(method, path, content=content, headers=sent, params=params)
        if body is None:
            return self.client.request(method, path, headers=sent, params=params)
        return self.client.request(method, path, json=body, headers=sent, params=params)

    def get(self, path: str, **params: Any) -> httpx.Response:
        """Read; keyword arguments become the query."""
        return self.send("GET", path, params=params or None)

    def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """Create or act."""
        return self.send("POST", path, body, **options)

    def patch(self, path: str, body: Any, **options: Any) -> httpx.Response:
        """Change."""
        return self.send("PATCH", path, body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """Set."""
        return self.send("PUT", path, body, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        """Delete."""
        return self.send("DELETE", path, **options)

    def pages(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """All items of a list, page by page."""
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = self.get(path, **(params | ({"cursor": cursor} if cursor else {})))
            assert page.status_code == 200, page.text
            items += page.json()["items"]
            cursor = page.json()["next"]
            if cursor is None:
                return items


@dataclass
class Member:
    """A customer as inserted, with the accounts by kind."""

    customer: Customer
    accounts: dict[str, Account]

    @property
    def id(self) -> str:
        return self.customer.id


class RunningLedger:
    """A served ledger. Use as a context manager; `url` is its address, `core` its insides.

    Tests ask faster than people: rates are lifted unless a test gives some.
    """

    def __init__(
        self,
        database: str,
        *,
        rates: Rates = LIFTED,
        monotonic: Callable[[], float] = time.monotonic,
        proxies: tuple[str, ...] = (),
    ) -> None:
        self.database = database
        self.monotonic = monotonic
        self.proxies = proxies
        self.rates = rates
        self.store = store_at(database)
        self.clock = MovableClock()
        self.url = ""
        self._apis: dict[str, Api] = {}
        self._numbers = itertools.count(1)
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._serve, name="ledger-under-test", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.result(START_SECONDS)
        hooks = {"response": [refuse_undocumented]}
        self.client = httpx.Client(base_url=self.url, timeout=30.0, trust_env=False, event_hooks=hooks)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.loop.call_soon_threadsafe(setattr, self._server, "should_exit", True)
        self._thread.join(START_SECONDS)
        assert not self._thread.is_alive(), "the ledger did not stop"

    def _serve(self) -> None:
        try:
            asyncio.run(self._serve_until_told())
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _serve_until_told(self) -> None:
        # A line for each request would fill what pytest keeps of the output.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
        self.loop = asyncio.get_running_loop()
        self.core: Core = open_core(self.database, clock=self.clock)
        try:
            with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
                # asyncio sets this only on sockets that name their protocol; without it each answer waits 40 ms.
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                app = make_app(
                    self.core,
                    all_routes(cheap_passwords()),
                    limits=Limits(self.rates, monotonic=self.monotonic),
                )
                self._server = uvicorn.Server(server_config(app, loop="asyncio", proxies=self.proxies))
                self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
                self._ready.set_result(None)
                await self._server.serve(sockets=[listening])
        finally:
            self.core.close()

    @property
    def path(self) -> Path:
        """The file; a test that asks for it has nothing to say about a ledger in a server."""
        if not isinstance(self.store, SqliteStore):
            pytest.skip("a ledger in a server has no file")
        return self.store.path

    # ── people ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def sign_in(self, username: str, *, fresh: bool = False) -> Api:
        """An `Api` signed in as `username`; the same one again unless `fresh`."""
        if not fresh and username in self._apis:
            return self._apis[username]
        anonymous = self.anonymous()
        answer = anonymous.post("/v1/sessions", {"username": username, "password": PASSWORD}, key="")
        assert answer.status_code == 201, answer.text
        session = answer.json()
        self._apis[username] = Api(self.client, username, session["access_token"], session)
        return self._apis[username]

    def add_user(self, username: str, role: Role, branch: str = "HQ") -> None:
        """One more who may sign in, straight into the store."""
        user = user_row(
            username, role, self.branch(branch).id, cheap_passwords().hash(PASSWORD), self.clock.now_us()
        )
        self.write(lambda tx: tx.put(user))

    def anonymous(self) -> Api:
        """An `Api` nobody signed in to."""
        return Api(self.client)

    def branch(self, code: str) -> Branch:
        """The branch with this code."""
        found = self.core.tree.by_code(code)
        assert found is not None, f"no branch {code}"
        return found

    def today(self, code: str = "NKU") -> date:
        """The branch's calendar day."""
        return self.core.today(self.branch(code))

    # ── straight into the store ─────────────────────────────────────────────────────────────────────────────────────

    def write(self, run: Callable[[Tx], T]) -> T:
        """Run `run` in the ledger's own writer, as one command."""
        return self._on_loop(self.core.writer.submit(run))

    def bulk(self, run: Callable[[BulkTx], T]) -> T:
        """Run `run` in the ledger's own writer, in a transaction of its own."""
        return self._on_loop(self.core.writer.bulk(run))

    def query(self, statement: str, *bound: Any) -> list[tuple[Any, ...]]:
        """Rows of the database as committed, read beside the ledger."""
        connection = self.store.connect(read_only=True)
        try:
            return [tuple(row) for row in connection.execute(statement, bound)]
        finally:
            connection.close()

    def add_member(
        self,
        branch: str = "NKU",
        *,
        status: str = "active",
        accounts: Sequence[str] = ("wallet",),
        first_name: str = "Achieng",
        last_name: str = "Otieno",
        mobile_no: str | None = None,
    ) -> Member:
        """A customer of `branch` with an account of each kind in `accounts`; balances are zero."""
        number = next(self._numbers)
        main_no = f"01{number:08d}"
        name = f"{first_name} {last_name}"
        at_us = self.clock.now_us()
        customer = Customer(
            id=new_id(),
            version=1,
            customer_no=f"C{number:07d}",
            account_no=main_no,
            legal_form="person",
            name=name,
            first_name=first_name,
            middle_name=None,
            last_name=last_name,
            branch_id=self.branch(branch).id,
            status=status,
            mobile_no=mobile_no,
            phone_sha_international=None,
            phone_sha_local=None,
            email=None,
            date_of_birth=None,
            gender=None,
            external_id=None,
            submitted_on=as_datetime(at_us).date().isoformat(),
            activation_date=as_datetime(at_us).date().isoformat() if status == "active" else None,
            created_by="ledger",
            created_at=at_us,
            name_key=fold(name),
            reversed_name_key=fold(f"{last_name} {first_name}"),
            search_text=fold(f"{name} C{number:07d} {main_no} {mobile_no or ''}"),
        )
        made = [
            Account(
                id=new_id(),
                version=1,
                account_no=main_no if kind == "wallet" else f"{place:02d}{number:08d}",
                customer_id=customer.id,
                branch_id=customer.branch_id,
                kind=kind,
                currency=CURRENCY,
                status="open",
                product=None,
                balance_minor=0,
                created_at=at_us,
            )
            for place, kind in enumerate(accounts, start=70)
        ]

        def insert(tx: Tx) -> None:
            tx.put(customer)
            for account in made:
                tx.put(account)
            if status == "transfer_in_progress":
                tx.put(self._offer(customer))

        self.write(insert)
        return Member(customer, {account.kind: account for account in made})

    def _offer(self, customer: Customer) -> Transfer:
        """The transfer of a customer who is under way, to the top branch."""
        return Transfer(
            id=new_id(),
            customer_id=customer.id,
            from_branch_id=customer.branch_id,
            to_branch_id=self.branch("HQ").id,
            transfer_date=self.today().isoformat(),
            note=None,
            state="proposed",
            proposed_by="ledger",
            proposed_at=customer.created_at,
            decided_by=None,
            decided_at=None,
            decision_note=None,
        )

    def balance_minor(self, account_id: str) -> int:
        """The account's balance as its owner reads it (held or owed), in minor units."""
        ((kind, balance),) = self.query("SELECT kind, balance_minor FROM accounts WHERE id = ?", account_id)
        return natural_minor(kind, balance)

    def check(self) -> None:
        """The invariants hold: `branchtui ledger check` would print nothing."""
        connection = self.store.connect(read_only=True)
        try:
            found = list(violations(connection))
        finally:
            connection.close()
        assert not found, "\n".join(found)

    def _on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)


def copy_template(template: Path, folder: Path) -> str:
    """A ledger of one's own, copied from the template; returns its database URL."""
    path = folder / "ledger.db"
    shutil.copyfile(template, path)
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(template.with_name(template.name + "-wal"), path.with_name(path.name + "-wal"))
    return f"sqlite:///{path}"
