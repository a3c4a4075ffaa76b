"""Cycles end on time and once, statements freeze, mail is tried again (contract, section 7)."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from pypdf import PdfReader
from tests.ledger.mailbox import Mailbox, waited
from tests.ledger.running import RunningLedger
from tests.ledger.shop import DAILY, PATH, Shop

from branchtui.ledger import credit_worker
from branchtui.ledger.core import Core, open_core
from branchtui.ledger.credit_worker import AGAIN_MINUTES, close_what_is_due
from branchtui.ledger.mailing import MailUnusable, mail_server
from branchtui.ledger.workflows.credit_cycles import WAKE, close_account

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.both_stores

DAY = 86_400


def pass_days(shop: Shop, days: int) -> None:
    """Let days go by, and everybody sign in again."""
    shop.ledger.clock.advance(days=days)
    shop.ledger._apis.clear()
    wake(shop.ledger)


def wake(ledger: RunningLedger) -> None:
    ledger.loop.call_soon_threadsafe(ledger.core.wakes.call, WAKE)


@pytest.fixture
def shop(own_ledger: RunningLedger) -> Shop:
    own_ledger.clock.wait_for_morning()
    return Shop(own_ledger)


def statements(shop: Shop, account: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """The account's statements once there are so many."""

    def enough() -> list[dict[str, Any]] | None:
        found = shop.statements(account)
        return found if len(found) >= count else None

    found: list[dict[str, Any]] = waited(enough)
    assert len(found) == count
    return found


def test_a_cycle_ends_with_its_day_and_is_carried_forward(shop: Shop) -> None:
    """Contract 7: the statement has opening, lines, payments, closing; the closing opens the next cycle."""
    account = shop.open(opening_credit_minor=10_000, settle_every=DAILY)
    shop.buy(account, 5_000, narration="flour")
    shop.settle(account, mode="oldest_first", amount_minor=4_000)
    pass_days(shop, 1)
    (statement,) = statements(shop, account, 1)
    figures = ("opening", "purchases", "refunds", "adjustments", "payments", "closing")
    assert [statement[f"{name}_minor"] for name in figures] == [10_000, 5_000, 0, 0, 4_000, 11_000]
    whole = shop.api().get(f"/v1/statements/{statement['id']}").json()
    assert [line["owed_after_minor"] for line in whole["lines"]] == [15_000, 11_000]
    now = shop.now(account)
    assert now["carry_forward_minor"] == 11_000
    assert (now["cycle"]["cycle_no"], now["cycle"]["opening_minor"], now["cycle"]["purchases_minor"]) == (
        2,
        11_000,
        0,
    )
    assert now["previous_cycle"]["statement_id"] == statement["id"]
    shop.ledger.check()


def test_a_statement_never_changes_again(shop: Shop) -> None:
    """Contract 7: frozen: what is bought, settled or renamed later leaves every byte of it as it was."""
    account = shop.open(settle_every=DAILY)
    bought = shop.buy(account, 5_000)
    pass_days(shop, 1)
    (statement,) = statements(shop, account, 1)

    def read() -> list[Any]:
        path = f"/v1/statements/{statement['id']}"
        forms = ("application/json", "text/plain", "application/pdf")
        found = [shop.api().send("GET", path, headers={"accept": form}) for form in forms]
        return [found[0].json(), found[1].text, found[2].content]

    before = read()
    settled = shop.settle(account, mode="selected", lines=[{"transaction_id": bought["id"]}])
    shop.bounce(settled)
    shop.buy(account, 700)
    assert read() == before
    pass_days(shop, 1)
    assert statements(shop, account, 2)[0]["opening_minor"] == 5_000
    shop.ledger.check()


