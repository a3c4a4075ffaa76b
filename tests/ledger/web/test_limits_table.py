"""Every limit of the ledger, at the limit and one beyond it, over real HTTP (ledger, section 7; values, VAL-1)."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from tests.ledger.files import HEADER, findings, import_file, put_chunk
from tests.ledger.running import (
    PASSWORD,
    Api,
    RunningLedger,
    cheap_passwords,
    copy_template,
    fresh_key,
    user_row,
)
from tests.ledger.web.wire import held, raw, statuses

from branchtui.contract.base import MAX_AMOUNT_MINOR
from branchtui.contract.sessions import Role
from branchtui.ledger.feeds import lines, table_file
from branchtui.ledger.store.rows import User
from branchtui.ledger.web.limits import NOBODY, Rates
from branchtui.ledger.workflows import uploads

JSON = {"content-type": "application/json"}
CUSTOMERS = "/v1/customers"
KIB, MIB = 1024, 1024 * 1024
Said = tuple[int, str]
"""Status, and the problem's code or nothing."""

_numbers = count()


@dataclass
class House:
    """A ledger with its usual limits, whose clock for rates stands still unless it is moved."""

    ledger: RunningLedger
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now

    def api(self, username: str = "teller") -> Api:
        """Somebody signed in, with full buckets."""
        self.now += 60
        return self.ledger.sign_in(username)

    def customer(self, **more: Any) -> dict[str, Any]:
        """The body of a customer nobody entered."""
        names = {
            "first_name": "Limit",
            "last_name": f"Number {next(_numbers)}",
            "external_id": uuid.uuid4().hex,
        }
        return {"branch_id": self.ledger.branch("NKU").id} | names | more

    def record(self, **more: Any) -> dict[str, Any]:
        """The body of a balance record nobody entered."""
        return {
            "customer_id": self.ledger.add_member(accounts=("wallet", "savings")).id,
            "account_kind": "savings",
            "amount_minor": 1_000 + next(_numbers),
            "currency": "KES",
            "as_of_date": self.ledger.today().isoformat(),
            "external_ref": uuid.uuid4().hex,
        } | more


