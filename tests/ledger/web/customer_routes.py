"""Valid requests for the endpoints of customers, their parts and accounts, and of what administrators keep."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from tests.ledger.files import upload
from tests.ledger.web.asking import Ask

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ledger.web.every_route import World

CHILD: Final = {"first_name": "Ada", "last_name": "Baraka", "relationship": "Child", "age": 4}
HOME: Final = {"address_type": "Home", "city": "Nakuru"}
PARTS: Final[dict[str, tuple[Callable[[], dict[str, Any]], dict[str, Any], dict[str, Any]]]] = {
    "family-members": (lambda: CHILD, {"profession": "pupil"}, {"relationship": "Neighbour"}),
    "addresses": (lambda: HOME, {"city": "Naivasha"}, {"address_type": "Nowhere"}),
    "identifiers": (
        lambda: {"identifier_type": "Passport", "number": uuid.uuid4().hex[:12]},
        {"description": "the blue one"},
        {"identifier_type": "Ticket"},
    ),
    "notes": (
        lambda: {"note": f"Called at {uuid.uuid4().hex}."},
        {"note": "x"},
        {"note": "4111 1111 1111 1111"},
    ),
}
"""How a part is made anew, changed, and refused."""


def new_customer(world: World, branch: str, **members: Any) -> dict[str, Any]:
    """A person nobody has entered, entered by the branch's supervisor."""
    body = {"branch_id": world.ledger.branch(branch).id, "first_name": "Fresh", "last_name": "Person"}
    answer = world.boss(branch).post("/v1/customers", body | members)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def acted(
    world: World, branch: str, customer: dict[str, Any], command: str, body: Any = None
) -> dict[str, Any]:
    """The customer after a command by the branch's supervisor."""
    path = f"/v1/customers/{customer['id']}/{command}"
    answer = world.boss(branch).post(path, body, if_match=customer["version"])
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def staff_of(world: World, branch: str) -> str:
    """A member of the branch's staff."""
    ask = staff_create(world, branch)
    answer = ask.send(world.proved(world.administrator("HQ")))
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def on_customer(
    command: str, state: str, body: Callable[[World, str], dict[str, Any] | None]
) -> Callable[[World, str], Ask]:
    """A command on a customer of the branch who was brought into a state; ids in its body are named."""

    def ask(world: World, branch: str) -> Ask:
        day = world.ledger.today(branch).isoformat()
        customer = new_customer(world, branch, active=state not in {"pending", "rejected"})
        if state == "rejected":
            rejected = {"rejection_date": day, "rejection_reason": "Other"}
            customer = acted(world, branch, customer, "reject", rejected)
        if state == "closed":
            closed = {"closure_date": day, "closure_reason": "Other"}
            customer = acted(world, branch, customer, "close", closed)
        if state == "assigned":
            customer = acted(world, branch, customer, "assign-staff", {"staff_id": staff_of(world, branch)})
        if state == "offered":
            customer = acted(world, branch, customer, "transfer/propose", offer(world, "HQ", day))
        sent = body(world, branch)
        ids = {"path": customer["id"]}
        if sent is not None and "staff_id" in sent:
            ids["staff_id"] = sent["staff_id"]
        return Ask("POST", f"/v1/customers/{customer['id']}/{command}", sent, customer["version"], ids)

    return ask


def offer(world: World, to: str, day: str) -> dict[str, Any]:
    """The body of an offer."""
    return {"destination_branch_id": world.ledger.branch(to).id, "transfer_date": day}


def offered(command: str, body: dict[str, Any]) -> Callable[[World, str], Ask]:
    """What the destination decides: a customer of the top branch is offered to this one."""

    def ask(world: World, branch: str) -> Ask:
        customer = new_customer(world, "HQ", active=True)
        day = world.ledger.today("HQ").isoformat()
        customer = acted(world, "HQ", customer, "transfer/propose", offer(world, branch, day))
        ids, sent = {"path": customer["id"]}, dict(body)
        if command == "transfer/accept":
            ids["staff_id"] = sent["staff_id"] = staff_of(world, branch)
        return Ask("POST", f"/v1/customers/{customer['id']}/{command}", sent, customer["version"], ids)

    return ask


