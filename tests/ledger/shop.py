"""A shop that sells on account, over HTTP: what tills and people at its counter send."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.ledger.running import PASSWORD

from branchtui.ledger.store.rows import CreditAccount
from branchtui.ledger.workflows.credit_cycles import close_account

if TYPE_CHECKING:
    import httpx
    from tests.ledger.running import Api, RunningLedger

    from branchtui.ledger.store.unit import Tx

PATH: Final = "/v1/credit-accounts"
DAILY: Final = {"every": 1, "unit": "day"}


@dataclass
class Shop:
    """Accounts of one branch; every name and reference is new."""

    ledger: RunningLedger
    branch: str = "NKU"
    teller: str = "teller"
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def api(self, who: str = "") -> Api:
        """Somebody signed in."""
        return self.ledger.sign_in(who or self.teller)

    def proved(self, who: str) -> Api:
        """Somebody who gave the password a moment ago (AUTH-7)."""
        api = self.ledger.sign_in(who)
        assert api.post("/v1/me/step-up", {"password": PASSWORD}, key="").status_code == 200
        return api

    def ref(self) -> str:
        """A till's own number of a sale."""
        return f"POS-{next(self._numbers):06d}"

    def new(self, **members: Any) -> dict[str, Any]:
        """The body of a new account: a limit of 1,000.00 that restricts, for a new customer."""
        body: dict[str, Any] = {"max_credit_minor": 100_000, "restrict_credit": True}
        if "customer_id" not in members and "customer" not in members:
            body["customer_id"] = self.ledger.add_member(self.branch).id
        return body | members

    def open(self, *, who: str = "", **members: Any) -> dict[str, Any]:
        """Open an account."""
        answer = self.api(who).post(PATH, self.new(**members))
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def now(self, account: dict[str, Any]) -> dict[str, Any]:
        """The account as it stands."""
        found: dict[str, Any] = self.api().get(f"{PATH}/{account['id']}").json()
        return found

    def send(self, account: dict[str, Any], what: str, *, who: str = "", **body: Any) -> httpx.Response:
        """`purchases`, `refunds`, `adjustments` or `settlements`, as it is answered."""
        options = {name: body.pop(name) for name in ("key", "headers") if name in body}
        if what in {"purchases", "refunds"}:
            body.setdefault("pos_ref", self.ref())
        return self.api(who).post(f"{PATH}/{account['id']}/{what}", body, **options)

    def buy(self, account: dict[str, Any], amount_minor: int, **more: Any) -> dict[str, Any]:
        """Buy something that is let through."""
        answer = self.send(account, "purchases", amount_minor=amount_minor, **more)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def settle(self, account: dict[str, Any], **body: Any) -> dict[str, Any]:
        """Settle; by cash and all unless told otherwise."""
        answer = self.send(account, "settlements", **({"tender": "cash"} | body))
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def bounce(self, settlement: dict[str, Any], *, who: str = "supervisor") -> dict[str, Any]:
        """Take a settlement back."""
        answer = self.proved(who).post(f"/v1/settlements/{settlement['id']}/reverse", {"reason": "no funds"})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def transactions(self, account: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
        """What moved the account, the oldest first."""
        return self.api().pages(f"{PATH}/{account['id']}/transactions", **({"sort": "oldest"} | query))

    def opens(self, account: dict[str, Any]) -> list[int]:
        """The open amounts of all transactions, the oldest first; they add up to what is owed."""
        found = [each["open_minor"] for each in self.transactions(account)]
        assert sum(found) == self.now(account)["owed_minor"]
        return found

    def end_cycle(self, account: dict[str, Any]) -> dict[str, Any]:
        """Let the open cycle end as if its settlement date were over; its statement."""

        def end(tx: Tx) -> None:
            credit = tx.get(CreditAccount, account["id"])
            assert credit is not None
            assert credit.next_close_at is not None
            assert close_account(self.ledger.core, tx, credit.id, credit.next_close_at) == 1

        self.ledger.write(end)
        return self.statements(account, who="hq-teller")[0]

    def statements(self, account: dict[str, Any], *, who: str = "") -> list[dict[str, Any]]:
        """Statements, the latest first."""
        return self.api(who).pages(f"{PATH}/{account['id']}/statements")
