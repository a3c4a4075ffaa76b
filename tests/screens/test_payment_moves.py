"""Payments taken by hand and moved on, at the keyboard, over a real ledger."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.till import Till
from tests.screens.counter import Counter, counter


async def take(desk: Counter, *, customer: str, amount: str, receipt: str = "") -> None:
    """`n` was pressed: fill the form with cash and answer its question."""
    await desk.type(customer)
    await desk.see("0001")
    await desk.press("enter", "enter")
    await desk.type(amount)
    await desk.press("enter", "enter")
    await desk.type(receipt)
    await desk.press("ctrl+s")
    await desk.read("Take this payment?")
    await desk.press("y")


async def test_payments_are_taken_one_after_the_other(till: Till, tmp_path: Path) -> None:
    """Product, forms: customer, account (wallet), amount, tender (cash), receipt number, narration; `n` is entry mode."""
    async with counter(till.ledger.url, tmp_path) as desk:
        await desk.press("f4", "n")
        await desk.see("Make Payment", "Tender", ">1 cash")
        before = desk.requests()
        await desk.type("wanjiku")
        await desk.see("000101 Wanjiku Kamau")
        await desk.press("enter", "enter")
        await desk.type("1250")
        await desk.press("enter", "enter")
        await desk.type("a-17")
        await desk.press("enter")
        await desk.type("rent")
        await desk.press("enter")
        question = await desk.see("Take this payment?", "000101 Wanjiku Kamau", "1,250.00 KES", "cash a-17")
        assert "The wallet 100245 rises by 1,250.00 KES." in question
        await desk.press("enter")
        await desk.read("Take this payment?")
        await desk.press("y")
        await desk.see("1 so far, 1,250.00 KES", "wallet 1,250.00")
        assert desk.requests() == before + 2, "one look-up, one change"
        await take(desk, customer="000102", amount="300")
        await desk.read("2 so far, 1,550.00 KES")
        await desk.press("escape", "t")
        await desk.see("associated", "1 of 2", "300.00", "1,250.00")

    assert (till.balance("000101"), till.balance("000102")) == (125_000, 30_000)
    till.ledger.check()


async def test_it_may_pay_a_loan_that_is_found_by_its_kind(till: Till, tmp_path: Path) -> None:
    """Issue: into the wallet or onto the loan or bill it pays; the question says what falls."""
    path = f"/v1/customers/{till.id_of('000101')}/accounts"
    loan = till.api("teller").post(path, {"kind": "loan", "currency": "KES"}).json()
    async with counter(till.ledger.url, tmp_path) as desk:
        await desk.press("f4", "n")
        await desk.type("000101")
        await desk.see("000101 Wanjiku Kamau")
        await desk.press("enter")
        await desk.type("loan")
        await desk.see(f"Loan {loan['account_no']}", "owed 0.00 KES")
        await desk.press("enter")
        await desk.type("500")
        await desk.press("ctrl+s")
        await desk.read(f"The loan {loan['account_no']} falls by 500.00 KES.")
        await desk.press("y")
        await desk.see("1 so far", "loan -500.00")

    assert till.ledger.balance_minor(loan["id"]) == -50_000


async def test_what_is_wrong_or_known_is_said_beside_the_form_and_nothing_is_lost(
    till: Till, tmp_path: Path
) -> None:
    """INV-6, IDEM-11: a number that is known names its payment; cash without one is questioned when it comes twice."""
    callback = till.waiting()
    async with counter(till.ledger.url, tmp_path) as desk:
        await desk.press("f4", "n")
        await desk.type("000101")
        await desk.see("000101 Wanjiku Kamau")
        await desk.press("enter", "enter")
        await desk.type("1500")
        await desk.press("enter", "5", "enter")
        await desk.type("=cmd")
        await desk.press("ctrl+s")
        await desk.see("A number is letters and digits")
        await desk.press("ctrl+u")
        await desk.type(callback["code"].lower())
        await desk.press("ctrl+s")
        await desk.read("Take this payment?", f"M-PESA {callback['code'].lower()}")
        await desk.press("y")
        await desk.read(f"is payment {callback['payment_no']} of 1,500.00 KES", "unassociated")
        await desk.press("escape", "y")
        await desk.see_no_more("Make Payment")
        for place in (1, 2):
            if place == 1:
                await desk.press("n")
            await take(desk, customer="000102", amount="77")
            if place == 1:
                await desk.see("1 so far, 77.00 KES")
        await desk.read("This looks like one that was taken before")
        await desk.press("escape")
        await desk.see("Not taken a second time.")
        await desk.press("ctrl+s")
        await desk.read("Take this payment?")
        await desk.press("y")
        await desk.read("This looks like one that was taken before")
        await desk.press("y")
        await desk.see("2 so far, 154.00 KES")

    assert (till.balance("000101"), till.balance("000102")) == (0, 15_400)


async def test_a_payment_is_reassigned_in_one_step(till: Till, tmp_path: Path) -> None:
    """Issue: reassign in one step, with a reason; both are named in the question."""
    till.pay()
    async with counter(till.ledger.url, tmp_path) as desk:
        await desk.press("f4", "t")
        await desk.see("Associated with 100245 Wanjiku Kamau")
        await desk.press("m")
        await desk.see("Reassign: to another customer", "Associate (not now)")
        await desk.press("4")
        await desk.see("Whose payment is it really?")
        await desk.type("achieng")
        await desk.see("100246 Achieng O'Brien")
        await desk.press("enter")
        await desk.see(
            "Reassign this payment?", "000101 Wanjiku Kamau", "000102 Achieng O'Brien, wallet 100246"
        )
        await desk.type("paid for her")
        await desk.press("enter", "y")
        await desk.see("reassigned, 100245 0.00, 100246 1,500.00", "Associated with 100246")

    assert (till.balance("000101"), till.balance("000102")) == (0, 150_000)
    till.ledger.check()


async def test_a_payment_is_put_aside_and_taken_up_again(till: Till, tmp_path: Path) -> None:
    """Issue: a keystroke parks; `g` ignores with a reason, and restores; no money moves."""
    payment = till.waiting()
    async with counter(till.ledger.url, tmp_path) as desk:
        await desk.press("f4")
        await desk.see("Wanjiku Kamau")
        await desk.press("g")
        await desk.see("Ignore this payment?", "No money moves")
        await desk.type("a test")
        await desk.press("enter", "y")
        await desk.see(f"Payment {payment['payment_no']}, 1,500.00 KES: ignored.", "No payment waits here.")
        await desk.press("t", "t")
        await desk.see("all  1 of 1", "ignored")
        await desk.press("g")
        await desk.read("Restore this payment?")
        await desk.press("y")
        await desk.see("waits again.")
    assert till.by_code(payment["code"])[0]["state"] == "unassociated"


async def test_a_supervisor_refunds_and_a_teller_asks(till: Till, tmp_path: Path) -> None:
    """Contract, section 5: a refund is a supervisor's; the same key files a request for a teller."""
    till.waiting(TransTime="20261102080000", TransAmount="700.00")
    payment = till.waiting()
    (tmp_path / "s").mkdir()
    async with counter(till.ledger.url, tmp_path / "s", username="supervisor") as desk:
        await desk.press("f4")
        await desk.see("700.00")
        await desk.press("m")
        await desk.see("Refund: back to the payer")
        await desk.press("6")
        await desk.see("Goes back by")
        await desk.press("2", "enter", "enter")
        await desk.type("double")
        await desk.press("enter")
        await desk.read("Refund this payment?", "bank transfer", "double")
        await desk.press("y")
        await desk.see("Give the number on the slip")
        await desk.type("FT 9")
        await desk.press("ctrl+s")
        await desk.read("Refund this payment?", "bank transfer FT 9")
        await desk.press("y")
        await desk.see("700.00 KES: refunded.", "1 of 1")
    (tmp_path / "t").mkdir()
    async with counter(till.ledger.url, tmp_path / "t") as desk:
        await desk.press("f4")
        await desk.see("1,500.00")
        await desk.press("m", "6")
        await desk.see("Goes back by")
        await desk.press("enter", "enter")
        await desk.type("double")
        await desk.press("enter")
        await desk.read("This needs a supervisor. Ask for approval?")
        await desk.press("y")
        await desk.see("It waits for a second person's approval.")
    assert till.by_code(payment["code"])[0]["state"] == "unassociated"
    (asked,) = till.api("supervisor").get("/v1/approvals").json()["items"]
    assert (asked["action"], asked["reason"]) == ("payment.refund", "double")