def customer_change(world: World, branch: str) -> Ask:
    customer, staff = new_customer(world, branch), staff_of(world, branch)
    body = {"email": f"{uuid.uuid4().hex}@example.org", "staff_id": staff}
    ids = {"path": customer["id"], "staff_id": staff}
    return Ask("PATCH", f"/v1/customers/{customer['id']}", body, 1, ids)


def customer_delete(world: World, branch: str) -> Ask:
    customer = new_customer(world, branch)
    return Ask("DELETE", f"/v1/customers/{customer['id']}", None, 1, {"path": customer["id"]})


def part_create(kind: str) -> Callable[[World, str], Ask]:
    def ask(world: World, branch: str) -> Ask:
        owner = new_customer(world, branch)["id"]
        return Ask("POST", f"/v1/customers/{owner}/{kind}", PARTS[kind][0](), ids={"path": owner})

    return ask


def part_made(world: World, branch: str, kind: str) -> tuple[str, str]:
    """A part that is there; its owner and its id."""
    made = part_create(kind)(world, branch)
    answer = made.send(world.boss(branch))
    assert answer.status_code == 201, answer.text
    return made.ids["path"], answer.json()["id"]


def part_change(kind: str, method: str) -> Callable[[World, str], Ask]:
    def ask(world: World, branch: str) -> Ask:
        owner, part = part_made(world, branch, kind)
        body = PARTS[kind][1] if method == "PATCH" else None
        if kind == "notes" and body is not None:
            body = {"note": uuid.uuid4().hex}
        return Ask(method, f"/v1/customers/{owner}/{kind}/{part}", body, 1, {"path": owner})

    return ask


def details_set(world: World, branch: str) -> Ask:
    owner = new_customer(world, branch)["id"]
    body = {"details": {"Crop": uuid.uuid4().hex}}
    return Ask("PUT", f"/v1/customers/{owner}/additional-details", body, 1, {"path": owner})


def document_create(world: World, branch: str) -> Ask:
    owner = new_customer(world, branch)["id"]
    upload_id = upload(world.boss(branch), f"letter {uuid.uuid4().hex}\n".encode())
    body = {"upload_id": upload_id, "name": "Letter"}
    return Ask("POST", f"/v1/customers/{owner}/documents", body, ids={"path": owner, "upload_id": upload_id})


def document_made(world: World, branch: str) -> tuple[str, str]:
    """A document that is there; its owner and its id."""
    made = document_create(world, branch)
    answer = made.send(world.boss(branch))
    assert answer.status_code == 201, answer.text
    return made.ids["path"], answer.json()["id"]


def document_delete(world: World, branch: str) -> Ask:
    owner, part = document_made(world, branch)
    return Ask("DELETE", f"/v1/customers/{owner}/documents/{part}", None, 1, {"path": owner})


def value_create(_: World, __: str) -> Ask:
    return Ask("POST", "/v1/codes/label/values", {"name": f"L {uuid.uuid4().hex}"}, who="top")


def value_change(world: World, branch: str) -> Ask:
    made = value_create(world, branch).send(world.administrator("HQ")).json()
    body = {"name": f"L {uuid.uuid4().hex}"}
    return Ask("PATCH", f"/v1/codes/label/values/{made['id']}", body, 1, who="top")


def staff_create(world: World, branch: str) -> Ask:
    place = world.ledger.branch(branch).id
    body = {
        "branch_id": place,
        "first_name": "Peter",
        "last_name": "Otieno",
        "staff_no": uuid.uuid4().hex[:16],
    }
    return Ask("POST", "/v1/staff", body, ids={"branch_id": place}, who="administrator")


def staff_change(world: World, branch: str) -> Ask:
    staff, place = staff_of(world, branch), world.ledger.branch(branch).id
    body = {"last_name": f"O{uuid.uuid4().hex[:6]}", "branch_id": place}
    return Ask("PATCH", f"/v1/staff/{staff}", body, 1, {"path": staff, "branch_id": place}, "administrator")


