"""One valid request for every endpoint, and who may send it: a new endpoint without a row fails its tests."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from tests.ledger.balance_files import apply_file, check_file, payer, universal
from tests.ledger.files import HEADER, ask_import, upload
from tests.ledger.running import PASSWORD, cheap_passwords
from tests.ledger.shop import DAILY, Shop
from tests.ledger.till import MASK, OTHER_SHORT_CODE, SHORT_CODE, Till, open_till
from tests.ledger.web import customer_routes, held_routes, learned_routes, voucher_routes
from tests.ledger.web.asking import Ask

from branchtui.ledger.web.routes import all_routes

if TYPE_CHECKING:
    from collections.abc import Callable

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
    "POST /v1/branches/{id}/days/{date}/close": "S",
    "POST /v1/branches/{id}/days/{date}/open": "S",
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
    "GET /v1/credit-accounts": "TSA",
    "POST /v1/credit-accounts": "TS",
    "GET /v1/credit-accounts/settlement-dates": "TSA",
    "GET /v1/credit-accounts/{id}": "TSA",
    "PATCH /v1/credit-accounts/{id}": "TS",
    "GET /v1/credit-accounts/{id}/transactions": "TSA",
    "GET /v1/credit-accounts/{id}/transactions/{transaction_id}": "TSA",
    "GET /v1/credit-accounts/{id}/statements": "TSA",
    "POST /v1/credit-accounts/{id}/purchases": "TS",
    "POST /v1/credit-accounts/{id}/refunds": "S",
    "POST /v1/credit-accounts/{id}/adjustments": "S",
    "POST /v1/credit-accounts/{id}/settlements": "TS",
    "GET /v1/settlements/{id}": "TSA",
    "POST /v1/settlements/{id}/reverse": "S",
    "GET /v1/statements/{id}": "TSA",
    "POST /v1/statements/{id}/mail": "TS",
    "POST /v1/payments": "TS",
    "GET /v1/payments/association-summary": "TS",
    "POST /v1/payments/associate-all": "TS",
    "POST /v1/payments/{id}/reassign": "TS",
    "POST /v1/payments/{id}/ignore": "TS",
    "POST /v1/payments/{id}/restore": "TS",
    "POST /v1/payments/{id}/refund": "TS",
    "POST /v1/payments/{id}/reverse": "TS",
    "GET /v1/transactions": "TSA",
    "GET /v1/transactions.csv": "SA",
    "GET /v1/transactions/{id}": "TSA",
    "POST /v1/transactions/{id}/receipts": "TS",
    "POST /v1/payments/{id}/receipts": "TS",
    "GET /v1/receipts": "TSA",
    "GET /v1/receipts/check": "TSA",
    "GET /v1/receipts/{id}": "TSA",
    **held_routes.WHO_MAY,
    "POST /v1/callbacks/mpesa/{token}/confirmation": "public",
    "POST /v1/callbacks/mpesa/{token}/validation": "public",
    "PUT /v1/uploads/{id}": "TSM",
    "HEAD /v1/uploads/{id}": "TSM",
    "POST /v1/imports": "TSM",
    "POST /v1/imports/{id}/start": "TSM",
    "GET /v1/imports": "TSAM",
    "GET /v1/imports/{id}": "TSAM",
    "GET /v1/imports/{id}/rows": "TSAM",
    "GET /v1/imports/{id}/rejects.csv": "TSAM",
    "GET /v1/templates/{kind}.csv": "TSAM",
    "GET /v1/templates/{kind}.xlsx": "TSAM",
    "GET /v1/payees": "SAM",
    "POST /v1/payees": "M",
    "GET /v1/column-maps": "TSA",
    "POST /v1/column-maps": "S",
    "PUT /v1/column-maps/{id}": "S",
    "DELETE /v1/column-maps/{id}": "S",
    "GET /v1/balance-files": "TSA",
    "POST /v1/balance-files": "TS",
    "GET /v1/balance-files/{id}": "TSA",
    "GET /v1/balance-files/{id}/rows": "TSA",
    "GET /v1/balance-files/{id}/payers": "TSA",
    "GET /v1/balance-files/{id}/rejects.csv": "TSA",
    "POST /v1/balance-files/{id}/validate": "TS",
    "POST /v1/balance-files/{id}/apply": "TS",
    "POST /v1/balance-files/{id}/reject": "TS",
    "POST /v1/balance-files/{id}/revert": "S",
    "GET /v1/settings/balance-files": "SAM",
    "PUT /v1/settings/balance-files": "M",
    "GET /v1/jobs": "TSAM",
    "GET /v1/jobs/{id}": "TSAM",
    "GET /v1/operations": "TSAM",
    "GET /v1/operations/{key}": "TSAM",
    "POST /v1/operations/{key}/cancel": "TSAM",
    "GET /v1/audit": "A",
    "GET /v1/audit/head": "A",
    "GET /v1/dashboard": "TSAM",
    "GET /v1/reports/day": "TSA",
    **customer_routes.WHO_MAY,
    **voucher_routes.WHO_MAY,
    **learned_routes.WHO_MAY,
}
"""Teller, Supervisor, Auditor, adMinistrator; written down here and nowhere derived (AUTHZ-1, T-09)."""


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

    def stated(self, branch: str, *, applied: bool = False) -> dict[str, Any]:
        """A balance file of one payer that waits, or was applied."""
        stated = payer(self.member(branch).customer.account_no, "12.50")
        api, data = self.boss(branch), universal(stated, file_id=uuid.uuid4().hex)
        found = check_file(api, data)
        return apply_file(api, found) if applied else found


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


def associate_all(world: World, branch: str) -> Ask:
    code = SHORT_CODE if branch == "NKU" else OTHER_SHORT_CODE
    number = f"7{uuid.uuid4().int % 10**9:09d}"
    payment = world.till.waiting(BillRefNumber=number, BusinessShortCode=code)
    made = world.boss(branch).post(
        "/v1/customers",
        {
            "branch_id": world.ledger.branch(branch).id,
            "first_name": f"Late{number}",
            "last_name": "Comer",
            "account_no": number,
            "active": True,
        },
    )
    assert made.status_code == 201, made.text
    shown = {"q": payment["code"]}
    seen = world.boss(branch).get("/v1/payments/association-summary", **shown).json()
    assert seen["count"] == 1, seen
    body = {name: seen[name] for name in ("count", "total_minor", "set_hash")}
    return Ask("POST", "/v1/payments/associate-all", body | {"filter": shown})


def payment_create(world: World, branch: str) -> Ask:
    owner = world.member(branch)
    ids = {"customer_id": owner.id, "account_id": owner.accounts["wallet"].id}
    body = ids | {
        "amount_minor": 5_000,
        "currency": "KES",
        "tender": "cash",
        "receipt_no": uuid.uuid4().hex[:12],
    }
    return Ask("POST", "/v1/payments", body, ids=ids)


def payment_keyed(world: World, branch: str) -> dict[str, Any]:
    """A payment that was keyed by hand."""
    ask = payment_create(world, branch)
    answer = ask.send(world.api(ask, branch))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def payment_reassign(world: World, branch: str) -> Ask:
    payment, owner = world.given(branch), world.member(branch)
    ids = {"path": payment["id"], "customer_id": owner.id, "account_id": owner.accounts["wallet"].id}
    body = {name: ids[name] for name in ("customer_id", "account_id")} | {"reason": "the wrong customer"}
    return Ask("POST", f"/v1/payments/{payment['id']}/reassign", body, payment["version"], ids)


def payment_ignore(world: World, branch: str) -> Ask:
    payment = world.waiting(branch)
    path, body = f"/v1/payments/{payment['id']}/ignore", {"reason": "a test"}
    return Ask("POST", path, body, payment["version"], {"path": payment["id"]})


def payment_restore(world: World, branch: str) -> Ask:
    ask = payment_ignore(world, branch)
    done = ask.send(world.api(ask, branch)).json()
    return Ask("POST", f"/v1/payments/{done['id']}/restore", None, done["version"], {"path": done["id"]})


def payment_refund(world: World, branch: str) -> Ask:
    payment = world.waiting(branch)
    body = {"tender": "cash", "reason": "paid to us by mistake"}
    return Ask("POST", f"/v1/payments/{payment['id']}/refund", body, ids={"path": payment["id"]})


def payment_reverse(world: World, branch: str) -> Ask:
    payment = payment_keyed(world, branch)
    path, body = f"/v1/payments/{payment['id']}/reverse", {"reason": "keyed twice"}
    return Ask("POST", path, body, payment["version"], {"path": payment["id"]})


def entry_of(world: World, branch: str) -> str:
    """The journal entry of a payment that was keyed by hand."""
    payment = payment_keyed(world, branch)
    ((entry_id,),) = world.ledger.query("SELECT id FROM journal_entries WHERE subject_id = ?", payment["id"])
    return str(entry_id)


def receipt_print(world: World, branch: str) -> Ask:
    entry = entry_of(world, branch)
    return Ask("POST", f"/v1/transactions/{entry}/receipts", {"columns": 40}, ids={"path": entry})


def payment_receipt_print(world: World, branch: str) -> Ask:
    payment = payment_keyed(world, branch)["id"]
    return Ask("POST", f"/v1/payments/{payment}/receipts", {"columns": 80}, ids={"path": payment})


def import_create(world: World, branch: str) -> Ask:
    upload_id = upload(world.boss(branch), world.file(branch))
    body = {"upload_id": upload_id, "kind": "balance-records", "dry_run": True}
    return Ask("POST", "/v1/imports", body, ids={"upload_id": upload_id})


def import_start(world: World, branch: str) -> Ask:
    found = world.ready_import(branch)
    body = {"sha256": found["sha256"], "preview_version": found["preview_version"]}
    return Ask("POST", f"/v1/imports/{found['id']}/start", body, ids={"path": found["id"]})


def payee_create(world: World, branch: str) -> Ask:
    place = world.ledger.branch(branch).id
    body = {"provider": "equity", "number": str(uuid.uuid4().int)[:20], "branch_id": place}
    return Ask("POST", "/v1/payees", body, ids={"branch_id": place}, who="administrator")


def column_map_create(world: World, branch: str) -> Ask:
    place = world.ledger.branch(branch).id
    body = {"name": uuid.uuid4().hex, "columns": {"date": "Date", "amount": "Amount"}, "branch_id": place}
    return Ask("POST", "/v1/column-maps", body, ids={"branch_id": place})


def column_map_change(world: World, branch: str) -> Ask:
    made = column_map_create(world, branch).send(world.boss(branch)).json()
    body = {"columns": {"date": "Day", "amount": "Amount"}}
    return Ask("PUT", f"/v1/column-maps/{made['id']}", body, 1, {"path": made["id"]})


def column_map_delete(world: World, branch: str) -> Ask:
    made = column_map_create(world, branch).send(world.boss(branch)).json()
    return Ask("DELETE", f"/v1/column-maps/{made['id']}", None, 1, {"path": made["id"]})


def file_create(world: World, branch: str) -> Ask:
    number = world.member(branch).customer.account_no
    data = universal(payer(number, "12.50"), file_id=uuid.uuid4().hex)
    upload_id = upload(world.boss(branch), data)
    body = {"upload_id": upload_id, "account_no": number, "division": branch}
    # An account number is no id: test_balance_files.py has those of other branches.
    ids = {name: body[name] for name in ("upload_id", "division")}
    return Ask("POST", "/v1/balance-files", body, ids=ids)


def file_validate(world: World, branch: str) -> Ask:
    found = world.stated(branch)["id"]
    return Ask("POST", f"/v1/balance-files/{found}/validate", ids={"path": found})


def file_apply(world: World, branch: str) -> Ask:
    found = world.stated(branch)
    body = {"file_sha256": found["sha256"], "preview_version": found["preview_version"]}
    return Ask("POST", f"/v1/balance-files/{found['id']}/apply", body, ids={"path": found["id"]})


def file_reject(world: World, branch: str) -> Ask:
    found = world.stated(branch)["id"]
    return Ask("POST", f"/v1/balance-files/{found}/reject", {"reason": "last month's"}, ids={"path": found})


def file_revert(world: World, branch: str) -> Ask:
    found = world.stated(branch, applied=True)["id"]
    return Ask("POST", f"/v1/balance-files/{found}/revert", ids={"path": found})


def file_settings(world: World, _: str) -> Ask:
    path = "/v1/settings/balance-files"
    version = world.administrator("HQ").get(path).json()["version"]
    return Ask("PUT", path, {"moved_share_percent": 40 + version}, version, who="top")


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


def day_close(world: World, branch: str) -> Ask:
    """A day long ago, so that nobody else's test meets it."""
    place, day = (
        world.ledger.branch(branch).id,
        f"{1900 + uuid.uuid4().int % 100}-11-{uuid.uuid4().int % 30 + 1:02d}",
    )
    return Ask("POST", f"/v1/branches/{place}/days/{day}/close", ids={"path": place})