async def test_what_was_keyed_wrongly_is_reversed(till: Till, tmp_path: Path) -> None:
    """Contract, section 5: the mirror entry; state reversed; a payment that came by itself offers no such thing."""
    body = {"customer_id": till.id_of("000101"), "amount_minor": 9_900, "currency": "KES", "tender": "cash"}
    till.api("teller").post("/v1/payments", body)
    async with counter(till.ledger.url, tmp_path, username="supervisor") as desk:
        await desk.press("f4", "t")
        await desk.see("cash", "Associated with 100245", "99.00")
        await desk.press("m", "7")
        await desk.see("Reverse this payment?", "000101 Wanjiku Kamau")
        await desk.type("typed twice")
        await desk.press("enter", "y")
        await desk.see("99.00 KES: reversed, wallet 0.00.")
    assert till.balance("000101") == 0
    till.ledger.check()


async def test_money_from_the_queue_may_pay_a_loan(till: Till, tmp_path: Path) -> None:
    """Contract, section 5: the wallet, or a loan, receivable, savings or credit account that the money pays."""
    path = f"/v1/customers/{till.id_of('000101')}/accounts"
    loan = till.api("teller").post(path, {"kind": "loan", "currency": "KES"}).json()
    till.waiting()
    async with counter(till.ledger.url, tmp_path) as desk:
        await desk.press("f4")
        await desk.see("> 1 100245 Wanjiku Kamau")
        await desk.press("m", "2")
        await desk.see("Which account does it pay?", f"Loan {loan['account_no']}: owed 0.00 KES")
        await desk.press("2")
        await desk.read("Associate this payment?", f"loan {loan['account_no']}", "falls by 1,500.00 KES")
        await desk.press("y")
        await desk.see("1,500.00 associated, loan -1,500.00")
    assert till.ledger.balance_minor(loan["id"]) == -150_000


