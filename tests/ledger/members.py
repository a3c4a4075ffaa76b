"""Customers as a branch enters them, with staff, codes and products, for the tests of their whole life."""

from __future__ import annotations

import itertools
import uuid
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import httpx
    from tests.ledger.running import Api, RunningLedger

TELLER: Final = {"NKU": "teller", "KSM": "teller2", "HQ": "hq-teller"}
SUPERVISOR: Final = {"NKU": "supervisor", "KSM": "supervisor2", "HQ": "hq-supervisor"}
_NUMBERS: Final = itertools.count(1)


def teller(ledger: RunningLedger, branch: str = "NKU") -> Api:
    """The branch's teller."""
    return ledger.sign_in(TELLER[branch])


def supervisor(ledger: RunningLedger, branch: str = "NKU") -> Api:
    """The branch's supervisor."""
    return ledger.sign_in(SUPERVISOR[branch])


def administrator(ledger: RunningLedger) -> Api:
    """The administrator of the whole institution."""
    return ledger.sign_in("administrator")


def ok(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """The body of an answer that is as it should be."""
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem of a refusal with this status and code."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    found: dict[str, Any] = answer.json()
    return found


def wrong(answer: httpx.Response, pointer: str) -> dict[str, Any]:
    """The problem of a value that breaks a rule, at this place."""
    problem = refused(answer, 422, "validation")
    assert pointer in [each["pointer"] for each in problem["errors"]], problem
    return problem


def enter(ledger: RunningLedger, branch: str = "NKU", **members: Any) -> dict[str, Any]:
    """A person, active unless it is said otherwise; an entity where there is a `name`."""
    number = next(_NUMBERS)
    body: dict[str, Any] = {"branch_id": ledger.branch(branch).id, "active": True}
    if "name" in members:
        body["legal_form"] = "entity"
    else:
        body |= {"first_name": f"Neema{number}", "last_name": "Baraka"}
    return ok(teller(ledger, branch).post("/v1/customers", body | members), 201)


def again(ledger: RunningLedger, customer: dict[str, Any], branch: str = "NKU") -> dict[str, Any]:
    """The customer as he stands."""
    return ok(teller(ledger, branch).get(f"/v1/customers/{customer['id']}"))


def do(
    api: Api, customer: dict[str, Any], command: str, body: dict[str, Any] | None = None, **options: Any
) -> httpx.Response:
    """A command on a customer in the version that was seen."""
    options.setdefault("if_match", customer["version"])
    return api.post(f"/v1/customers/{customer['id']}/{command}", body, **options)


def today(ledger: RunningLedger, branch: str = "NKU") -> str:
    """The branch's day."""
    return ledger.today(branch).isoformat()


def add_value(ledger: RunningLedger, code: str, name: str | None = None) -> dict[str, Any]:
    """A value of a code list."""
    name = name or f"{code} {uuid.uuid4().hex[:8]}"
    return ok(administrator(ledger).post(f"/v1/codes/{code}/values", {"name": name}), 201)


def add_staff(ledger: RunningLedger, branch: str = "NKU", **members: Any) -> dict[str, Any]:
    """A member of staff."""
    body = {"branch_id": ledger.branch(branch).id, "first_name": "Peter", "last_name": "Otieno"} | members
    return ok(administrator(ledger).post("/v1/staff", body), 201)


def add_product(ledger: RunningLedger, kind: str = "savings", **members: Any) -> dict[str, Any]:
    """A product."""
    number = next(_NUMBERS)
    body = {"code": f"P{number}", "name": f"Product {number}", "kind": kind} | members
    return ok(administrator(ledger).post("/v1/products", body), 201)


def hold(
    ledger: RunningLedger, customer: dict[str, Any], kind: str, amount_minor: int, branch: str = "NKU"
) -> dict[str, Any]:
    """A posted balance of the customer; his account of that kind."""
    body = {
        "customer_id": customer["id"],
        "account_kind": kind,
        "amount_minor": amount_minor,
        "currency": "KES",
        "as_of_date": today(ledger, branch),
        "external_ref": f"H-{uuid.uuid4().hex}",
    }
    boss = supervisor(ledger, branch)
    record = ok(boss.post("/v1/balance-records", body), 201)
    ok(boss.post(f"/v1/balance-records/{record['id']}/post", if_match=1))
    return account(ledger, customer, kind, branch)


def account(
    ledger: RunningLedger, customer: dict[str, Any], kind: str, branch: str = "NKU"
) -> dict[str, Any]:
    """The customer's account of a kind."""
    found = ok(teller(ledger, branch).get(f"/v1/customers/{customer['id']}", include="accounts"))
    return next(each for each in found["accounts"] if each["kind"] == kind)


def balance(ledger: RunningLedger, customer: dict[str, Any], kind: str, branch: str = "NKU") -> int:
    """What the account of a kind holds or owes, in minor units."""
    found: int = account(ledger, customer, kind, branch)["balance_minor"]
    return found