def product_create(_: World, __: str) -> Ask:
    body = {"code": f"P{uuid.uuid4().hex[:12]}", "name": "Junior saver", "kind": "savings"}
    return Ask("POST", "/v1/products", body, who="top")


def product_change(world: World, branch: str) -> Ask:
    made = product_create(world, branch).send(world.administrator("HQ")).json()
    return Ask("PATCH", f"/v1/products/{made['id']}", {"description": uuid.uuid4().hex}, 1, who="top")


def membership_set(world: World, _: str) -> Ask:
    path = "/v1/settings/membership"
    version = world.administrator("HQ").get(path).json()["version"]
    return Ask("PUT", path, {"terms": ""}, version, who="top")


def _posted(world: World, branch: str, owner: str, kind: str) -> str:
    """A posted balance of 50.00; the account's id."""
    body = world.new_record(branch) | {"customer_id": owner, "account_kind": kind}
    boss = world.boss(branch)
    made = boss.post("/v1/balance-records", body).json()
    done = boss.post(f"/v1/balance-records/{made['id']}/post", if_match=1)
    assert done.status_code == 200, done.text
    found: str = done.json()["balances"][0]["account_id"]
    return found


def payout(world: World, branch: str) -> Ask:
    held = _posted(world, branch, world.ledger.add_member(branch).id, "savings")
    body = {"amount_minor": 1_250, "tender": "cash"}
    return Ask("POST", f"/v1/accounts/{held}/payouts", body, ids={"path": held})


def offset(world: World, branch: str) -> Ask:
    owner = world.ledger.add_member(branch).id
    loan, savings = _posted(world, branch, owner, "loan"), _posted(world, branch, owner, "savings")
    body = {"from_account_id": savings, "amount_minor": 1_250}
    ids = {"path": loan, "from_account_id": savings}
    return Ask("POST", f"/v1/accounts/{loan}/offset", body, ids=ids)


def _day(world: World, branch: str) -> str:
    return world.ledger.today(branch).isoformat()


CHANGES: Final[dict[str, Callable[[World, str], Ask]]] = {
    "PATCH /v1/customers/{id}": customer_change,
    "DELETE /v1/customers/{id}": customer_delete,
    "POST /v1/customers/{id}/activate": on_customer("activate", "pending", lambda *_: {}),
    "POST /v1/customers/{id}/reject": on_customer(
        "reject", "pending", lambda w, b: {"rejection_date": _day(w, b), "rejection_reason": "Other"}
    ),
    "POST /v1/customers/{id}/withdraw": on_customer(
        "withdraw", "pending", lambda w, b: {"withdrawal_date": _day(w, b), "withdrawal_reason": "Other"}
    ),
    "POST /v1/customers/{id}/reopen": on_customer("reopen", "rejected", lambda *_: {}),
    "POST /v1/customers/{id}/close": on_customer(
        "close", "active", lambda w, b: {"closure_date": _day(w, b), "closure_reason": "Other"}
    ),
    "POST /v1/customers/{id}/reactivate": on_customer("reactivate", "closed", lambda *_: {}),
    "POST /v1/customers/{id}/assign-staff": on_customer(
        "assign-staff", "active", lambda w, b: {"staff_id": staff_of(w, b)}
    ),
    "POST /v1/customers/{id}/unassign-staff": on_customer("unassign-staff", "assigned", lambda *_: None),
    "POST /v1/customers/{id}/transfer/propose": on_customer(
        "transfer/propose", "active", lambda w, b: offer(w, "HQ", _day(w, b))
    ),
    "POST /v1/customers/{id}/transfer/accept": offered("transfer/accept", {}),
    "POST /v1/customers/{id}/transfer/reject": offered("transfer/reject", {"reason": "not ours"}),
    "POST /v1/customers/{id}/transfer/withdraw": on_customer("transfer/withdraw", "offered", lambda *_: {}),
    **{f"POST /v1/customers/{{id}}/{kind}": part_create(kind) for kind in PARTS},
    **{f"PATCH /v1/customers/{{id}}/{kind}/{{part_id}}": part_change(kind, "PATCH") for kind in PARTS},
    **{f"DELETE /v1/customers/{{id}}/{kind}/{{part_id}}": part_change(kind, "DELETE") for kind in PARTS},
    "PUT /v1/customers/{id}/additional-details": details_set,
    "POST /v1/customers/{id}/documents": document_create,
    "DELETE /v1/customers/{id}/documents/{part_id}": document_delete,
    "POST /v1/codes/{code}/values": value_create,
    "PATCH /v1/codes/{code}/values/{id}": value_change,
    "POST /v1/staff": staff_create,
    "PATCH /v1/staff/{id}": staff_change,
    "POST /v1/products": product_create,
    "PATCH /v1/products/{id}": product_change,
    "PUT /v1/settings/membership": membership_set,
    "POST /v1/accounts/{id}/payouts": payout,
    "POST /v1/accounts/{id}/offset": offset,
}
"""A valid change, its objects made for it alone, for every keyed endpoint of these."""