async def test_the_queue_is_turned_round_on_demand(till: Till, tmp_path: Path) -> None:
    """Issue: oldest first on demand; `z` is the other order, on every side of the list."""
    till.waiting(TransTime="20261102080000", TransAmount="700.00")
    till.waiting()
    async with counter(till.ledger.url, tmp_path) as desk:
        await desk.press("f4")
        screen = await desk.see("700.00", "1,500.00", "oldest")
        assert screen.index("700.00") < screen.index("1,500.00")
        await desk.press("z")
        await desk.see("the newest first")
        await desk.until(
            lambda: desk.text.index("1,500.00") < desk.text.index("700.00"), "for the other order"
        )
        assert "oldest" not in desk.lines[0]


async def test_hostile_narrations_and_reasons_are_shown_harmlessly(till: Till, tmp_path: Path) -> None:
    """Product, promise 10: what was typed elsewhere is data here: markup, and brackets of a terminal's own."""
    body = {
        "customer_id": till.id_of("000101"),
        "amount_minor": 9_900,
        "currency": "KES",
        "tender": "cash",
        "narration": "[bold]rent[/] [/] ]0;x",
    }
    payment = till.api("supervisor").post("/v1/payments", body).json()
    reason = {"reason": "[red][/bold] as said"}
    till.api("supervisor").post(f"/v1/payments/{payment['id']}/reverse", reason, if_match=1)
    async with counter(till.ledger.url, tmp_path) as desk:
        await desk.press("f4", "t", "t")
        await desk.see("all  1 of 1")
        await desk.see("[red][/bold] as said")
        await desk.press("enter")
        await desk.see("[bold]rent[/] [/] ]0;x")
