"""A ledger with a mobile-money short code, and the customers whom the sample confirmations name.

Short code 600100 is NKU's, 600200 is KSM's. Customers of NKU: 000101 / 100245 Wanjiku Kamau, phone
0711 222 333; 000102 / 100246 Achieng O'Brien, phone 0722 333 444; 000103 / 100247 Ngũgĩ wa Mwangi,
no phone; 000104 / 100248 Otieno Auma. Customer 000201 / 200245 Baraka Juma is KSM's.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from branchtui.ledger import setup

if TYPE_CHECKING:
    import httpx
    from tests.ledger.running import Api, RunningLedger

    from branchtui.ledger.store.unit import BulkTx

SHORT_CODE: Final = "600100"
OTHER_SHORT_CODE: Final = "600200"
PAID: Final = "20261103091502"
PHONE: Final = "254711222333"
MASK: Final = "2547*****333"

PEOPLE: Final = (
    ("teller", "NKU", "000101", "100245", "Wanjiku", "Kamau", "0711 222 333"),
    ("teller", "NKU", "000102", "100246", "Achieng", "O'Brien", "0722 333 444"),
    ("teller", "NKU", "000103", "100247", "Ngũgĩ", "wa Mwangi", None),
    ("teller", "NKU", "000104", "100248", "Otieno", "Auma", None),
    ("teller2", "KSM", "000201", "200245", "Baraka", "Juma", "0733 444 555"),
)


def message(code: str, **changes: Any) -> dict[str, Any]:
    """A confirmation of 1,500.00 from Wanjiku for 100245; a change of None takes the member out."""
    whole: dict[str, Any] = {
        "TransactionType": "Pay Bill",
        "TransID": code,
        "TransTime": PAID,
        "TransAmount": "1500.00",
        "BusinessShortCode": SHORT_CODE,
        "BillRefNumber": "100245",
        "InvoiceNumber": "",
        "OrgAccountBalance": "",
        "ThirdPartyTransID": "",
        "MSISDN": PHONE,
        "FirstName": "WANJIKU",
        "MiddleName": "",
        "LastName": "KAMAU",
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


@dataclass
class Till:
    """What a provider and the people at the counter do."""

    ledger: RunningLedger
    token: str
    customers: dict[str, dict[str, Any]] = field(default_factory=dict)
    _codes: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def fresh_code(self) -> str:
        """A provider's code nobody used."""
        return f"TILL{next(self._codes):06d}"

    def send(self, body: bytes | dict[str, Any], *, path: str = "confirmation") -> httpx.Response:
        """Post a body as the provider does."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ledger.client.post(
            f"/v1/callbacks/mpesa/{self.token}/{path}",
            content=content,
            headers={"content-type": "application/json"},
        )

    def pay(self, code: str | None = None, **changes: Any) -> dict[str, Any]:
        """Confirm a payment; returns it as the supervisor of all branches sees it."""
        code = code or self.fresh_code()
        answer = self.send(message(code, **changes))
        assert (answer.status_code, answer.json()) == (200, {"ResultCode": 0, "ResultDesc": "Accepted"})
        found = self.by_code(code)
        assert len(found) == 1, found
        return found[0]

    def waiting(self, **changes: Any) -> dict[str, Any]:
        """A payment that nobody owns yet."""
        payment = self.pay(**({"BillRefNumber": "", "MSISDN": MASK} | changes))
        assert payment["state"] == "unassociated"
        return payment

    def by_code(self, code: str) -> list[dict[str, Any]]:
        """Every payment that search finds by this code."""
        items: list[dict[str, Any]] = self.top.get("/v1/payments", q=code).json()["items"]
        return [each for each in items if each["code"] == code]

    def events(self, code: str) -> list[dict[str, Any]]:
        """What was kept apart of this code."""
        return [each for each in self.top.pages("/v1/callback-events") if each["code"] == code]

    def balance(self, customer_no: str) -> int:
        """What the customer's wallet holds, in minor units."""
        return self.ledger.balance_minor(self.wallet(customer_no))

    def wallet(self, customer_no: str) -> str:
        """The id of the customer's wallet."""
        accounts = self.customers[customer_no]["accounts"]
        return next(each["id"] for each in accounts if each["kind"] == "wallet")

    def id_of(self, customer_no: str) -> str:
        """The customer's id."""
        found: str = self.customers[customer_no]["id"]
        return found

    def give(self, payment: dict[str, Any], customer_no: str, *, who: str = "teller", **more: Any) -> Any:
        """Associate as a person does."""
        body = {"customer_id": self.id_of(customer_no)}
        if "account_id" in more:
            body["account_id"] = more.pop("account_id")
        more.setdefault("if_match", payment["version"])
        return self.api(who).post(f"/v1/payments/{payment['id']}/associate", body, **more)

    def take_back(self, payment: dict[str, Any], *, who: str = "teller", **more: Any) -> Any:
        """Disassociate as a person does."""
        more.setdefault("if_match", payment["version"])
        body = {"reason": "the wrong customer"}
        return self.api(who).post(f"/v1/payments/{payment['id']}/disassociate", body, **more)

    def candidates(self, payment: dict[str, Any]) -> list[dict[str, Any]]:
        """Who is proposed for a payment."""
        found: list[dict[str, Any]] = self.top.get(f"/v1/payments/{payment['id']}/candidates").json()["items"]
        return found

    def api(self, who: str) -> Api:
        """Somebody signed in."""
        return self.ledger.sign_in(who)

    @property
    def top(self) -> Api:
        """The supervisor of all branches."""
        return self.api("hq-supervisor")

    def add_customer(
        self,
        who: str,
        branch: str,
        customer_no: str,
        account_no: str,
        first: str,
        last: str,
        phone: str | None,
    ) -> dict[str, Any]:
        """Enter an active customer over HTTP."""
        body: dict[str, Any] = {
            "branch_id": self.ledger.branch(branch).id,
            "customer_no": customer_no,
            "account_no": account_no,
            "first_name": first,
            "last_name": last,
            "active": True,
        }
        if phone is not None:
            body["mobile_no"] = phone
        answer = self.api(who).post("/v1/customers", body)
        if answer.status_code == 409:
            confirmed = {"confirm-duplicate-of": answer.json()["duplicate_of"]["key"]}
            answer = self.api(who).post("/v1/customers", body, headers=confirmed)
        assert answer.status_code == 201, answer.text
        self.customers[customer_no] = answer.json()
        return self.customers[customer_no]


def open_till(ledger: RunningLedger) -> Till:
    """Give the ledger short codes, a callback token and the customers."""

    def prepare(tx: BulkTx) -> str:
        setup.add_payee(tx, provider="mpesa", number=SHORT_CODE, branch_id=ledger.branch("NKU").id)
        setup.add_payee(tx, provider="mpesa", number=OTHER_SHORT_CODE, branch_id=ledger.branch("KSM").id)
        return setup.new_callback_token(tx, "mpesa", ledger.clock.now_us())

    till = Till(ledger, ledger.bulk(prepare))
    for person in PEOPLE:
        till.add_customer(*person)
    return till
