"""Broken and hostile JSON against every endpoint that reads a body (VAL-2, VAL-3, threats T-24)."""

from __future__ import annotations

import itertools
import json
import uuid
from pathlib import Path
from typing import Any, Final

import pytest
from tests.format.payloads import PAYLOADS
from tests.ledger.running import RunningLedger
from tests.ledger.till import Till, message
from tests.ledger.web.asking import Ask
from tests.ledger.web.every_route import CHANGES, World

from branchtui.ledger.texts import is_unsafe

pytestmark = pytest.mark.faults

SAMPLES: Final = Path(__file__).parents[4] / "shared" / "samples" / "hostile" / "json"
JSON: Final = {"content-type": "application/json"}

NOT_JSON: Final[list[bytes]] = [
    b"", b" ", b"{", b"}", b'{"a":}', b'{"a" 1}', b"{'a':1}", b'{"a":1,}', b'{"a":1}{"a":1}', b'{"a":1}x', b"[1,]", b"nul",
    b"NaN", b"Infinity", b"-Infinity", b'{"amount_minor":NaN}', b'{"amount_minor":1,"amount_minor":2}', b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}", b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xc0\x80"}', b'{"a":"\x00"}', b'{"a":"\t"}',
    b'{"a":"\\x"}', b'{"a":"\\u12"}', b'{"\\udc00":1}', b"[" * 100_000, b'{"a":' * 40_000, b'{"a":' * 17 + b"1" + b"}" * 17,
    b"[" * 17 + b"]" * 17, b"9" * 41, b"1_000", b"0x10", b"01", b"+1", b".5", b"1.", b"// {}", b"/**/{}", b"\x00", b"\x1b[2J",
]  # fmt: skip
ODD: Final[list[bytes]] = [
    b"null", b"true", b"0", b"-0", b"1e400", b"1e-400", b"123456789012345678901234567890", b'""', b"[]", b"[[]]",
    b'{"":1}', b'{"a":null}', b'{"constructor":{"prototype":{}}}', b'{"amount_minor":1e2}', b'{"amount_minor":1.0}',
    b'{"amount_minor":"1"}', b'{"amount_minor":true}', b'{"amount_minor":9223372036854775808}',
    b'{"amount_minor":-9223372036854775809}', b'{"customer_id":{"$ne":null}}', b'{"customer_id":["a"]}',
    b'{"filter":[]}', b'{"ids":[]}', b'{"ids":"abc"}', b'{"count":-1}', b'{"a":"\\ud800"}', b'{"first_name":"\\udfff"}',
    b'{"first_name":"\\u0000"}', b'{"username":"\\u0000","password":"x"}', b'{"username":"a","password":"\\ud800"}',
    b'{"refresh_token":""}', b'{"username":"' + b"a" * 200_000 + b'","password":"x"}',
]  # fmt: skip
KEYLESS: Final = ("/v1/sessions", "/v1/sessions/refresh")


@pytest.fixture(scope="module")
def world(running_ledger: RunningLedger) -> World:
    return World.open(running_ledger)


@pytest.fixture(scope="module")
def asks(world: World) -> list[Ask]:
    made = [make(world, "NKU") for make in CHANGES.values()]
    for ask in made:
        world.api(ask, "NKU")
    return made


def everything(world: World) -> list[tuple[Any, ...]]:
    return world.ledger.query(
        "SELECT (SELECT count(*) FROM operations), (SELECT count(*) FROM journal_entries), "
        "(SELECT count(*) FROM customers), (SELECT count(*) FROM accounts), (SELECT count(*) FROM imports), "
        "(SELECT sum(version) FROM balance_records), (SELECT sum(version) FROM payments)"
    )


def send_everywhere(world: World, asks: list[Ask], content: bytes) -> list[Any]:
    """The body to every endpoint that is keyed, and to those of sessions."""
    answers = [
        world.api(ask, "NKU").send(ask.method, ask.path, content=content, headers=JSON, if_match=ask.if_match)
        for ask in asks
        if ask.body is not None or content.strip()
    ]
    anonymous = world.ledger.anonymous()
    return answers + [anonymous.post(path, content=content, headers=JSON, key="") for path in KEYLESS]


@pytest.mark.parametrize("content", NOT_JSON, ids=range(len(NOT_JSON)))
def test_what_is_no_json_is_400_everywhere_and_changes_nothing(
    world: World, asks: list[Ask], content: bytes
) -> None:
    """VAL-2: broken, doubled, too deep, not UTF-8: 400 `malformed`, not applied."""
    before = everything(world)
    for answer in send_everywhere(world, asks, content):
        assert answer.status_code == 400, answer.text
        assert (answer.json()["code"], answer.json()["outcome"]) == ("malformed", "not_applied")
    assert everything(world) == before


@pytest.mark.parametrize("content", ODD, ids=range(len(ODD)))
def test_json_that_is_no_request_is_refused_everywhere(world: World, asks: list[Ask], content: bytes) -> None:
    """VAL-1, VAL-2: 4xx with a problem that is JSON itself; never a 5xx, never an effect."""
    before = everything(world)
    for answer in send_everywhere(world, [ask for ask in asks if ask.body is not None], content):
        assert answer.status_code in {400, 401, 422, 429}, answer.text
        assert answer.json()["outcome"] == "not_applied"
    assert everything(world) == before