def day_open(world: World, branch: str) -> Ask:
    ask = day_close(world, branch)
    assert ask.send(world.boss(branch)).status_code == 200
    return replace(ask, path=ask.path.removesuffix("close") + "open")


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


def _shop(world: World, branch: str) -> tuple[Shop, dict[str, Any]]:
    shop = Shop(world.ledger, branch)
    members = {"settle_every": DAILY, "statement_email": "client@example.org"}
    made = world.proved(world.boss(branch)).post("/v1/credit-accounts", shop.new(**members))
    assert made.status_code == 201, made.text
    return shop, made.json()


def credit_create(world: World, branch: str) -> Ask:
    customer = world.member(branch).id
    body = {"customer_id": customer, "max_credit_minor": 5_000, "restrict_credit": True}
    body["account_no"] = uuid.uuid4().hex[:16]
    return Ask("POST", "/v1/credit-accounts", body, ids={"customer_id": customer})


def credit_change(world: World, branch: str) -> Ask:
    _, account = _shop(world, branch)
    body = {"max_credit_minor": 90_000, "statement_email": "other@example.org"}
    return Ask("PATCH", f"/v1/credit-accounts/{account['id']}", body, 1, {"path": account["id"]})


def _credit_move(what: str, **body: Any) -> Callable[[World, str], Ask]:
    def ask(world: World, branch: str) -> Ask:
        shop, account = _shop(world, branch)
        path = f"/v1/credit-accounts/{account['id']}"
        ids = {"path": account["id"]}
        sent = {"pos_ref": shop.ref()} | body if what != "settlements" else dict(body)
        if what == "settlements":
            bought = world.boss(branch).post(f"{path}/purchases", {"amount_minor": 700}).json()
            sent["lines"] = [{"transaction_id": bought["id"]}]
            ids["transaction_id"] = bought["id"]
        return Ask("POST", f"{path}/{what}", sent, ids=ids)

    return ask