def test_after_nights_switched_off_every_cycle_ends_once(shop: Shop) -> None:
    """Contract 7: caught up: what was bought stands in the first, the others are empty, each carried forward."""
    account = shop.open(settle_every=DAILY)
    monthly = shop.open(settle_every={"every": 1, "unit": "month", "nth": "last"})
    shop.buy(account, 5_000)
    pass_days(shop, 5)
    found = statements(shop, account, 5)
    assert [each["cycle_no"] for each in found] == [5, 4, 3, 2, 1]
    assert [each["purchases_minor"] for each in found] == [0, 0, 0, 0, 5_000]
    assert {each["closing_minor"] for each in found} == {5_000}
    assert shop.now(monthly)["cycle"]["cycle_no"] in {1, 2}
    shop.ledger.check()


def test_what_is_bought_after_the_date_is_of_the_next_cycle_however_late_the_worker(shop: Shop) -> None:
    """Contract 7: who posts ends what is over first, so that the worker's being late changes no statement."""
    account = shop.open(settle_every=DAILY)
    shop.buy(account, 1_000)
    # No call of the worker: the purchase comes first.
    shop.ledger.clock.advance(days=1)
    shop.ledger._apis.clear()
    shop.buy(account, 2_000)
    (statement,) = statements(shop, account, 1)
    assert (statement["purchases_minor"], statement["closing_minor"]) == (1_000, 1_000)
    assert shop.now(account)["cycle"]["purchases_minor"] == 2_000


