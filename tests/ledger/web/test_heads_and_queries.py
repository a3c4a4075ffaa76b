"""What stands before a body: keys, versions, parameters, methods, sizes (IDEM-1, CONC-2, VAL-2, ledger section 7)."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from tests.ledger.running import Api, Member, RunningLedger
from tests.ledger.web.wire import raw

from branchtui.ledger.web import body as bodies
from branchtui.ledger.web import protocol

CUSTOMERS = "/v1/customers"


@pytest.fixture
def member(running_ledger: RunningLedger) -> Member:
    return running_ledger.add_member()


def new_customer(ledger: RunningLedger, **more: Any) -> dict[str, Any]:
    return {"branch_id": ledger.branch("NKU").id, "first_name": "Wanjiru", "last_name": "Head"} | more


def customers(ledger: RunningLedger) -> int:
    return int(ledger.query("SELECT count(*) FROM customers")[0][0])


# ── Idempotency-Key (IDEM-1) ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("writing", ["{}", '"{}"'], ids=["bare", "quoted"])
@pytest.mark.parametrize("length", [16, 64])
def test_a_key_of_16_to_64_characters_is_taken_bare_or_quoted(
    running_ledger: RunningLedger, writing: str, length: int
) -> None:
    """IDEM-1: an RFC 8941 string or a bare token; both writings name the same key."""
    teller = running_ledger.sign_in("teller")
    key = (uuid.uuid4().hex * 2)[:length]
    body = new_customer(running_ledger)
    first = teller.post(CUSTOMERS, body, key=writing.format(key))
    again = teller.post(CUSTOMERS, body, key=key)
    assert first.status_code == 201
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize(
    "key",
    ["a" * 15, "a" * 65, f'"{"a" * 15}"', f'"{"a" * 65}"', '"' + "b" * 20, "b" * 20 + '"', f'""{"b" * 20}""',
     "a b" * 8, "a.b" * 8, '""', '"' * 20, "a" * 10_000, f"{'a' * 20}, {'b' * 20}", f"{'a' * 20};x=1"],
)  # fmt: skip
def test_another_key_is_refused_and_nothing_done(running_ledger: RunningLedger, key: str) -> None:
    """IDEM-1: 400 `idempotency-key-malformed`."""
    before = customers(running_ledger)
    answer = running_ledger.sign_in("teller").post(CUSTOMERS, new_customer(running_ledger), key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-malformed")
    assert customers(running_ledger) == before


def test_a_change_without_a_key_or_with_two_is_refused(running_ledger: RunningLedger) -> None:
    """IDEM-1: which of two keys would be remembered is nobody's to guess."""
    teller, before = running_ledger.sign_in("teller"), customers(running_ledger)
    none = teller.post(CUSTOMERS, new_customer(running_ledger), key="")
    assert (none.status_code, none.json()["code"]) == (400, "idempotency-key-missing")
    two = running_ledger.client.post(
        CUSTOMERS,
        json=new_customer(running_ledger),
        headers=[
            ("authorization", f"Bearer {teller.token}"),
            ("idempotency-key", str(uuid.uuid4())),
            ("idempotency-key", str(uuid.uuid4())),
        ],
    )
    assert (two.status_code, two.json()["code"]) == (400, "idempotency-key-malformed")
    assert customers(running_ledger) == before


# ── If-Match (CONC-1, CONC-2) ───────────────────────────────────────────────────────────────────────────────────────


def keyed_record(ledger: RunningLedger, member: Member) -> dict[str, Any]:
    body = {
        "customer_id": member.id,
        "account_kind": "savings",
        "amount_minor": 5_000,
        "currency": "KES",
        "as_of_date": ledger.today().isoformat(),
        "external_ref": uuid.uuid4().hex,
    }
    answer = ledger.sign_in("teller").post("/v1/balance-records", body)
    assert answer.status_code == 201, answer.text
    record: dict[str, Any] = answer.json()
    return record