def _settlement(world: World, branch: str) -> dict[str, Any]:
    ask = _credit_move("settlements", tender="cash", mode="selected")(world, branch)
    answer = ask.send(world.boss(branch))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def settlement_reverse(world: World, branch: str) -> Ask:
    found = _settlement(world, branch)["id"]
    return Ask("POST", f"/v1/settlements/{found}/reverse", {"reason": "bounced"}, ids={"path": found})


def _statement(world: World, branch: str) -> dict[str, Any]:
    shop, account = _shop(world, branch)
    shop.end_cycle(account)
    items: list[dict[str, Any]] = world.boss(branch).pages(f"/v1/credit-accounts/{account['id']}/statements")
    return items[0]


def statement_mail(world: World, branch: str) -> Ask:
    found = _statement(world, branch)["id"]
    return Ask("POST", f"/v1/statements/{found}/mail", ids={"path": found})


CHANGES: Final[dict[str, Callable[[World, str], Ask]]] = {
    "POST /v1/users": user_create,
    "PATCH /v1/users/{id}": user_change,
    "POST /v1/users/{id}/unlock": user_unlock,
    "POST /v1/branches": branch_create,
    "PATCH /v1/branches/{id}": branch_change,
    "POST /v1/branches/{id}/days/{date}/close": day_close,
    "POST /v1/branches/{id}/days/{date}/open": day_open,
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
    "POST /v1/credit-accounts": credit_create,
    "PATCH /v1/credit-accounts/{id}": credit_change,
    "POST /v1/credit-accounts/{id}/purchases": _credit_move("purchases", amount_minor=500),
    "POST /v1/credit-accounts/{id}/refunds": _credit_move("refunds", amount_minor=500),
    "POST /v1/credit-accounts/{id}/adjustments": _credit_move(
        "adjustments", amount_minor=500, narration="counted again"
    ),
    "POST /v1/credit-accounts/{id}/settlements": _credit_move("settlements", tender="cash", mode="selected"),
    "POST /v1/settlements/{id}/reverse": settlement_reverse,
    "POST /v1/statements/{id}/mail": statement_mail,
    "POST /v1/balance-files": file_create,
    "POST /v1/balance-files/{id}/validate": file_validate,
    "POST /v1/balance-files/{id}/apply": file_apply,
    "POST /v1/balance-files/{id}/reject": file_reject,
    "POST /v1/balance-files/{id}/revert": file_revert,
    "PUT /v1/settings/balance-files": file_settings,
    "POST /v1/payments": payment_create,
    "POST /v1/payments/associate-all": associate_all,
    "POST /v1/payments/{id}/reassign": payment_reassign,
    "POST /v1/payments/{id}/ignore": payment_ignore,
    "POST /v1/payments/{id}/restore": payment_restore,
    "POST /v1/payments/{id}/refund": payment_refund,
    "POST /v1/payments/{id}/reverse": payment_reverse,
    "POST /v1/transactions/{id}/receipts": receipt_print,
    "POST /v1/payments/{id}/receipts": payment_receipt_print,
    "POST /v1/imports": import_create,
    "POST /v1/imports/{id}/start": import_start,
    **customer_routes.CHANGES,
    **voucher_routes.CHANGES,
    **learned_routes.CHANGES,
    **held_routes.CHANGES,
    "POST /v1/payees": payee_create,
    "POST /v1/column-maps": column_map_create,
    "PUT /v1/column-maps/{id}": column_map_change,
    "DELETE /v1/column-maps/{id}": column_map_delete,
}
"""A valid change, its objects made for it alone, for every keyed endpoint."""