def test_every_sample_of_broken_json_is_refused(world: World, asks: list[Ask]) -> None:
    """The corpus: `n_` is 400, `y_` and `i_` are never a 5xx, and none of them does anything.

    An empty object is a change of nothing, or a receipt as it is usually printed: both may be asked for.
    """
    if not SAMPLES.is_dir():
        pytest.skip(f"the samples of hostile JSON are not at {SAMPLES}")
    names = sorted(SAMPLES.glob("*.json"))
    assert len(names) > 100
    before = everything(world)[0][1:]
    for name in names:
        content = name.read_bytes()
        to = asks if name.name.startswith("n_") else [ask for ask in asks if ask.body is not None]
        for answer in send_everywhere(world, to, content):
            nothing = answer.status_code in {200, 201} and content.strip() == b"{}"
            assert nothing or 400 <= answer.status_code < 500, (name.name, answer.text)
            if name.name.startswith("n_"):
                assert answer.status_code == 400, (name.name, answer.text)
    assert everything(world)[0][1:] == before


def test_a_provider_is_answered_whatever_it_sends(world: World) -> None:
    """HOOK-1: a callback that cannot be read is parked and acknowledged; never a 5xx, never a payment."""
    bodies = NOT_JSON + ODD
    if SAMPLES.is_dir():
        bodies = bodies + [path.read_bytes() for path in sorted(SAMPLES.glob("*.json"))]
    count = "SELECT count(*) FROM payments"
    before = world.ledger.query(count)
    for content in bodies:
        for path in ("confirmation", "validation"):
            answer = world.till.send(content, path=path)
            assert answer.status_code == 200, (content[:60], answer.text)
    assert world.ledger.query(count) == before


# ── texts ───────────────────────────────────────────────────────────────────────────────────────────────────────────

UNSAFE: Final = [text for text in PAYLOADS if is_unsafe(text)]
TEXT_FIELDS: Final[list[tuple[str, str]]] = [
    *itertools.product(["POST /v1/customers"], ["first_name", "middle_name", "last_name", "mobile_no", "email", "gender",
                                                "external_id", "customer_no", "account_no", "branch_id"]),
    ("POST /v1/customers/{id}/accounts", "product"),
    ("POST /v1/customers/{id}/accounts", "account_no"),
    *itertools.product(["POST /v1/balance-records", "PATCH /v1/balance-records/{id}"],
                       ["narration", "external_ref", "product", "account_no", "customer_id", "currency"]),
    ("POST /v1/balance-records/{id}/reverse", "reason"),
    ("POST /v1/payments/{id}/disassociate", "reason"),
    ("POST /v1/payments/{id}/associate", "customer_id"),
    ("POST /v1/users", "username"),
    ("POST /v1/branches", "name"),
    ("POST /v1/branches", "code"),
    ("PATCH /v1/branches/{id}", "name"),
    ("POST /v1/approvals", "reason"),
    ("POST /v1/approvals/{id}/reject", "reason"),
    ("POST /v1/imports", "upload_id"),
]  # fmt: skip


def test_whatever_breaks_a_line_is_no_text() -> None:
    """VAL-3: every sign at which `str.splitlines` begins another line."""
    breaks = [chr(code) for code in range(0x3000) if len(f"a{chr(code)}b".splitlines()) == 2]
    assert "\u2028" in breaks
    assert all(is_unsafe(f"a{sign}b") for sign in breaks)


@pytest.mark.parametrize(("name", "member"), TEXT_FIELDS)
def test_hostile_text_is_refused_in_every_field_and_the_field_is_named(
    world: World, name: str, member: str
) -> None:
    """VAL-3: controls, direction marks, invisible signs and half characters: 422 with the pointer."""
    ask = CHANGES[name](world, "NKU")
    api = world.api(ask, "NKU")
    before = everything(world)
    for text in UNSAFE:
        body = json.dumps((ask.body or {}) | {member: text}).encode()
        answer = api.send(
            ask.method, ask.path, content=body, headers=JSON, if_match=ask.if_match, key=str(uuid.uuid4())
        )
        assert answer.status_code == 422, (ascii(text), answer.text)
        assert answer.json()["errors"][0]["pointer"] == f"/{member}"
        assert not is_unsafe(answer.text)
    assert everything(world) == before


def test_text_that_is_only_odd_is_kept_as_it_is(world: World) -> None:
    """VAL-3: markup, quotes and other scripts are text like any other; what is stored is what is answered."""
    ask = CHANGES["POST /v1/balance-records"](world, "NKU")
    kept = [text for text in PAYLOADS if not is_unsafe(text) and 0 < len(text) <= 100]
    assert len(kept) > 20
    for place, text in enumerate(kept):
        reference = f"{text[:80]}#{place}"
        body = ask.body | {"narration": text, "external_ref": reference, "amount_minor": 100 + place}
        answer = world.boss("NKU").post("/v1/balance-records", body)
        assert answer.status_code == 201, (ascii(text), answer.text)
        found = world.boss("NKU").get(f"/v1/balance-records/{answer.json()['id']}").json()
        assert found["external_ref"] == answer.json()["external_ref"]


def test_hostile_text_of_a_provider_is_cleaned_and_the_body_kept(world: World) -> None:
    """VAL-3: each such character becomes U+FFFD in what is shown; the money is taken all the same."""
    till: Till = world.till
    for text in UNSAFE[::7]:
        if any("\ud800" <= character <= "\udfff" for character in text) or len(text) > 200:
            continue
        code = till.fresh_code()
        answer = till.send(message(code, FirstName=text, BillRefNumber="", MSISDN="2547*****333"))
        assert answer.status_code == 200
        (payment,) = till.by_code(code)
        assert not is_unsafe(payment["payer_name"] or "")