def test_one_account_whose_cycle_cannot_be_ended_keeps_up_no_other(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in one account is that account's: the others have their statements on the day."""
    bad, *good = [shop.open(settle_every=DAILY) for _ in range(3)]
    close = close_account

    def cannot(core: Core, tx: Any, account_id: str, at_us: int) -> int:
        if account_id == bad["id"]:
            raise ValueError("said by the test")
        return close(core, tx, account_id, at_us)

    monkeypatch.setattr(credit_worker, "close_account", cannot)
    pass_days(shop, 1)
    assert [len(statements(shop, each, 1)) for each in good] == [1, 1]
    assert shop.statements(bad) == []


def test_workers_at_once_end_each_cycle_once(shop: Shop) -> None:
    """Contract 7: any number of nodes may run the worker: the same cycles ended by eight of them at once."""
    accounts = [shop.open(settle_every=DAILY) for _ in range(6)]
    shop.ledger.clock.advance(days=3)

    async def race() -> list[int]:
        return await asyncio.gather(*(close_what_is_due(shop.ledger.core) for _ in range(8)))

    ended = asyncio.run_coroutine_threadsafe(race(), shop.ledger.loop).result(60)
    shop.ledger._apis.clear()
    assert sum(ended) <= 18
    for account in accounts:
        assert [each["cycle_no"] for each in statements(shop, account, 3)] == [3, 2, 1]
    shop.ledger.check()


def test_nodes_over_one_database_end_each_cycle_once(shop: Shop) -> None:
    """Contract 7: three processes' worth of cores over one PostgreSQL database, all behind the same night."""
    if not shop.ledger.store.shared:
        pytest.skip("a ledger in a file has one process")
    accounts = [shop.open(settle_every=DAILY) for _ in range(10)]
    shop.ledger.clock.advance(days=4)

    def node(_: int) -> int:
        async def work() -> int:
            core: Core = open_core(shop.ledger.database, clock=shop.ledger.clock)
            try:
                return await close_what_is_due(core)
            finally:
                core.close()

        return asyncio.run(work())

    with ThreadPoolExecutor(3) as nodes:
        list(nodes.map(node, range(3)))
    shop.ledger._apis.clear()
    for account in accounts:
        assert len(statements(shop, account, 4)) == 4
    shop.ledger.check()


def test_another_rhythm_counts_from_the_change(shop: Shop) -> None:
    """Contract 7: the open cycle goes on and ends at the first date of the new rhythm."""
    account = shop.open(settle_every={"every": 30, "unit": "day"})
    shop.buy(account, 100)
    changed = shop.api().patch(f"{PATH}/{account['id']}", {"settle_every": DAILY}, if_match=1)
    assert changed.json()["next_settlements"][0] == shop.ledger.today().isoformat()
    pass_days(shop, 1)
    assert statements(shop, account, 1)[0]["closing_minor"] == 100


# ── what a statement looks like ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("late", [False, True], ids=["before midnight there", "after it"])
def test_a_cycle_ends_with_its_day_where_the_customer_has_gone(shop: Shop, late: bool) -> None:
    """Contract 7: in the branch's time zone, which is the new branch's once the transfer is accepted."""
    ledger, account = shop.ledger, shop.open(settle_every=DAILY)
    shop.buy(account, 5_000)
    far = {"code": "TYO", "name": "Tokyo", "parent_id": ledger.branch("HQ").id, "timezone": "Asia/Tokyo"}
    assert shop.proved("administrator").post("/v1/branches", far).status_code == 201
    if late:  # nine in the morning in Nairobi is three in the afternoon there
        ledger.clock.advance(seconds=10 * 3_600)
        ledger._apis.clear()
    top, at = shop.api("hq-supervisor"), ledger.branch("TYO")
    path = f"/v1/customers/{account['customer']['id']}"
    offer = {"destination_branch_id": at.id, "transfer_date": ledger.today().isoformat()}
    version = top.get(path).json()["version"]
    offered = top.post(f"{path}/transfer/propose", offer, if_match=version).json()
    taken = top.post(f"{path}/transfer/accept", {}, if_match=offered["version"])
    assert taken.status_code == 200, taken.text
    if not late:
        ledger.clock.advance(seconds=10 * 3_600)
        ledger._apis.clear()
    wake(ledger)

    def ended() -> list[dict[str, Any]] | None:
        return shop.statements(account, who="hq-teller") or None

    (statement,) = waited(ended)
    midnight = f"{(ledger.today('TYO') - timedelta(days=1)).isoformat()}T15:00:00Z"
    assert statement["purchases_minor"] == 5_000
    assert (statement["closed_at"] == midnight) is not late
    assert shop.buy(account, 700, who="hq-teller")["owed_after_minor"] == 5_700
    assert len(shop.statements(account, who="hq-teller")) == 1
    ledger.check()


def test_a_statement_is_text_and_pdf(shop: Shop) -> None:
    """Contract 7: text and PDF, with every line, names of any script, and the digest of the bytes (PAGE-4)."""
    place = shop.ledger.branch("NKU").id
    person = {"branch_id": place, "first_name": "Ngũgĩ", "last_name": "wa Mwangi Ωmega"}
    account = shop.open(customer=person, settle_every=DAILY)
    for number in range(120):
        shop.buy(account, 100 + number, pos_ref=f"T-{number:04d}", narration="sugar & <salt>")
    statement = shop.end_cycle(account)
    path = f"/v1/statements/{statement['id']}"
    text = shop.api().send("GET", path, headers={"accept": "text/plain"})
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    lines = text.text.splitlines()
    assert max(map(len, lines)) <= 78
    assert "Ngũgĩ wa Mwangi Ωmega" in text.text
    assert sum("T-0" in line for line in lines) == 120
    assert lines[-1].split() == ["Closing", "KES", "191.40"]
    pdf = shop.api().send("GET", path, headers={"accept": "application/pdf"})
    assert pdf.headers["content-disposition"].endswith('.pdf"')
    pages = PdfReader(BytesIO(pdf.content)).pages
    words = "".join(page.extract_text() for page in pages)
    assert len(pages) > 1
    assert "Ngũgĩ wa Mwangi Ωmega" in words
    assert all(f"T-{number:04d}" in words for number in range(120))
    assert "sugar & <salt>" in words


# ── mail ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def mailed(shop: Shop) -> Any:
    """A shop with a mail server, and an account whose statement is to be mailed."""
    with Mailbox() as mailbox:
        shop.ledger.core.mail = mailbox.server(step_seconds=5.0, whole_seconds=10.0)
        account = shop.open(settle_every=DAILY, statement_email="client@example.org")
        shop.buy(account, 5_000)
        yield shop, account, mailbox
        shop.ledger.core.mail = None


def night(shop: Shop, account: dict[str, Any]) -> dict[str, Any]:
    """The settlement date goes by; the statement."""
    pass_days(shop, 1)
    return statements(shop, account, 1)[0]


def tried(times: int, mail: dict[str, Any]) -> bool:
    return bool(mail["tries"] == times)


def mail_of(shop: Shop, account: dict[str, Any], fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The mail of the latest statement, once it is so."""

    def now() -> dict[str, Any] | None:
        found = shop.statements(account)
        return found[0]["mail"] if found and fits(found[0]["mail"]) else None

    found: dict[str, Any] = waited(now)
    return found


def test_a_statement_is_mailed(mailed: Any) -> None:
    """Contract 7: by SMTP, as text with the PDF beside it; a second copy would be known by its id."""
    shop, account, mailbox = mailed
    statement = night(shop, account)
    message = mailbox.mail()
    assert message["to"] == "client@example.org"
    assert statement["id"] in message["message-id"]
    assert message.get_body().get_content().splitlines()[-1].split()[-1] == "50.00"
    (pdf,) = message.iter_attachments()
    assert "Purchase" in PdfReader(BytesIO(pdf.get_content())).pages[0].extract_text()
    sent = mail_of(shop, account, lambda mail: mail["state"] == "sent")
    assert (sent["tries"], sent["last_error"]) == (1, None)
    shop.ledger.check()


@pytest.mark.parametrize(
    ("mood", "said"),
    [
        ("refuses", "550 5.1.1 no such mailbox�[31m here"),
        ("not now", "451 4.7.1 come back later"),
        ("drops", ""),
        ("delays", "did not answer in time"),
    ],
)
def test_a_mail_that_fails_is_tried_again_and_holds_no_cycle(mailed: Any, mood: str, said: str) -> None:
    """Contract 7: refused, put off, dropped, delayed: the cycle has ended, the screen says why, the next try comes."""
    shop, account, mailbox = mailed
    if mood == "delays":
        shop.ledger.core.mail = mailbox.server(step_seconds=0.2, whole_seconds=0.5)
    mailbox.mood = mood
    night(shop, account)
    failed = mail_of(shop, account, lambda mail: mail["tries"] == 1)
    assert failed["state"] == "waiting"
    assert said in failed["last_error"]
    assert shop.now(account)["mails_waiting"] == 1
    assert shop.now(account)["cycle"]["cycle_no"] == 2
    mailbox.mood = "takes"
    mailbox.let_go()
    shop.ledger.clock.advance(seconds=AGAIN_MINUTES[0] * 60 + 1)
    wake(shop.ledger)
    mail_of(shop, account, lambda mail: mail["state"] == "sent")
    assert shop.now(account)["mails_waiting"] == 0


def test_a_server_that_is_away_is_no_end(shop: Shop) -> None:
    """Contract 7: nobody listens there; the mail waits."""
    with Mailbox() as mailbox:
        gone = mailbox.server()
    shop.ledger.core.mail = gone
    account = shop.open(settle_every=DAILY, statement_email="client@example.org")
    night(shop, account)
    failed = mail_of(shop, account, lambda mail: mail["tries"] == 1)
    assert failed["last_error"] == "The mail server cannot be reached."


def test_without_a_mail_server_statements_wait(shop: Shop) -> None:
    """Contract 7: a ledger without SMTP settings ends its cycles all the same."""
    account = shop.open(settle_every=DAILY, statement_email="client@example.org")
    statement = night(shop, account)
    assert (statement["mail"]["state"], statement["mail"]["tries"]) == ("waiting", 0)


def test_a_mailbox_that_never_takes_it_ends_the_tries_and_a_person_sends_it_again(mailed: Any) -> None:
    """Contract 7: three refusals for good are enough; with another address it is sent again by hand."""
    shop, account, mailbox = mailed
    mailbox.mood = "refuses"
    statement = night(shop, account)
    for tries in (1, 2, 3):
        wake(shop.ledger)
        mail_of(shop, account, partial(tried, tries))
        shop.ledger.clock.advance(seconds=60 * AGAIN_MINUTES[tries])
        shop.ledger._apis.clear()
    assert shop.now(account)["mails_failed"] == 1
    mailbox.mood = "takes"
    changed = shop.api().patch(
        f"{PATH}/{account['id']}", {"statement_email": "other@example.org"}, if_match=1
    )
    assert changed.status_code == 200, changed.text
    again = shop.api().post(f"/v1/statements/{statement['id']}/mail")
    assert (again.status_code, again.json()["mail"]["state"]) == (200, "waiting")
    assert mailbox.mail()["to"] == "other@example.org"
    mail_of(shop, account, lambda mail: mail["state"] == "sent")


def test_a_mail_is_sent_by_one_of_two_workers(mailed: Any) -> None:
    """Contract 7: it is leased first; who comes second finds it taken."""
    from branchtui.ledger.credit_worker import mail_what_waits

    shop, account, mailbox = mailed
    mailbox.mood = "delays"
    night(shop, account)

    async def both() -> None:
        await asyncio.gather(*(mail_what_waits(shop.ledger.core) for _ in range(4)))

    running: Future[None] = asyncio.run_coroutine_threadsafe(both(), shop.ledger.loop)
    waited(lambda: mailbox.tried)
    mailbox.let_go()
    running.result(60)
    mail_of(shop, account, lambda mail: mail["state"] == "sent")
    assert mailbox.tried == 1


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"BRANCHTUI_LEDGER_SMTP": "http://mail"}, "is written smtp://"),
        ({"BRANCHTUI_LEDGER_SMTP": "smtp://u:secret@mail"}, "belongs into the file"),
        ({"BRANCHTUI_LEDGER_SMTP": "smtp://mail"}, "whom statements come from"),
        (
            {"BRANCHTUI_LEDGER_SMTP": "smtp://mail", "BRANCHTUI_LEDGER_SMTP_FROM": "a@b.c\nBcc: all@b.c"},
            "whom statements come from",
        ),
        (
            {
                "BRANCHTUI_LEDGER_SMTP": "smtp://mail",
                "BRANCHTUI_LEDGER_SMTP_FROM": "a@b.c",
                "BRANCHTUI_LEDGER_SMTP_PASSWORD_FILE": "/nowhere/password",
            },
            "cannot be used",
        ),
    ],
    ids=str,
)
def test_settings_that_cannot_be_used_are_refused_at_the_start(named: dict[str, str], said: str) -> None:
    """HOOK-3: where mail goes is the operator's to say, and is said wholly or not at all."""
    with pytest.raises(MailUnusable) as refused:
        mail_server(named)
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)


def test_the_settings_name_a_server(tmp_path: Path) -> None:
    """TLS is always, but to the machine itself; the password is in a file."""
    secret = tmp_path / "password"
    secret.write_text("correct horse\n")
    named = {
        "BRANCHTUI_LEDGER_SMTP": "smtps://shop%40example.org@mail.example.org",
        "BRANCHTUI_LEDGER_SMTP_FROM": "Shop <shop@example.org>",
        "BRANCHTUI_LEDGER_SMTP_PASSWORD_FILE": str(secret),
    }
    server = mail_server(named)
    assert server is not None
    assert (server.host, server.port, server.implicit_tls) == ("mail.example.org", 465, True)
    assert (server.username, server.password) == ("shop@example.org", "correct horse")
    assert "correct" not in repr(server)
    assert mail_server({}) is None