NEVER_REJECTED: Final = frozenset(
    f"POST /v1/{printed}/{{id}}/receipts" for printed in ("transactions", "payments", "vouchers")
)
"""Changes that nothing decides against: what they are about is there for ever, and printed as often as is wanted."""

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
    if name == "POST /v1/balance-files/{id}/apply":
        return Ask(ask.method, ask.path, ask.body | {"preview_version": ask.body["preview_version"] + 1})
    if name in {"POST /v1/imports", "POST /v1/balance-files"}:
        return Ask(ask.method, ask.path, ask.body | {"sha256": hashlib.sha256(b"other").hexdigest()})
    if other := customer_routes.refused(name, ask) or _credit_refused(world, name, ask):
        return other
    done = ask.send(world.api(ask, "NKU"))
    assert done.status_code < 300, done.text
    if name == "POST /v1/balance-records":
        return Ask(ask.method, ask.path, ask.body | {"amount_minor": 6_000})
    if name == "POST /v1/approvals":
        return replace(ask, body=ask.body | {"reason": "once more"})
    if name == "POST /v1/customers":
        return Ask(ask.method, ask.path, ask.body | {"first_name": "Another"})
    return ask


def _credit_refused(world: World, name: str, ask: Ask) -> Ask | None:
    if name == "POST /v1/statements/{id}/mail":
        account = _account_of(world, ask.ids["path"])
        gone = world.boss("NKU").patch(
            f"/v1/credit-accounts/{account}", {"statement_email": None}, if_match=1
        )
        assert gone.status_code == 200, gone.text
        return ask
    if name.startswith("POST /v1/credit-accounts"):
        wrong = {"settlements": {"mode": "all"}, "credit-accounts": {"statement_email": "nobody"}}
        last = name.rpartition("/")[2]
        return replace(ask, body=ask.body | wrong.get(last, {"pos_ref": "4111 1111 1111 1111"}))
    return None