@pytest.mark.parametrize(
    ("tag", "status"),
    [('W/"1"', 412), ("*", 400), ("1", 412), ('"abc"', 412), ('"01"', 412), ('"0"', 412), ('"-1"', 412), ('""', 412),
     ('"1", "2"', 412), ('"1', 412), ('"' + "9" * 18 + '"', 412), ('"' + "9" * 5_000 + '"', 412), ('"2"', 412),
     ("'1'", 412)],
)  # fmt: skip
def test_only_the_strong_tag_of_the_version_that_stands_matches(
    running_ledger: RunningLedger, member: Member, tag: str, status: int
) -> None:
    """CONC-1, CONC-2: weak, foreign, stale and made-up tags change nothing; `*` is a mistake."""
    record, teller = keyed_record(running_ledger, member), running_ledger.sign_in("teller")
    path = f"/v1/balance-records/{record['id']}"
    for answer in (
        teller.delete(path, if_match=tag),
        teller.patch(path, {"amount_minor": 1}, if_match=tag),
        teller.post(f"{path}/post", if_match=tag),
    ):
        assert answer.status_code == status
        assert answer.json()["outcome"] == "not_applied"
    assert teller.get(path).json() == record
    assert teller.delete(path).status_code == 428
    assert teller.delete(path, if_match='"1"').status_code == 204


def test_two_versions_are_none(running_ledger: RunningLedger, member: Member) -> None:
    """CONC-2: a header that stands twice is not one that was seen."""
    record, teller = keyed_record(running_ledger, member), running_ledger.sign_in("teller")
    answer = running_ledger.client.delete(
        f"/v1/balance-records/{record['id']}",
        headers=[
            ("authorization", f"Bearer {teller.token}"),
            ("idempotency-key", str(uuid.uuid4())),
            ("if-match", '"1"'),
            ("if-match", '"2"'),
        ],
    )
    assert answer.status_code == 412


# ── parameters ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "status"),
    [("x=1", 422), ("limit=1&limit=200", 422), ("q=a&q=a", 422), ("q=%00", 422), ("q=a%1bb", 422), ("q=%e2%80%ae", 422),
     ("limit=0", 422), ("limit=201", 422), ("limit=200", 200), ("limit=1_0", 422), ("limit=%2010", 422),
     ("limit=10.0", 422), ("limit=%2B1", 422), ("limit=99999999999999999999", 422), ("limit=", 422), ("count=maybe", 422),
     ("q=%ff%fe", 200), ("q=%ed%a0%80", 200), ("q=%zz", 200), ("q=%", 200), ("&&&", 200), ("=", 422), ("%00=1", 422),
     ("sort=nothing", 400), ("sort=name%20desc", 400), ("sort=(select%201)", 400), ("fields=nothing", 400),
     ("cursor=AAAA", 400), ("cursor=%F0%9F%98%80", 400), ("cursor=!!!", 400), ("anchor=", 422), ("anchor=id:", 400),
     ("anchor=id:nobody", 404), ("anchor=middle", 400), ("q=%22%27%25_*)(%5C", 200), ("q=" + "a" * 141, 422),
     ("q=" + "a" * 140, 200)],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/v1/customers", "/v1/payments", "/v1/balance-records"])
def test_parameters_are_taken_exactly_or_refused(
    running_ledger: RunningLedger, path: str, query: str, status: int
) -> None:
    """VAL-2, PAGE-1: unknown, repeated, unreadable parameters are refused; never a 5xx."""
    answer = running_ledger.sign_in("teller").get(f"{path}?{query}")
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("text", ["0", "1767139200000", "1600000000", "2026-9-3", "20260930", "30/09/2026", " 2026-09-30",
                                  "2026-09-30T00:00:00", "2026-02-30", "0000-01-01", "-001-01-01"])  # fmt: skip