def refused(name: str, ask: Ask) -> Ask | None:
    """The same change as the ledger decides against it, where sending it twice would not do; None for others."""
    for kind, (_, __, bad) in PARTS.items():
        if name == f"POST /v1/customers/{{id}}/{kind}":
            return Ask(ask.method, ask.path, ask.body | bad, ids=ask.ids)
    if name == "POST /v1/customers/{id}/documents":
        return Ask(ask.method, ask.path, ask.body | {"sha256": "0" * 64}, ids=ask.ids)
    if name in {"POST /v1/accounts/{id}/payouts", "POST /v1/accounts/{id}/offset"}:
        return Ask(ask.method, ask.path, ask.body | {"amount_minor": 1_000_000}, ids=ask.ids)
    return None


def _one(path: str) -> Callable[[World, str], Ask]:
    def ask(world: World, branch: str) -> Ask:
        owner = new_customer(world, branch)["id"]
        return Ask("GET", path.format(owner), ids={"path": owner})

    return ask


def _document(suffix: str) -> Callable[[World, str], Ask]:
    def ask(world: World, branch: str) -> Ask:
        owner, part = document_made(world, branch)
        return Ask("GET", f"/v1/customers/{owner}/documents/{part}{suffix}", ids={"path": part})

    return ask


def _account(suffix: str) -> Callable[[World, str], Ask]:
    def ask(world: World, branch: str) -> Ask:
        found = world.member(branch).accounts["savings"].id
        return Ask("GET", f"/v1/accounts/{found}{suffix}", ids={"path": found})

    return ask


def _payout_effect(world: World, branch: str) -> Ask:
    ask = payout(world, branch)
    return Ask("GET", f"{ask.path}/effect?amount_minor=1", ids=ask.ids)


def _offset_effect(world: World, branch: str) -> Ask:
    ask = offset(world, branch)
    source = ask.ids["from_account_id"]
    path = f"{ask.path}/effect?amount_minor=1&from_account_id={source}"
    return Ask("GET", path, ids={"path": ask.ids["path"]})


READS: Final[dict[str, Callable[[World, str], Ask]]] = {
    "GET /v1/customers/{id}/family-members": _one("/v1/customers/{}/family-members"),
    "GET /v1/customers/{id}/addresses": _one("/v1/customers/{}/addresses"),
    "GET /v1/customers/{id}/identifiers": _one("/v1/customers/{}/identifiers"),
    "GET /v1/customers/{id}/notes": _one("/v1/customers/{}/notes"),
    "GET /v1/customers/{id}/additional-details": _one("/v1/customers/{}/additional-details"),
    "GET /v1/customers/{id}/history": _one("/v1/customers/{}/history"),
    "GET /v1/customers/{id}/documents": _one("/v1/customers/{}/documents"),
    "GET /v1/customers/{id}/documents/{part_id}": _document(""),
    "GET /v1/customers/{id}/documents/{part_id}/content": _document("/content"),
    "GET /v1/accounts/{id}": _account(""),
    "GET /v1/accounts/{id}/schedule": _account("/schedule"),
    "GET /v1/accounts/{id}/payouts/effect": _payout_effect,
    "GET /v1/accounts/{id}/offset/effect": _offset_effect,
}
"""What reads an object of these: another branch's is not there."""