def _account_of(world: World, statement_id: str) -> str:
    found: str = world.boss("NKU").get(f"/v1/statements/{statement_id}").json()["account_id"]
    return found


def _credit(suffix: str) -> Callable[[World, str], Ask]:
    def ask(world: World, branch: str) -> Ask:
        found = _shop(world, branch)[1]["id"]
        return Ask("GET", f"/v1/credit-accounts/{found}{suffix}", ids={"path": found})

    return ask


def _one_movement(world: World, branch: str) -> Ask:
    found = _settlement(world, branch)
    path = f"/v1/credit-accounts/{found['account_id']}/transactions/{found['transaction_id']}"
    return Ask("GET", path, ids={"path": found["account_id"]})


def _one_settlement(world: World, branch: str) -> Ask:
    found = _settlement(world, branch)["id"]
    return Ask("GET", f"/v1/settlements/{found}", ids={"path": found})


def _one_statement(world: World, branch: str) -> Ask:
    found = _statement(world, branch)["id"]
    return Ask("GET", f"/v1/statements/{found}", ids={"path": found})


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


def _file(suffix: str) -> Callable[[World, str], Ask]:
    def ask(world: World, branch: str) -> Ask:
        found = world.stated(branch)["id"]
        return Ask("GET", f"/v1/balance-files/{found}{suffix}", ids={"path": found})

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


def _transaction(world: World, branch: str) -> Ask:
    found = entry_of(world, branch)
    return Ask("GET", f"/v1/transactions/{found}", ids={"path": found})


def _receipt(world: World, branch: str) -> Ask:
    ask = receipt_print(world, branch)
    found = ask.send(world.api(ask, branch)).json()["id"]
    return Ask("GET", f"/v1/receipts/{found}", ids={"path": found})


