"""One valid request for every endpoint, and who may send it: a new endpoint without a row fails its tests."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from tests.ledger.files import HEADER, ask_import, upload
from tests.ledger.running import PASSWORD, cheap_passwords
from tests.ledger.till import MASK, OTHER_SHORT_CODE, SHORT_CODE, Till, open_till

from branchtui.ledger.web.routes import all_routes

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx
    from tests.ledger.running import Api, Member, RunningLedger

    from branchtui.ledger.web.route import Route

ROUTES: Final[tuple[Route, ...]] = all_routes(cheap_passwords())
KEYED: Final = tuple(route for route in ROUTES if route.keyed)

PERSON: Final = {"T": "teller", "S": "supervisor", "A": "auditor", "M": "administrator"}
TELLER_OF: Final = {"NKU": "teller", "KSM": "teller2", "HQ": "hq-teller"}
SUPERVISOR_OF: Final = {"NKU": "supervisor", "KSM": "supervisor2", "HQ": "hq-supervisor"}

WHO_MAY: Final[dict[str, str]] = {
    "POST /v1/sessions": "public",
    "POST /v1/sessions/refresh": "public",
    "DELETE /v1/sessions/current": "TSAM",
    "GET /v1/me": "TSAM",
    "POST /v1/me/step-up": "TSAM",
    "POST /v1/me/password": "TSAM",
    "POST /v1/me/totp": "TSAM",
    "GET /v1/users": "SAM",
    "POST /v1/users": "M",
    "GET /v1/users/{id}": "SAM",
    "PATCH /v1/users/{id}": "M",
    "POST /v1/users/{id}/unlock": "SM",
    "GET /v1/branches": "TSAM",
    "POST /v1/branches": "M",
    "GET /v1/settings/security": "SAM",
    "PUT /v1/settings/security": "M",
    "PATCH /v1/branches/{id}": "M",
    "GET /v1/approvals": "TSA",
    "POST /v1/approvals": "TS",
    "GET /v1/approvals/{id}": "TSA",
    "POST /v1/approvals/{id}/approve": "S",
    "POST /v1/approvals/{id}/reject": "S",
    "POST /v1/approvals/{id}/withdraw": "TS",
    "GET /healthz": "public",
    "GET /readyz": "public",
    "GET /v1/customers": "TSAM",
    "POST /v1/customers": "TS",
    "GET /v1/customers/{id}": "TSAM",
    "POST /v1/customers/{id}/accounts": "TS",
    "GET /v1/accounts/{id}/entries": "TSA",
    "GET /v1/balance-records": "TSA",
    "POST /v1/balance-records": "TS",
    "GET /v1/balance-records/summary": "TS",
    "POST /v1/balance-records/post-all": "TS",
    "POST /v1/balance-records/delete-all": "TS",
    "GET /v1/balance-records/{id}": "TSA",
    "PATCH /v1/balance-records/{id}": "TS",
    "DELETE /v1/balance-records/{id}": "TS",
    "POST /v1/balance-records/{id}/post": "TS",
    "POST /v1/balance-records/{id}/reverse": "S",
    "GET /v1/payments": "TSA",
    "GET /v1/payments/{id}": "TSA",
    "GET /v1/payments/{id}/candidates": "TSA",
    "POST /v1/payments/{id}/associate": "TS",
    "POST /v1/payments/{id}/disassociate": "TS",
    "GET /v1/callback-events": "SAM",
    "POST /v1/callbacks/mpesa/{token}/confirmation": "public",
    "POST /v1/callbacks/mpesa/{token}/validation": "public",
    "PUT /v1/uploads/{id}": "TS",
    "HEAD /v1/uploads/{id}": "TS",
    "POST /v1/imports": "TS",
    "POST /v1/imports/{id}/start": "TS",
    "GET /v1/imports": "TSA",
    "GET /v1/imports/{id}": "TSA",
    "GET /v1/imports/{id}/rows": "TSA",
    "GET /v1/imports/{id}/rejects.csv": "TSA",
    "GET /v1/templates/{kind}.csv": "TSA",
    "GET /v1/jobs/{id}": "TSAM",
    "GET /v1/operations": "TSAM",
    "GET /v1/operations/{key}": "TSAM",
    "POST /v1/operations/{key}/cancel": "TSAM",
    "GET /v1/audit": "A",
    "GET /v1/audit/head": "A",
    "GET /v1/dashboard": "TSAM",
}
"""Teller, Supervisor, Auditor, adMinistrator; written down here and nowhere derived (AUTHZ-1, T-09)."""


@dataclass(frozen=True)
class Ask:
    """A request as it would be sent; `ids` names every id of an object in it, by slot.

    `who` sends it: the branch's supervisor, or its `administrator` or `teller`, or one at the `top`.
    """

    method: str
    path: str
    body: Any = None
    if_match: int | None = None
    ids: dict[str, str] = field(default_factory=dict)
    who: str = "supervisor"

    def instead(self, slot: str, other: str) -> Ask:
        """The same with another id in one slot."""
        old = self.ids[slot]
        path = self.path.replace(old, other) if slot == "path" else self.path
        body = json.loads(json.dumps(self.body).replace(old, other)) if slot != "path" else self.body
        return replace(self, path=path, body=body, ids=self.ids | {slot: other})

    def send(self, api: Api, *, key: str | None = None, **options: Any) -> httpx.Response:
        """Send it as `api`; a fresh key unless one is given."""
        options.setdefault("if_match", self.if_match)
        return api.send(self.method, self.path, self.body, key=key, **options)


@dataclass
class World:
    """A ledger with something of everything in two branches beside each other."""

    ledger: RunningLedger
    till: Till
    _proved: dict[str, int] = field(default_factory=dict)

    @classmethod
    def open(cls, ledger: RunningLedger) -> World:
        """Short codes and customers are entered over HTTP."""
        return cls(ledger, open_till(ledger))

    def boss(self, branch: str) -> Api:
        """Who may do everything in a branch."""
        return self.ledger.sign_in(SUPERVISOR_OF[branch])

    def api(self, ask: Ask, branch: str) -> Api:
        """Who may send this in a branch, proved to be the person (AUTH-7)."""
        if ask.who == "top":
            username = "administrator" if branch == "NKU" else "administrator-2"
            if not self.ledger.query("SELECT 1 FROM users WHERE username = ?", username):
                self.user("HQ", "HQ", username=username, role="administrator")
            return self.proved(self.ledger.sign_in(username))
        if ask.who == "administrator":
            return self.proved(self.administrator(branch))
        return self.proved(
            self.ledger.sign_in(TELLER_OF[branch]) if ask.who == "teller" else self.boss(branch)
        )

    def proved(self, api: Api) -> Api:
        """The same, after a step-up where the last one is minutes ago: a module may take longer than it counts."""
        now = self.ledger.clock.now_us()
        if now - self._proved.get(api.username, 0) > 120_000_000:
            answer = api.post("/v1/me/step-up", {"password": PASSWORD}, key="")
            assert answer.status_code == 200, answer.text
            self._proved[api.username] = now
        return api

    def administrator(self, branch: str) -> Api:
        """An administrator of the branch alone."""
        if branch == "HQ":
            return self.ledger.sign_in("administrator")
        username = f"administrator-{branch.lower()}"
        if not self.ledger.query("SELECT 1 FROM users WHERE username = ?", username):
            self.user("HQ", branch, username=username, role="administrator")
        return self.ledger.sign_in(username)

    def user(self, by: str, branch: str, **members: Any) -> dict[str, Any]:
        """A user of the branch, made by an administrator of another."""
        body = {
            "username": f"u-{uuid.uuid4().hex[:12]}",
            "role": "teller",
            "branch_id": self.ledger.branch(branch).id,
            "password": PASSWORD,
        } | members
        answer = self.proved(self.administrator(by)).post("/v1/users", body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def large(self, branch: str) -> tuple[dict[str, Any], str]:
        """A payment that waits, above a teller's limit, and whose it may be."""
        code = SHORT_CODE if branch == "NKU" else OTHER_SHORT_CODE
        payment = self.till.pay(
            BillRefNumber="", MSISDN=MASK, BusinessShortCode=code, TransAmount="150000.00"
        )
        return payment, self.member(branch).id

    def request(self, branch: str) -> dict[str, Any]:
        """A teller's request that waits, to associate a large payment."""
        ask = approval_file(self, branch)
        answer = ask.send(self.api(ask, branch))
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def member(self, branch: str) -> Member:
        """A customer with a wallet and savings."""
        return self.ledger.add_member(branch, accounts=("wallet", "savings"))

    def new_record(self, branch: str) -> dict[str, Any]:
        """The body of a balance that nobody keyed."""
        return {
            "customer_id": self.member(branch).id,
            "account_kind": "savings",
            "amount_minor": 5_000,
            "currency": "KES",
            "as_of_date": self.ledger.today(branch).isoformat(),
            "external_ref": f"E-{uuid.uuid4().hex}",
        }

    def record(self, branch: str, *, posted: bool = False) -> dict[str, Any]:
        """A record that waits, or was posted."""
        made: dict[str, Any] = self.boss(branch).post("/v1/balance-records", self.new_record(branch)).json()
        if posted:
            made = self.boss(branch).post(f"/v1/balance-records/{made['id']}/post", if_match=1).json()
        return made

    def seen_set(self, branch: str, action: str) -> dict[str, Any]:
        """What the branch's supervisor sees of one fresh record."""
        customer_id = self.record(branch)["customer_id"]
        seen = (
            self.boss(branch).get("/v1/balance-records/summary", action=action, customer=customer_id).json()
        )
        seen.pop("currency")
        return seen | {"filter": {"customer": customer_id}}

    def waiting(self, branch: str) -> dict[str, Any]:
        """A payment without an owner."""
        code = SHORT_CODE if branch == "NKU" else OTHER_SHORT_CODE
        return self.till.pay(BillRefNumber="", MSISDN=MASK, BusinessShortCode=code)

    def given(self, branch: str) -> dict[str, Any]:
        """A payment that has just been given to somebody."""
        payment = self.waiting(branch)
        answer = self.boss(branch).post(
            f"/v1/payments/{payment['id']}/associate", {"customer_id": self.member(branch).id}, if_match=1
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def file(self, branch: str) -> bytes:
        """A balance file of one row that was never sent."""
        customer = self.member(branch).customer
        day = self.ledger.today(branch).isoformat()
        return f"{HEADER}\n{customer.customer_no},savings,12.50,KES,{day},,F-{uuid.uuid4().hex}\n".encode()

    def ready_import(self, branch: str) -> dict[str, Any]:
        """An import that waits for its start."""
        api, data = self.boss(branch), self.file(branch)
        accepted = ask_import(api, upload(api, data), dry_run=True)
        assert accepted.status_code == 202, accepted.text
        while api.get(accepted.headers["location"], wait=20).json()["state"] in {"queued", "running"}:
            pass
        found: dict[str, Any] = api.get(f"/v1/imports/{accepted.json()['import_id']}").json()
        assert found["state"] == "ready", found
        return found | {"job_id": accepted.json()["job_id"]}


def customer_create(world: World, branch: str) -> Ask:
    place = world.ledger.branch(branch).id
    body = {"branch_id": place, "first_name": "Fresh", "last_name": "Person", "external_id": uuid.uuid4().hex}
    return Ask("POST", "/v1/customers", body, ids={"branch_id": place})


def account_open(world: World, branch: str) -> Ask:
    owner = world.member(branch).id
    body = {"kind": "shares", "currency": "KES", "account_no": uuid.uuid4().hex[:16]}
    return Ask("POST", f"/v1/customers/{owner}/accounts", body, ids={"path": owner})


def record_create(world: World, branch: str) -> Ask:
    body = world.new_record(branch)
    return Ask("POST", "/v1/balance-records", body, ids={"customer_id": body["customer_id"]})


def record_edit(world: World, branch: str) -> Ask:
    record, other = world.record(branch), world.member(branch).id
    body = {"amount_minor": 7_700, "customer_id": other}
    ids = {"path": record["id"], "customer_id": other}
    return Ask("PATCH", f"/v1/balance-records/{record['id']}", body, record["version"], ids)


def record_delete(world: World, branch: str) -> Ask:
    record = world.record(branch)
    path = f"/v1/balance-records/{record['id']}"
    return Ask("DELETE", path, None, record["version"], {"path": record["id"]})


def record_post(world: World, branch: str) -> Ask:
    record = world.record(branch)
    path = f"/v1/balance-records/{record['id']}/post"
    return Ask("POST", path, None, record["version"], {"path": record["id"]})


def record_reverse(world: World, branch: str) -> Ask:
    record = world.record(branch, posted=True)
    path = f"/v1/balance-records/{record['id']}/reverse"
    return Ask("POST", path, {"reason": "keyed twice"}, record["version"], {"path": record["id"]})


def post_all(world: World, branch: str) -> Ask:
    return Ask("POST", "/v1/balance-records/post-all", world.seen_set(branch, "post"))


def delete_all(world: World, branch: str) -> Ask:
    return Ask("POST", "/v1/balance-records/delete-all", world.seen_set(branch, "delete"))


def associate(world: World, branch: str) -> Ask:
    payment, owner = world.waiting(branch), world.member(branch)
    ids = {"path": payment["id"], "customer_id": owner.id, "account_id": owner.accounts["wallet"].id}
    body = {name: ids[name] for name in ("customer_id", "account_id")}
    return Ask("POST", f"/v1/payments/{payment['id']}/associate", body, payment["version"], ids)


def disassociate(world: World, branch: str) -> Ask:
    payment = world.given(branch)
    path, body = f"/v1/payments/{payment['id']}/disassociate", {"reason": "the wrong customer"}
    return Ask("POST", path, body, payment["version"], {"path": payment["id"]})


def import_create(world: World, branch: str) -> Ask:
    upload_id = upload(world.boss(branch), world.file(branch))
    body = {"upload_id": upload_id, "kind": "balance-records", "dry_run": True}
    return Ask("POST", "/v1/imports", body, ids={"upload_id": upload_id})


def import_start(world: World, branch: str) -> Ask:
    found = world.ready_import(branch)
    body = {"sha256": found["sha256"], "preview_version": found["preview_version"]}
    return Ask("POST", f"/v1/imports/{found['id']}/start", body, ids={"path": found["id"]})


def user_create(world: World, branch: str) -> Ask:
    place = world.ledger.branch(branch).id
    same = world.user("HQ", branch)["id"]
    body = {
        "username": f"u-{uuid.uuid4().hex[:12]}",
        "role": "teller",
        "branch_id": place,
        "password": PASSWORD,
        "same_person_as": same,
    }
    ids = {"branch_id": place, "same_person_as": same}
    return Ask("POST", "/v1/users", body, ids=ids, who="administrator")


def user_change(world: World, branch: str) -> Ask:
    user, place = world.user("HQ", branch), world.ledger.branch(branch).id
    body = {"limit_minor": 5_000, "branch_id": place}
    ids = {"path": user["id"], "branch_id": place}
    return Ask("PATCH", f"/v1/users/{user['id']}", body, 1, ids, "administrator")


def user_unlock(world: World, branch: str) -> Ask:
    user = world.user("HQ", branch)["id"]
    return Ask("POST", f"/v1/users/{user}/unlock", ids={"path": user})


def branch_create(world: World, branch: str) -> Ask:
    parent = world.ledger.branch(branch).id
    body = {"code": f"B{uuid.uuid4().hex[:10]}", "name": "Fresh", "parent_id": parent}
    return Ask("POST", "/v1/branches", body, ids={"parent_id": parent}, who="administrator")


def branch_change(world: World, branch: str) -> Ask:
    made = branch_create(world, branch).send(world.proved(world.administrator("HQ"))).json()
    path = f"/v1/branches/{made['id']}"
    return Ask("PATCH", path, {"name": "Renamed"}, 1, {"path": made["id"]}, "administrator")


def security_set(world: World, _: str) -> Ask:
    path = "/v1/settings/security"
    version = world.administrator("HQ").get(path).json()["version"]
    limits = {"auditor": int(uuid.uuid4().hex[:8], 16)}
    return Ask("PUT", path, {"role_limits": limits}, version, who="top")


def approval_file(world: World, branch: str) -> Ask:
    payment, customer = world.large(branch)
    body = {
        "action": "payment.associate",
        "object_id": payment["id"],
        "object_version": payment["version"],
        "body": {"customer_id": customer},
        "reason": "a large one",
    }
    ids = {"object_id": payment["id"], "customer_id": customer}
    return Ask("POST", "/v1/approvals", body, ids=ids, who="teller")


def approval_approve(world: World, branch: str) -> Ask:
    found = world.request(branch)
    body = {"difference_hash": found["difference_hash"]}
    return Ask("POST", f"/v1/approvals/{found['id']}/approve", body, ids={"path": found["id"]})


def approval_reject(world: World, branch: str) -> Ask:
    found = world.request(branch)["id"]
    return Ask("POST", f"/v1/approvals/{found}/reject", {"reason": "not theirs"}, ids={"path": found})


def approval_withdraw(world: World, branch: str) -> Ask:
    found = world.request(branch)["id"]
    return Ask("POST", f"/v1/approvals/{found}/withdraw", ids={"path": found}, who="teller")


CHANGES: Final[dict[str, Callable[[World, str], Ask]]] = {
    "POST /v1/users": user_create,
    "PATCH /v1/users/{id}": user_change,
    "POST /v1/users/{id}/unlock": user_unlock,
    "POST /v1/branches": branch_create,
    "PATCH /v1/branches/{id}": branch_change,
    "PUT /v1/settings/security": security_set,
    "POST /v1/approvals": approval_file,
    "POST /v1/approvals/{id}/approve": approval_approve,
    "POST /v1/approvals/{id}/reject": approval_reject,
    "POST /v1/approvals/{id}/withdraw": approval_withdraw,
    "POST /v1/customers": customer_create,
    "POST /v1/customers/{id}/accounts": account_open,
    "POST /v1/balance-records": record_create,
    "PATCH /v1/balance-records/{id}": record_edit,
    "DELETE /v1/balance-records/{id}": record_delete,
    "POST /v1/balance-records/{id}/post": record_post,
    "POST /v1/balance-records/{id}/reverse": record_reverse,
    "POST /v1/balance-records/post-all": post_all,
    "POST /v1/balance-records/delete-all": delete_all,
    "POST /v1/payments/{id}/associate": associate,
    "POST /v1/payments/{id}/disassociate": disassociate,
    "POST /v1/imports": import_create,
    "POST /v1/imports/{id}/start": import_start,
}
"""A valid change, its objects made for it alone, for every keyed endpoint."""

KEYED_APART: Final = {
    "POST /v1/me/password": "test_people.py: it looks at a password first, which is counted as a try",
    "POST /v1/me/totp": "test_second_factor.py: what it shows is stored under no key",
}
"""Keyed endpoints about oneself, and where they are tried."""


def rejected(world: World, name: str) -> Ask:
    """A change that the ledger decides against: 409, 412 or 422, kept under its key (IDEM-6)."""
    ask = CHANGES[name](world, "NKU")
    if ask.if_match is not None:
        return replace(ask, if_match=ask.if_match + 1)
    if name == "POST /v1/approvals/{id}/approve":
        return replace(ask, body={"difference_hash": hashlib.sha256(b"other").hexdigest()})
    if name == "POST /v1/users/{id}/unlock":
        own = world.boss("NKU").session["user"]["id"]
        return replace(ask, path=f"/v1/users/{own}/unlock")
    if name.endswith("-all"):
        return Ask(ask.method, ask.path, ask.body | {"set_hash": hashlib.sha256(b"other").hexdigest()})
    if name == "POST /v1/imports/{id}/start":
        return Ask(ask.method, ask.path, ask.body | {"preview_version": ask.body["preview_version"] + 1})
    if name == "POST /v1/imports":
        return Ask(ask.method, ask.path, ask.body | {"sha256": hashlib.sha256(b"other").hexdigest()})
    done = ask.send(world.api(ask, "NKU"))
    assert done.status_code < 300, done.text
    if name == "POST /v1/balance-records":
        return Ask(ask.method, ask.path, ask.body | {"amount_minor": 6_000})
    if name == "POST /v1/approvals":
        return replace(ask, body=ask.body | {"reason": "once more"})
    if name == "POST /v1/customers":
        return Ask(ask.method, ask.path, ask.body | {"first_name": "Another"})
    return ask


def _entries(world: World, branch: str) -> Ask:
    account = world.member(branch).accounts["wallet"].id
    return Ask("GET", f"/v1/accounts/{account}/entries", ids={"path": account})


def _customer(world: World, branch: str) -> Ask:
    found = world.member(branch).id
    return Ask("GET", f"/v1/customers/{found}?include=accounts,entries", ids={"path": found})


def _record(world: World, branch: str) -> Ask:
    found = world.record(branch)["id"]
    return Ask("GET", f"/v1/balance-records/{found}", ids={"path": found})


def _payment(suffix: str) -> Callable[[World, str], Ask]:
    def ask(world: World, branch: str) -> Ask:
        found = world.waiting(branch)["id"]
        return Ask("GET", f"/v1/payments/{found}{suffix}", ids={"path": found})

    return ask


def _import(suffix: str) -> Callable[[World, str], Ask]:
    def ask(world: World, branch: str) -> Ask:
        found = world.ready_import(branch)["id"]
        return Ask("GET", f"/v1/imports/{found}{suffix}", ids={"path": found})

    return ask


def _job(world: World, branch: str) -> Ask:
    found = world.ready_import(branch)["job_id"]
    return Ask("GET", f"/v1/jobs/{found}", ids={"path": found})


def _upload(world: World, branch: str) -> Ask:
    found = upload(world.boss(branch), world.file(branch))
    return Ask("HEAD", f"/v1/uploads/{found}", ids={"path": found})


def _operation(suffix: str, method: str) -> Callable[[World, str], Ask]:
    def ask(world: World, branch: str) -> Ask:
        key = str(uuid.uuid4())
        assert customer_create(world, branch).send(world.boss(branch), key=key).status_code in {201, 409}
        return Ask(method, f"/v1/operations/{key}{suffix}", ids={"path": key})

    return ask


def _by_branch(path: str) -> Callable[[World, str], Ask]:
    def ask(world: World, branch: str) -> Ask:
        found = world.ledger.branch(branch).id
        return Ask("GET", f"{path}{found}", ids={"path": found})

    return ask


def _user(world: World, branch: str) -> Ask:
    found = world.user("HQ", branch)["id"]
    return Ask("GET", f"/v1/users/{found}", ids={"path": found})


def _approval(world: World, branch: str) -> Ask:
    found = world.request(branch)["id"]
    return Ask("GET", f"/v1/approvals/{found}", ids={"path": found})


READS: Final[dict[str, Callable[[World, str], Ask]]] = {
    "GET /v1/users/{id}": _user,
    "GET /v1/approvals/{id}": _approval,
    "GET /v1/customers/{id}": _customer,
    "GET /v1/accounts/{id}/entries": _entries,
    "GET /v1/balance-records/{id}": _record,
    "GET /v1/payments/{id}": _payment(""),
    "GET /v1/payments/{id}/candidates": _payment("/candidates"),
    "GET /v1/imports/{id}": _import(""),
    "GET /v1/imports/{id}/rows": _import("/rows"),
    "GET /v1/imports/{id}/rejects.csv": _import("/rejects.csv"),
    "GET /v1/jobs/{id}": _job,
    "HEAD /v1/uploads/{id}": _upload,
    "GET /v1/customers": _by_branch("/v1/customers?branch="),
    "GET /v1/balance-records": _by_branch("/v1/balance-records?branch="),
    "GET /v1/balance-records/summary": _by_branch("/v1/balance-records/summary?branch="),
    "GET /v1/payments": _by_branch("/v1/payments?branch="),
    "GET /v1/imports": _by_branch("/v1/imports?branch="),
    "GET /v1/operations": _by_branch("/v1/operations?mine=false&branch="),
    "GET /v1/dashboard": _by_branch("/v1/dashboard?branch="),
}
"""What reads an object or a branch: another branch's is not there (AUTHZ-2)."""

SCOPED_APART: Final = {
    "GET /v1/operations/{key}": "test_operations.py: others' operations answer the 404 of the unknown",
    "POST /v1/operations/{key}/cancel": "test_operations.py: others' operations answer the 404 of the unknown",
    "PUT /v1/uploads/{id}": "test_uploads.py: an upload is its sender's alone",
    "GET /v1/templates/{kind}.csv": "the columns are the same for everybody",
    "POST /v1/callbacks/mpesa/{token}/confirmation": "test_callbacks.py: the token is the provider's",
    "POST /v1/callbacks/mpesa/{token}/validation": "test_callbacks.py: the token is the provider's",
}
"""Paths with a value that is no object of a branch, and where they are tested."""


def plain_path(route: Route) -> str:
    """The route's path with a value of the right form for each parameter; nothing has these ids."""
    filled = route.path.replace("{kind}", "balance-records").replace("{token}", "no-such-token")
    return filled.replace("{id}", str(uuid.uuid4())).replace("{key}", str(uuid.uuid4()))