@pytest.fixture(scope="module")
def house(ledger_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    found = House.__new__(House)
    found.now = 1_000.0
    database = copy_template(ledger_template, tmp_path_factory.mktemp("limits"))
    with RunningLedger(database, rates=Rates(), monotonic=found) as ledger:
        found.ledger = ledger
        yield found
        ledger.check()


def said(answer: httpx.Response) -> Said:
    problem = answer.headers.get("content-type") == "application/problem+json"
    return answer.status_code, answer.json()["code"] if problem else ""


def wire(house: House, request: bytes) -> Said:
    answer = raw(house.ledger, request)
    body = answer.partition(b"\r\n\r\n")[2]
    return statuses(answer)[0], json.loads(body)["code"] if b"problem+json" in answer else ""


# ── heads, bodies ───────────────────────────────────────────────────────────────────────────────────────────────────


def head_bytes(house: House, over: int) -> Said:
    """Line, names and values, with what parts them."""
    path, host = b"/healthz", b"host: x\r\n"
    padding = 16 * KIB + over - len(path) - len(host) - len(b"x-pad: \r\n")
    return wire(house, b"GET " + path + b" HTTP/1.1\r\n" + host + b"x-pad: " + b"a" * padding + b"\r\n\r\n")


def line_bytes(house: House, over: int) -> Said:
    """All of it in the request line."""
    host, more = b"host: x\r\n", b"/healthz?x="
    padding = 16 * KIB + over - len(host) - len(more)
    found = wire(house, b"GET " + more + b"a" * padding + b" HTTP/1.1\r\n" + host + b"\r\n")
    return (200, "") if found == (422, "validation") else found


def header_count(house: House, over: int) -> Said:
    headers = b"".join(b"x-%d: 1\r\n" % number for number in range(63 + over))
    return wire(house, b"GET /healthz HTTP/1.1\r\nhost: x\r\n" + headers + b"\r\n")


def body_bytes(house: House, over: int) -> Said:
    content = json.dumps(house.customer()).encode().ljust(256 * KIB + over)
    return said(house.api().post(CUSTOMERS, content=content, headers=JSON))


def body_bytes_chunked(house: House, over: int) -> Said:
    """Without a Content-Length, counted while they come."""
    content = json.dumps(house.customer()).encode().ljust(256 * KIB + over)

    def pieces() -> Iterator[bytes]:
        yield from (content[at : at + 60_000] for at in range(0, len(content), 60_000))

    headers = JSON | {"authorization": f"Bearer {house.api().token}", "idempotency-key": fresh_key()}
    return said(house.ledger.client.post(CUSTOMERS, content=pieces(), headers=headers))


def nesting(house: House, over: int) -> Said:
    """Sixteen objects and arrays within each other are read, and are then no customer."""
    deep = b"[" * (15 + over) + b"]" * (15 + over)
    return said(house.api().post(CUSTOMERS, content=b'{"a":' + deep + b"}", headers=JSON))


def number_digits(house: House, over: int) -> Said:
    return said(house.api().post(CUSTOMERS, content=b'{"a":' + b"9" * (40 + over) + b"}", headers=JSON))


# ── texts, amounts, lists ───────────────────────────────────────────────────────────────────────────────────────────


ENTITY: Final = {"legal_form": "entity", "name": "Kappa Ltd", "first_name": None, "last_name": None}


def text_of(member: str, limit: int, **more: Any) -> Callable[[House, int], Said]:
    def ask(house: House, over: int) -> Said:
        text = f"{next(_numbers):04d}".translate(str.maketrans("0123456789", "abcdefghij")).ljust(
            limit + over, "k"
        )
        return said(house.api().post(CUSTOMERS, house.customer(**(more | {member: text}))))

    return ask


def narration(house: House, over: int) -> Said:
    return said(house.api().post("/v1/balance-records", house.record(narration="n" * (200 + over))))


def reason(house: House, over: int) -> Said:
    boss = house.api("supervisor")
    made = boss.post("/v1/balance-records", house.record()).json()
    posted = boss.post(f"/v1/balance-records/{made['id']}/post", if_match=1).json()
    boss.post("/v1/me/step-up", {"password": PASSWORD}, key="")
    path = f"/v1/balance-records/{made['id']}/reverse"
    return said(boss.post(path, {"reason": "r" * (500 + over)}, if_match=posted["version"]))


def amount_most(house: House, over: int) -> Said:
    body = house.record(amount_minor=MAX_AMOUNT_MINOR + over)
    return said(house.api("supervisor").post("/v1/balance-records", body))


def amount_least(house: House, over: int) -> Said:
    return said(house.api().post("/v1/balance-records", house.record(amount_minor=1 - over)))


def page_most(house: House, over: int) -> Said:
    return said(house.api().get(CUSTOMERS, limit=200 + over))


def page_least(house: House, over: int) -> Said:
    return said(house.api().get(CUSTOMERS, limit=1 - over))


def search_text(house: House, over: int) -> Said:
    return said(house.api().get(CUSTOMERS, q="q" * (140 + over)))


def summary_ids(house: House, over: int) -> Said:
    ids = ",".join(uuid.uuid4().hex for _ in range(200 + over))
    found = said(house.api().get("/v1/balance-records/summary", action="post", ids=ids))
    return (200, "") if found[0] in {200, 404, 409} else found


def bulk_ids(house: House, over: int) -> Said:
    """Twenty thousand short ids, none of them a record of ours: looked for, and then refused for that."""
    ids = [f"{number:05d}" for number in range(20_000 + over)]
    body = {"count": len(ids), "total_minor": 1, "set_hash": "0" * 64, "ids": ids}
    found = said(house.api("supervisor").post("/v1/balance-records/post-all", body))
    return (200, "") if found in {(404, "not-found"), (409, "batch-changed")} else found


def key_longest(house: House, over: int) -> Said:
    return said(house.api().post(CUSTOMERS, house.customer(), key=(uuid.uuid4().hex * 3)[: 64 + over]))


def key_shortest(house: House, over: int) -> Said:
    return said(house.api().post(CUSTOMERS, house.customer(), key=uuid.uuid4().hex[: 16 - over]))


# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def chunk_bytes(house: House, over: int) -> Said:
    size = 256 * KIB + over
    return said(put_chunk(house.api(), str(uuid.uuid4()), bytes(size), offset=0, length=size))


def file_bytes(house: House, over: int) -> Said:
    return said(
        put_chunk(house.api("supervisor2"), str(uuid.uuid4()), b"a", offset=0, length=64 * MIB + over)
    )


def unfinished(house: House, over: int) -> Said:
    """Three of one person; supervisor2 has begun one above."""
    answers = [
        put_chunk(house.api("teller2"), str(uuid.uuid4()), b"a", offset=0, length=2)
        for _ in range(3 if not over else 1)
    ]
    return said(answers[-1])


def third_of_head_office(ledger: RunningLedger) -> User:
    hashed, at_us = cheap_passwords().hash(PASSWORD), ledger.clock.now_us()
    return user_row("hq-third", Role.TELLER, ledger.branch("HQ").id, hashed, at_us)


def day_bytes(house: House, over: int) -> Said:
    """500 MiB of a branch in a day: by three people, since each has three unfinished ones at most."""
    if not house.ledger.query("SELECT 1 FROM users WHERE username = 'hq-third'"):
        house.ledger.write(lambda tx: tx.put(third_of_head_office(house.ledger)))
    if over:
        return said(put_chunk(house.api("hq-third"), str(uuid.uuid4()), b"a", offset=0, length=1))
    lengths = [64 * MIB] * 7 + [52 * MIB]
    answers = [
        put_chunk(house.api(("hq-teller", "hq-supervisor", "hq-third")[place // 3]), str(uuid.uuid4()), b"a",
                  offset=0, length=length)
        for place, length in enumerate(lengths)
    ]  # fmt: skip
    assert {answer.status_code for answer in answers[:-1]} == {200}
    return said(answers[-1])


def file_of(header: str, row: str) -> Callable[[House], Said]:
    def ask(house: House) -> Said:
        api = house.api("teller-b")
        found = import_file(api, f"{header}\n{row}\n", dry_run=True)
        named = {each["code"] for each in findings(api, found)} & {
            "too-many-columns", "cell-too-long", "line-too-long", "too-many-rows",
        }  # fmt: skip
        return (422, named.pop()) if named else (200, "")

    return ask


def file_columns(house: House, over: int) -> Said:
    more = 64 + over - len(HEADER.split(","))
    return file_of(HEADER + "".join(f",x{number}" for number in range(more)), "1" + "," * (63 + over))(house)


def file_cell(house: House, over: int) -> Said:
    return file_of(f"{HEADER},x", "1,,,,,,," + "x" * (4 * KIB + over))(house)


def file_line(house: House, over: int) -> Said:
    """Sixteen cells of almost four KiB."""
    names = "".join(f",x{number}" for number in range(20))
    line = "1,,,,,,," + ",".join(["x" * 4_000] * 16)
    line = line.ljust(64 * KIB, ",") if len(line) <= 64 * KIB else line
    cells = line[: 64 * KIB + over]
    return file_of(HEADER + names, cells + "," * (64 * KIB + over - len(cells)))(house)


# ── rates ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def changes(house: House, over: int) -> Said:
    """200 at once: asked without a body, each is counted and refused for that."""
    api = house.api("supervisor")
    answers = [said(api.post(CUSTOMERS, content=b"{}", headers=JSON)) for _ in range(200 + over)]
    assert set(answers[:200]) == {(422, "validation")}
    return answers[-1]


def changes_a_second(house: House, over: int) -> Said:
    """50 a second after the burst."""
    changes(house, 0)
    house.now += 1
    api = house.ledger.sign_in("supervisor")
    return [said(api.post(CUSTOMERS, content=b"{}", headers=JSON)) for _ in range(50 + over)][-1]


def exports(house: House, over: int) -> Said:
    """Of whatever is exported."""
    api = house.api("auditor")
    house.now += 120
    answers = [
        api.get("/v1/customers/export.csv", q="nobody at all")
        if each % 2
        else api.get("/v1/transactions.csv")
        for each in range(2 + over)
    ]
    return said(answers[-1])


def searches(house: House, over: int) -> Said:
    api = house.api("supervisor")
    return [said(api.get(CUSTOMERS, q="limit")) for _ in range(20 + over)][-1]


def under_way(house: House, over: int) -> Said:
    """64 of one person, the last of them one that is answered."""
    api = house.api("teller-b")
    with contextlib.ExitStack() as all_held:
        for _ in range(63 + over):
            all_held.enter_context(held(house.ledger, api.token))
        return said(api.get("/v1/me"))


def under_way_of_nobody(house: House, over: int) -> Said:
    with contextlib.ExitStack() as all_held:
        for _ in range(127 + over):
            all_held.enter_context(held(house.ledger, NOBODY, "/v1/sessions"))
        return said(house.ledger.anonymous().post("/v1/sessions", content=b"{}", headers=JSON, key=""))


def under_way_of_all(house: House, over: int) -> Said:
    """256 of four people and one more; whether the ledger is well is told all the same."""
    crowd = [house.api(name) for name in ("teller", "teller-b", "teller2", "supervisor2")]
    with contextlib.ExitStack() as all_held:
        for number in range(255 + over):
            all_held.enter_context(held(house.ledger, crowd[number // 64].token))
        assert house.ledger.anonymous().get("/healthz").status_code == 200
        return said(house.ledger.sign_in("auditor").get("/v1/me"))


TOO_LARGE, TOO_MANY, WRONG = (413, "too-large"), (429, "rate-limited"), (422, "validation")
TABLE: list[tuple[str, Callable[[House, int], Said], int | Said, Said]] = [
    ("line and headers: 16 KiB", head_bytes, 200, (431, "too-large")),
    ("the line alone: 16 KiB", line_bytes, 200, (431, "too-large")),
    ("headers: 64", header_count, 200, (431, "too-large")),
    ("JSON body: 256 KiB", body_bytes, 201, TOO_LARGE),
    ("JSON body in chunks: 256 KiB", body_bytes_chunked, 201, TOO_LARGE),
    ("nesting: 16", nesting, WRONG, (400, "malformed")),
    ("digits of a number: 40", number_digits, WRONG, (400, "malformed")),
    ("name: 140 characters", text_of("first_name", 140), 201, WRONG),
    ("code: 64 characters", text_of("incorporation_no", 64, **ENTITY), 201, WRONG),
    ("reference of a customer: 100 characters", text_of("external_id", 100), 201, WRONG),
    ("narration: 200 characters", narration, 201, WRONG),
    ("reason: 500 characters", reason, 200, WRONG),
    ("amount: 10^15", amount_most, 201, WRONG),
    ("amount: 1", amount_least, 201, WRONG),
    ("page: 200 rows", page_most, 200, WRONG),
    ("page: 1 row", page_least, 200, WRONG),
    ("search: 140 characters", search_text, 200, WRONG),
    ("ids of a summary: 200", summary_ids, 200, WRONG),
    ("ids of a bulk action: 20,000", bulk_ids, 200, WRONG),
    ("key: 64 characters", key_longest, 201, (400, "idempotency-key-malformed")),
    ("key: 16 characters", key_shortest, 201, (400, "idempotency-key-malformed")),
    ("chunk of a file: 256 KiB", chunk_bytes, 200, TOO_LARGE),
    ("file: 64 MiB", file_bytes, 200, TOO_LARGE),
    ("unfinished files of a person: 3", unfinished, 200, TOO_MANY),
    ("files of a branch: 500 MiB a day", day_bytes, 200, TOO_MANY),
    ("columns of a file: 64", file_columns, 200, (422, "too-many-columns")),
    ("cell of a file: 4 KiB", file_cell, 200, (422, "cell-too-long")),
    ("line of a file: 64 KiB", file_line, 200, (422, "line-too-long")),
    ("changes of a person: 200 at once", changes, WRONG, TOO_MANY),
    ("changes of a person: 50 a second", changes_a_second, WRONG, TOO_MANY),
    ("searches of a person: 20 a second", searches, 200, TOO_MANY),
    ("exports of a person: 2 a minute", exports, 200, TOO_MANY),
    ("requests under way of a person: 64", under_way, 200, TOO_MANY),
    ("requests under way of strangers: 128", under_way_of_nobody, WRONG, (503, "overloaded")),
    ("requests under way of everybody: 256", under_way_of_all, 200, (503, "overloaded")),
]


@pytest.mark.parametrize(
    ("ask", "within", "beyond"), [each[1:] for each in TABLE], ids=[each[0] for each in TABLE]
)
def test_at_the_limit_it_is_done_and_one_beyond_it_is_refused(
    house: House, ask: Callable[[House, int], Said], within: int | Said, beyond: Said
) -> None:
    """Section 7, T-25: what is within is taken, one more is refused by a problem, and the next is taken again."""
    assert ask(house, 0) == ((within, "") if isinstance(within, int) else within)
    assert ask(house, 1) == beyond
    assert house.ledger.anonymous().get("/healthz").status_code == 200


def test_a_file_holds_250_000_rows(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Section 7: the rows of a file, with a small figure in the place of the real one."""
    assert (table_file.ROWS_MAX, lines.LINE_CHARACTERS_MAX, uploads.UNFINISHED_MAX) == (250_000, 64 * KIB, 3)
    monkeypatch.setattr(table_file, "ROWS_MAX", 3)
    row = "1,savings,10.00,KES,2026-09-30,,"
    for rows, expected in ((3, (200, "")), (4, (422, "too-many-rows"))):
        assert file_of(HEADER, "\n".join([row] * rows))(house) == expected