READS: Final[dict[str, Callable[[World, str], Ask]]] = {
    "GET /v1/users/{id}": _user,
    "GET /v1/approvals/{id}": _approval,
    "GET /v1/customers/{id}": _customer,
    "GET /v1/accounts/{id}/entries": _entries,
    "GET /v1/balance-records/{id}": _record,
    "GET /v1/payments/{id}": _payment(""),
    "GET /v1/payments/{id}/candidates": _payment("/candidates"),
    "GET /v1/transactions/{id}": _transaction,
    "GET /v1/receipts/{id}": _receipt,
    "GET /v1/transactions": _by_branch("/v1/transactions?branch="),
    "GET /v1/transactions.csv": _by_branch("/v1/transactions.csv?branch="),
    "GET /v1/imports/{id}": _import(""),
    "GET /v1/imports/{id}/rows": _import("/rows"),
    "GET /v1/imports/{id}/rejects.csv": _import("/rejects.csv"),
    "GET /v1/balance-files/{id}": _file(""),
    "GET /v1/balance-files/{id}/rows": _file("/rows"),
    "GET /v1/balance-files/{id}/payers": _file("/payers"),
    "GET /v1/balance-files/{id}/rejects.csv": _file("/rejects.csv"),
    "GET /v1/balance-files": _by_branch("/v1/balance-files?branch="),
    "GET /v1/jobs/{id}": _job,
    "HEAD /v1/uploads/{id}": _upload,
    "GET /v1/credit-accounts/{id}": _credit(""),
    "GET /v1/credit-accounts/{id}/transactions": _credit("/transactions"),
    "GET /v1/credit-accounts/{id}/transactions/{transaction_id}": _one_movement,
    "GET /v1/credit-accounts/{id}/statements": _credit("/statements"),
    "GET /v1/settlements/{id}": _one_settlement,
    "GET /v1/statements/{id}": _one_statement,
    "GET /v1/credit-accounts": _by_branch("/v1/credit-accounts?branch="),
    "GET /v1/credit-accounts/settlement-dates": _by_branch(
        "/v1/credit-accounts/settlement-dates?every=1&unit=day&branch="
    ),
    "GET /v1/customers": _by_branch("/v1/customers?branch="),
    "GET /v1/balance-records": _by_branch("/v1/balance-records?branch="),
    "GET /v1/balance-records/summary": _by_branch("/v1/balance-records/summary?branch="),
    "GET /v1/payments": _by_branch("/v1/payments?branch="),
    "GET /v1/payments/association-summary": _by_branch("/v1/payments/association-summary?branch="),
    "GET /v1/imports": _by_branch("/v1/imports?branch="),
    "GET /v1/jobs": _by_branch("/v1/jobs?branch="),
    "GET /v1/operations": _by_branch("/v1/operations?mine=false&branch="),
    "GET /v1/dashboard": _by_branch("/v1/dashboard?branch="),
    "GET /v1/reports/day": _by_branch("/v1/reports/day?branch="),
    "GET /v1/staff": _by_branch("/v1/staff?branch="),
    **customer_routes.READS,
    **voucher_routes.READS,
    **learned_routes.READS,
    **held_routes.READS,
}
"""What reads an object or a branch: another branch's is not there (AUTHZ-2)."""

SCOPED_APART: Final = {
    "GET /v1/operations/{key}": "test_operations.py: others' operations answer the 404 of the unknown",
    "POST /v1/operations/{key}/cancel": "test_operations.py: others' operations answer the 404 of the unknown",
    "PUT /v1/uploads/{id}": "test_uploads.py: an upload is its sender's alone",
    "GET /v1/templates/{kind}.csv": "the columns are the same for everybody",
    "GET /v1/templates/{kind}.xlsx": "test_customer_import.py: offices and staff of another branch are not there",
    "GET /v1/codes/{code}/values": "the lists are the whole institution's",
    "POST /v1/callbacks/mpesa/{token}/confirmation": "test_callbacks.py: the token is the provider's",
    "POST /v1/callbacks/mpesa/{token}/validation": "test_callbacks.py: the token is the provider's",
}
"""Paths with a value that is no object of a branch, and where they are tested."""


def plain_path(route: Route) -> str:
    """The route's path with a value of the right form for each parameter; nothing has these ids."""
    filled = route.path.replace("{kind}", "balance-records").replace("{token}", "no-such-token")
    filled = filled.replace("{date}", "2026-01-31")
    filled = filled.replace("{code}", "label").replace("{part_id}", str(uuid.uuid4()))
    return filled.replace("{id}", str(uuid.uuid4())).replace("{key}", str(uuid.uuid4()))
