"""A counter that sells vouchers: plans over HTTP, wallets filled over HTTP."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.ledger.till import Till


def new_plan(till: Till, *, price_minor: int = 5_000, days: int = 1, **more: Any) -> dict[str, Any]:
    """A plan nobody else has."""
    body = {"code": f"D{uuid.uuid4().hex[:12]}", "name": "A day of surfing", "currency": "KES"}
    body |= {"price_minor": price_minor, "validity_days": days} | more
    answer = till.api("administrator").post("/v1/plans", body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def fill_wallet(till: Till, customer_no: str, amount_minor: int, *, who: str = "supervisor") -> None:
    """Put money into a wallet over the counter."""
    body = {"customer_id": till.id_of(customer_no), "amount_minor": amount_minor, "currency": "KES"}
    answer = till.api(who).post("/v1/payments", body | {"tender": "cash", "receipt_no": till.fresh_code()})
    assert answer.status_code == 201, answer.text


def fresh_customer(till: Till, amount_minor: int = 0) -> str:
    """A customer of NKU of whom nothing is known but what the wallet holds; the customer number."""
    number = f"9{uuid.uuid4().int % 10**9:09d}"
    till.add_customer("teller", "NKU", number, f"8{number[1:]}", f"Nobody{number}", "Known", None)
    if amount_minor:
        fill_wallet(till, number, amount_minor)
    return number


def sell(till: Till, customer_no: str, plan: dict[str, Any], *, who: str = "teller", **options: Any) -> Any:
    """Sell at the price that the plan was seen with."""
    body = {"plan_id": plan["id"], "price_minor": plan["price_minor"]}
    return till.api(who).post(f"/v1/customers/{till.id_of(customer_no)}/vouchers", body, **options)


def sold(till: Till, customer_no: str, plan: dict[str, Any]) -> dict[str, Any]:
    """A voucher that was sold."""
    answer = sell(till, customer_no, plan)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def prove(till: Till, who: str) -> None:
    """The step-up that taking back asks for."""
    from tests.ledger.running import PASSWORD

    assert till.api(who).post("/v1/me/step-up", {"password": PASSWORD}, key="").status_code == 200