def test_a_day_is_written_in_one_way(running_ledger: RunningLedger, member: Member, text: str) -> None:
    """Contract 1: dates are YYYY-MM-DD; `"0"` is not the first of January 1970."""
    teller = running_ledger.sign_in("teller")
    for path in ("/v1/balance-records?as_of_from=", "/v1/payments?date_to=", "/v1/payments?date_from="):
        assert teller.get(f"{path}{text}").status_code == 422
    record = keyed_record(running_ledger, member)
    changed = teller.patch(f"/v1/balance-records/{record['id']}", {"as_of_date": text}, if_match=1)
    assert changed.status_code == 422
    assert changed.json()["errors"][0]["pointer"] == "/as_of_date"
    born = teller.post(CUSTOMERS, new_customer(running_ledger, date_of_birth=text))
    assert born.status_code == 422


def test_the_first_and_the_last_day_there_are_bound_a_list(running_ledger: RunningLedger) -> None:
    """Contract 5: a range may be as wide as the calendar."""
    teller = running_ledger.sign_in("teller")
    for query in ("date_to=9999-12-31", "date_from=0001-01-01&date_to=9999-12-31", "date_from=9999-12-31"):
        assert teller.get(f"/v1/payments?{query}").status_code == 200
    everything = "as_of_from=0001-01-01&as_of_to=9999-12-31"
    assert teller.get(f"/v1/balance-records?{everything}").status_code == 200


def test_a_field_that_is_none_is_refused_on_an_empty_list_too(own_ledger: RunningLedger) -> None:
    """PAGE-3: `fields=` is an allow-list, not a matter of what is in the list today."""
    answer = own_ledger.sign_in("teller").get("/v1/payments", fields="nothing")
    assert answer.status_code == 400
    assert own_ledger.sign_in("teller").get("/v1/payments", fields="code,state").status_code == 200


# ── bodies ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"content-type": "text/plain"}, 415), ({"content-type": ""}, 415), ({"content-type": "application/xml"}, 415),
     ({"content-type": "multipart/form-data; boundary=x"}, 415), ({"content-type": "application/json, text/plain"}, 415),
     ({"content-type": "application/JSON; charset=UTF-8"}, 201), ({"content-encoding": "gzip"}, 415),
     ({"content-encoding": "br"}, 415), ({"content-encoding": "identity"}, 201)],
    ids=str,
)  # fmt: skip
def test_only_plain_json_is_taken(
    running_ledger: RunningLedger, headers: dict[str, str], status: int
) -> None:
    """Section 7: no compressed request, no other media type."""
    content = json.dumps(new_customer(running_ledger)).encode()
    before = customers(running_ledger)
    answer = running_ledger.sign_in("teller").post(
        CUSTOMERS, content=content, headers={"content-type": "application/json"} | headers
    )
    assert answer.status_code == status
    assert customers(running_ledger) == before + (status == 201)


def test_what_needs_no_body_takes_an_empty_object_or_none(
    running_ledger: RunningLedger, member: Member
) -> None:
    """VAL-2: garbage is 400, members that nobody knows are 422, and neither posts the record."""
    teller, record = running_ledger.sign_in("teller"), keyed_record(running_ledger, member)
    path = f"/v1/balance-records/{record['id']}/post"
    for content, status in ((b"{bad", 400), (b'{"a":1,"a":2}', 400), (b'{"status":"x"}', 422), (b"[]", 422)):
        assert teller.post(path, content=content, if_match=1).status_code == status
    assert teller.post(path, content=b" { } ", if_match=1).status_code == 200


def test_a_name_is_kept_composed_however_it_was_escaped(running_ledger: RunningLedger) -> None:
    """VAL-3: NFC, for `é` written as two characters and for the same as two escapes."""
    teller = running_ledger.sign_in("teller")
    for ascii_only in (True, False):
        body = json.dumps(new_customer(running_ledger, first_name="Jose\u0301"), ensure_ascii=ascii_only)
        made = teller.post(CUSTOMERS, content=body.encode(), headers={"content-type": "application/json"})
        assert made.json()["first_name"] == "Jos\u00e9"
        found = teller.get(CUSTOMERS, q="Jose\u0301 Head").json()["items"]
        assert made.json()["id"] in [each["id"] for each in found]