WHO_MAY: Final[dict[str, str]] = {
    "GET /v1/codes/{code}/values": "TSAM",
    "POST /v1/codes/{code}/values": "M",
    "PATCH /v1/codes/{code}/values/{id}": "M",
    "GET /v1/staff": "TSAM",
    "POST /v1/staff": "M",
    "PATCH /v1/staff/{id}": "M",
    "GET /v1/products": "TSAM",
    "POST /v1/products": "M",
    "PATCH /v1/products/{id}": "M",
    "GET /v1/settings/membership": "TSAM",
    "PUT /v1/settings/membership": "M",
    "GET /v1/customers/duplicates": "TS",
    "GET /v1/customers/export.csv": "TSA",
    "PATCH /v1/customers/{id}": "TS",
    "DELETE /v1/customers/{id}": "TS",
    "POST /v1/customers/{id}/activate": "TS",
    "POST /v1/customers/{id}/reject": "TS",
    "POST /v1/customers/{id}/withdraw": "TS",
    "POST /v1/customers/{id}/reopen": "TS",
    "POST /v1/customers/{id}/close": "TS",
    "POST /v1/customers/{id}/reactivate": "TS",
    "POST /v1/customers/{id}/assign-staff": "TS",
    "POST /v1/customers/{id}/unassign-staff": "TS",
    "POST /v1/customers/{id}/transfer/propose": "TS",
    "POST /v1/customers/{id}/transfer/accept": "TS",
    "POST /v1/customers/{id}/transfer/reject": "TS",
    "POST /v1/customers/{id}/transfer/withdraw": "TS",
    "GET /v1/transfers": "TSAM",
    "GET /v1/transfers/destinations": "TS",
    "GET /v1/customers/{id}/family-members": "TSA",
    "POST /v1/customers/{id}/family-members": "TS",
    "PATCH /v1/customers/{id}/family-members/{part_id}": "TS",
    "DELETE /v1/customers/{id}/family-members/{part_id}": "TS",
    "GET /v1/customers/{id}/addresses": "TSA",
    "POST /v1/customers/{id}/addresses": "TS",
    "PATCH /v1/customers/{id}/addresses/{part_id}": "TS",
    "DELETE /v1/customers/{id}/addresses/{part_id}": "TS",
    "GET /v1/customers/{id}/identifiers": "TSA",
    "POST /v1/customers/{id}/identifiers": "TS",
    "PATCH /v1/customers/{id}/identifiers/{part_id}": "TS",
    "DELETE /v1/customers/{id}/identifiers/{part_id}": "TS",
    "GET /v1/customers/{id}/notes": "TSA",
    "POST /v1/customers/{id}/notes": "TS",
    "PATCH /v1/customers/{id}/notes/{part_id}": "TS",
    "DELETE /v1/customers/{id}/notes/{part_id}": "TS",
    "GET /v1/customers/{id}/additional-details": "TSA",
    "PUT /v1/customers/{id}/additional-details": "TS",
    "GET /v1/customers/{id}/history": "TSA",
    "GET /v1/customers/{id}/documents": "TSA",
    "POST /v1/customers/{id}/documents": "TS",
    "GET /v1/customers/{id}/documents/{part_id}": "TSA",
    "GET /v1/customers/{id}/documents/{part_id}/content": "TSA",
    "DELETE /v1/customers/{id}/documents/{part_id}": "S",
    "GET /v1/accounts/{id}": "TSA",
    "GET /v1/accounts/{id}/schedule": "TSA",
    "GET /v1/accounts/{id}/payouts/effect": "TS",
    "POST /v1/accounts/{id}/payouts": "TS",
    "GET /v1/accounts/{id}/offset/effect": "TS",
    "POST /v1/accounts/{id}/offset": "TS",
}
"""As in every_route.py: written down, and derived from nothing."""