def test_a_body_that_drips_is_not_waited_for(
    running_ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Section 7: a body comes at 1 KiB/s at least, after a while; else 408, and the line is closed."""
    monkeypatch.setattr(bodies, "UNHURRIED_SECONDS", 0.05)
    request = (
        b"POST /v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        b'content-length: 100000\r\n\r\n{"username": "t'
    )
    answer = raw(running_ledger, request)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"too-slow"' in answer
    assert b'"outcome":"not_applied"' in answer


# ── methods, addresses, heads ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "DELETE", "PATCH"])
def test_a_method_that_is_not_there_names_those_that_are(running_ledger: RunningLedger, method: str) -> None:
    """RFC 9110, 15.5.6: the Allow header of a 405 lists all methods of the address."""
    answer = running_ledger.sign_in("teller").send(method, CUSTOMERS)
    assert answer.status_code == 405
    assert {each.strip() for each in answer.headers["allow"].split(",")} == {"GET", "HEAD", "POST"}
    assert answer.json()["code"] == "method-not-allowed"


@pytest.mark.parametrize("path", ["/v1/customers/export.csv", "/v1/balance-records/summary"])
def test_an_address_of_its_own_is_not_taken_for_the_id_of_something(
    running_ledger: RunningLedger, path: str
) -> None:
    """RFC 9110, 15.5.6: what can be done to one of a list cannot be done to an address beside it."""
    answer = running_ledger.sign_in("teller").send("PATCH", path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_head_answers_as_get_does_without_its_body(running_ledger: RunningLedger) -> None:
    """RFC 9110, 9.3.2; and it needs the same session and permission."""
    answer = running_ledger.sign_in("teller").send("HEAD", CUSTOMERS)
    assert (answer.status_code, answer.content) == (200, b"")
    assert running_ledger.anonymous().send("HEAD", CUSTOMERS).status_code == 401
    assert running_ledger.sign_in("teller").send("HEAD", "/v1/audit").status_code == 403


@pytest.mark.parametrize(
    "path", ["/v1/customers/", "//evil.example/", "/v1//customers", "/V1/customers", "/v1"]
)
def test_no_address_redirects(running_ledger: RunningLedger, path: str) -> None:
    """`link.md` 3: a redirect would be made of the Host header, and no client follows one."""
    answer = raw(running_ledger, f"GET {path} HTTP/1.1\r\nhost: evil.example\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"evil.example" not in answer


def test_a_head_that_never_ends_is_not_waited_for(
    running_ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-25: a line that says half a head, or nothing at all, is closed after a while."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    assert raw(running_ledger, b"GET /healthz HTTP/1.1\r\nho").startswith(b"HTTP/1.1 408 ")
    assert raw(running_ledger, b"").startswith(b"HTTP/1.1 408 ")


def test_what_a_header_says_does_not_come_back_as_a_header(running_ledger: RunningLedger) -> None:
    """ASVS 4.2: no header of an answer is made of what was sent, and nothing in a path or parameter splits one."""
    teller: Api = running_ledger.sign_in("teller")
    for path in (
        "/v1/customers/%0d%0ax-owned:%201",
        "/v1/customers?anchor=id:%0d%0ax-owned:1",
        "/v1/templates/%0d%0ax-owned:1.csv",
        "/v1/operations/aaaaaaaaaaaaaaaa%0d%0ax-owned:1",
    ):
        answer = teller.get(path)
        assert 400 <= answer.status_code < 500
        assert "x-owned" not in answer.headers
    sent = teller.send(
        "GET", "/v1/me", headers={"x-forwarded-for": "6.6.6.6", "request-id": "owned", "host": "evil"}
    )
    assert sent.status_code == 200
    assert "owned" not in str(sent.headers)
