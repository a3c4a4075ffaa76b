"""Plans by the file: what a row may say, who may send it, and that half a file never is (contract, sections 5 and 8)."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from tests.ledger.files import ask_import, findings, finished, import_file, upload
from tests.ledger.running import Api, RunningLedger
from tests.ledger.till import Till, open_till
from tests.ledger.vouchers import fresh_customer, new_plan, sold

from branchtui.contract.sessions import Role
from branchtui.ledger.workflows import import_plans, import_plans_write, import_run

pytestmark = pytest.mark.both_stores

HEAD = "code,name,price,currency,validity_days"


@pytest.fixture(scope="module")
def till(running_ledger: RunningLedger) -> Till:
    return open_till(running_ledger)


@pytest.fixture
def keeper(running_ledger: RunningLedger) -> Api:
    return running_ledger.sign_in("administrator")


def file(*rows: str, head: str = HEAD) -> str:
    return "\n".join([head, *rows, ""])


def take(api: Api, *rows: str, head: str = HEAD, **members: Any) -> dict[str, Any]:
    return import_file(api, file(*rows, head=head), kind="plans", **members)


def plans(api: Api, q: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("/v1/plans", q=q).json()["items"]
    return found


def test_plans_are_added_and_sold(till: Till, keeper: Api) -> None:
    """Contract 5, 8: each is as if it had been keyed, so that a teller sells it at once."""
    made = take(
        keeper,
        "FILE-1,A morning of surfing,25.00,KES,1",
        "FILE-2,Ngũgĩ's week,300,KES,7",
        "file-1,A night of surfing,1,USD,3650",
    )
    assert (made["state"], made["imported"], made["total_minor"]) == ("done", 3, 0)
    said = {
        each["code"]: (each["name"], each["price_minor"], each["currency"], each["validity_days"])
        for each in plans(keeper, "file-")
    }
    assert said == {
        "FILE-1": ("A morning of surfing", 2_500, "KES", 1),
        "FILE-2": ("Ngũgĩ's week", 30_000, "KES", 7),
        "file-1": ("A night of surfing", 100, "USD", 3_650),
    }
    (plan,) = [each for each in plans(till.api("teller"), "FILE-1") if each["code"] == "FILE-1"]
    voucher = sold(till, fresh_customer(till, 2_500), plan)
    assert (voucher["plan_code"], voucher["price_minor"]) == ("FILE-1", 2_500)
    till.ledger.check()


def test_every_wrong_cell_is_named(keeper: Api, till: Till) -> None:
    """Contract 5, 8: row, column and sentence; nothing of the file becomes a plan."""
    new_plan(till, code="WRONG-0")
    made = take(
        keeper,
        ",A,1,KES,1",
        "WRONG-1,,1,KES,1",
        "WRONG-2,A,,KES,1",
        "WRONG-3,A,1,,1",
        "WRONG-4,A,1,KES,",
        "-WRONG,A,1,KES,1",
        "1E+05,A,1,KES,1",
        f"{'W' * 65},A,1,KES,1",
        f"WRONG-5,{'A' * 141},1,KES,1",
        "WRONG-6,A\u202eB,1,KES,1",
        "WRONG-7,A,0,KES,1",
        "WRONG-8,A,12.345,KES,1",
        "WRONG-9,A,1.50,JPY,1",
        "WRONG-10,A,1,ZZZ,1",
        "WRONG-11,A,1,kes,1",
        "WRONG-12,A,1,KES,0",
        "WRONG-13,A,1,KES,3651",
        "WRONG-14,A,1,KES,1.5",
        "WRONG-15,A,free,KES,soon",
        "WRONG-0,Another,1,KES,1",
        "TWICE,B,1,KES,1",
        "TWICE,C,1,KES,1",
    )
    assert (made["state"], made["imported"], made["rows_error"]) == ("refused", 0, 21)
    found = findings(keeper, made, "error")
    assert [(each["row_no"], each["column"], each["code"]) for each in found] == [
        (2, "code", "blank"),
        (3, "name", "blank"),
        (4, "price", "blank"),
        (5, "currency", "blank"),
        (6, "validity_days", "blank"),
        (7, "code", "string_pattern_mismatch"),
        (8, "code", "string_pattern_mismatch"),
        (9, "code", "string_too_long"),
        (10, "name", "string_too_long"),
        (11, "name", "text"),
        (12, "price", "zero"),
        (13, "price", "decimals"),
        (14, "price", "decimals"),
        (15, "currency", "currency"),
        (16, "currency", "currency"),
        (17, "validity_days", "greater_than_equal"),
        (18, "validity_days", "less_than_equal"),
        (19, "validity_days", "int_type"),
        (20, "price", "not-an-amount"),
        (20, "validity_days", "int_type"),
        (21, "code", "reference-taken"),
        (23, "code", "reference-repeated"),
    ]
    said = {each["row_no"]: each["message"] for each in found}
    assert said[8] == "1E+05: a spreadsheet has written this code short. Keep the column as text."
    assert said[19] == "The days are a whole number of 1 to 3,650."
    assert said[21] == "There is a plan WRONG-0 already."
    assert said[23] == "The code TWICE stands in row 22 already."
    assert not plans(keeper, "TWICE")
    header = take(keeper, "A,1", head="code,price")
    assert [each["code"] for each in findings(keeper, header, "error")] == ["missing-column"] * 2


@pytest.mark.parametrize(
    "new",
    [
        {"code": "SAME.1", "name": "One", "price_minor": 1, "currency": "KES", "validity_days": 1},
        {"code": "-SAME", "name": "One", "price_minor": 100, "currency": "KES", "validity_days": 1},
        {"code": "SAME.2", "name": "n" * 141, "price_minor": 100, "currency": "KES", "validity_days": 1},
        {"code": "SAME.3", "name": "One", "price_minor": 10**15 + 1, "currency": "KES", "validity_days": 1},
        {"code": "SAME.4", "name": "One", "price_minor": 10**15, "currency": "KES", "validity_days": 3_650},
        {"code": "SAME.5", "name": "One", "price_minor": 100, "currency": "KES", "validity_days": 3_651},
        {"code": "SAME.6", "name": "One", "price_minor": 100, "currency": "AAA", "validity_days": 1},
        {"code": "SAME.7", "name": "O\u0301ne", "price_minor": 100, "currency": "XAF", "validity_days": 1},
    ],
    ids=lambda new: new["code"],
)
def test_a_file_and_the_form_agree_on_every_plan(keeper: Api, new: dict[str, Any]) -> None:
    """Contract 5, 8: what one way refuses the other does, and what both take is the same plan."""
    minor = new["price_minor"]
    price = str(minor) if new["currency"] == "XAF" else f"{minor // 100}.{minor % 100:02d}"
    made = take(keeper, f"{new['code']},{new['name']},{price},{new['currency']},{new['validity_days']}")
    imported = plans(keeper, new["code"]) if made["imported"] else []
    keyed = keeper.post("/v1/plans", new | {"code": f"{new['code']}-K"})
    assert bool(imported) == (keyed.status_code == 201), (made, keyed.text)
    members = ("name", "price_minor", "currency", "validity_days", "active")
    for each in imported:
        assert [each[member] for member in members] == [keyed.json()[member] for member in members]


def test_a_name_that_another_plan_has_is_a_warning(keeper: Api, till: Till) -> None:
    """Contract 8: the form takes two plans of one name, so the file does; it is told of before."""
    new_plan(till, code="NAMED-0", name="Sunday surfing")
    made = take(
        keeper,
        "NAMED-1,sunday  Surfing,1,KES,1",
        "NAMED-2,Monday,1,KES,1",
        "NAMED-3,monday,1,KES,1",
        dry_run=True,
    )
    assert (made["state"], made["rows_ok"], made["rows_warning"], made["rows_error"]) == ("ready", 1, 2, 0)
    said = [(each["row_no"], each["column"], each["message"]) for each in findings(keeper, made, "warning")]
    assert said == [
        (2, "name", "The plan NAMED-0 has this name as well."),
        (4, "name", "The plan of row 3 has this name as well."),
    ]


def test_the_valid_rows_go_in_and_the_others_come_back(keeper: Api) -> None:
    """Contract 8: `valid_rows`, the file of rejects, which goes in when it is put right; the same bytes once."""
    rows = ("VALID-1,One,10,KES,1", "VALID-2,Two,ten,KES,1")
    made = take(keeper, *rows, mode="valid_rows")
    assert (made["state"], made["imported"], made["rows_error"]) == ("done", 1, 1)
    assert [each["code"] for each in plans(keeper, "VALID-")] == ["VALID-1"]
    rejects = keeper.get(f"/v1/imports/{made['id']}/rejects.csv").text
    assert "VALID-2,Two,ten,KES,1" in rejects
    assert "VALID-1" not in rejects
    again = ask_import(keeper, upload(keeper, file(*rows).encode()), kind="plans")
    assert (again.status_code, again.json()["code"]) == (409, "file-already-imported")
    mended = import_file(keeper, rejects.replace(",ten,", ",10,"), kind="plans")
    assert (mended["state"], mended["imported"]) == ("done", 1)


@pytest.mark.parametrize(
    ("control", "state"),
    [
        ({"count": 2, "amount_minor": 1_500}, "ready"),
        ({"count": 3}, "refused"),
        ({"amount_minor": 1_600}, "refused"),
    ],
    ids=["agree", "count", "prices"],
)
def test_what_was_announced_must_be_there(keeper: Api, control: dict[str, int], state: str) -> None:
    """Contract 8: control totals are of the rows, and of the prices in the branch's currency."""
    made = take(
        keeper, f"CTL-{state},One,10,KES,1", f"CTL-{state}2,Two,5.00,KES,1", control=control, dry_run=True
    )
    assert made["state"] == state
    assert made["total_minor"] == 0


def test_a_file_is_written_as_people_write(keeper: Api) -> None:
    """Contract 8: columns by name in any order, a decimal comma, no currency but the branch's, a blank row."""
    made = take(keeper, "30;Comma;COMMA-1;1.250,50", ";;;", head="Days;Name;Code;Price")
    assert (made["state"], made["imported"], made["rows_warning"]) == ("done", 1, 1)
    (plan,) = plans(keeper, "COMMA-1")
    assert (plan["price_minor"], plan["currency"], plan["validity_days"]) == (125_050, "KES", 30)


def test_who_keeps_plans_sends_them_and_nobody_else(keeper: Api, running_ledger: RunningLedger) -> None:
    """AUTHZ-1: administrators of the whole institution; what they see of imports is their own kind, not money."""
    sheet = file("RIGHTS-1,One,1,KES,1").encode()
    for who in ("teller", "supervisor"):
        api = running_ledger.sign_in(who)
        refused = ask_import(api, upload(api, sheet), kind="plans")
        assert refused.status_code == 403
        assert refused.json()["detail"] == f"Your role, {who}, may not change plans."
    running_ledger.add_user("nku-administrator", Role.ADMINISTRATOR, "NKU")
    below = running_ledger.sign_in("nku-administrator")
    assert ask_import(below, upload(below, sheet), kind="plans").status_code == 403
    for kind in ("balance-records", "customers-person", "statement"):
        assert ask_import(keeper, upload(keeper, sheet), kind=kind).status_code == 403

    preview = take(keeper, "RIGHTS-2,One,1,KES,1", dry_run=True, branch_id=running_ledger.branch("NKU").id)
    teller = running_ledger.sign_in("teller")
    seen = teller.get(f"/v1/imports/{preview['id']}").json()
    assert (seen["actions"], seen["refused"]["start"]["code"]) == ([], "forbidden")
    start = {"sha256": preview["sha256"], "preview_version": preview["preview_version"]}
    assert teller.post(f"/v1/imports/{preview['id']}/start", start).status_code == 403
    assert below.get(f"/v1/imports/{preview['id']}").status_code == 404
    assert below.pages("/v1/imports") == []

    balances = import_file(teller, "customer_no,account_kind,amount,currency,as_of_date\n", dry_run=True)
    for path in ("", "/rows", "/rejects.csv"):
        assert keeper.get(f"/v1/imports/{balances['id']}{path}").status_code == 404
    assert {each["kind"] for each in keeper.pages("/v1/imports")} == {"plans"}
    assert keeper.pages("/v1/imports", kind="balance-records") == []


@pytest.mark.parametrize("mode", ["all_or_nothing", "valid_rows"])
def test_what_changes_after_the_preview_is_looked_at_again(
    keeper: Api, till: Till, running_ledger: RunningLedger, mode: str
) -> None:
    """Contract 8, AUTHZ-1: a code that was used since, and a sender who may keep no plans any more."""
    preview = take(keeper, f"SINCE-{mode},One,1,KES,1", f"SINCE2-{mode},Two,1,KES,1", dry_run=True)
    new_plan(till, code=f"SINCE-{mode}")
    start = {"sha256": preview["sha256"], "preview_version": preview["preview_version"], "mode": mode}
    ended = _started(keeper, preview, start)
    assert (ended["state"], ended["imported"]) == (("done", 1) if mode == "valid_rows" else ("refused", 0))
    (found,) = findings(keeper, ended, "error")
    assert (found["row_no"], found["code"]) == (2, "reference-taken")

    left = f"leaver-{mode.replace('_', '-')}"
    running_ledger.add_user(left, Role.ADMINISTRATOR, "HQ")
    api = running_ledger.sign_in(left)
    preview = take(api, f"SINCE3-{mode},One,1,KES,1", dry_run=True)
    accepted = _demoted_while_it_runs(running_ledger, api, left, preview, mode)
    assert accepted == "Your role, teller, may not change plans."
    assert not plans(keeper, f"SINCE3-{mode}")
    running_ledger.check()


def _started(api: Api, preview: dict[str, Any], start: dict[str, Any]) -> dict[str, Any]:
    return finished(api, api.post(f"/v1/imports/{preview['id']}/start", start))


def _demoted_while_it_runs(
    ledger: RunningLedger, api: Api, who: str, preview: dict[str, Any], mode: str
) -> str:
    """Take the right away between the start and the writing; what is said of the only row."""
    kept = import_plans_write.take_rows

    def demoted(core: Any, tx: Any, *rest: Any) -> Any:
        tx.connection.execute("UPDATE users SET role = 'teller' WHERE username = ?", (who,))
        return kept(core, tx, *rest)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(import_plans, "take_rows", demoted)
        start = {"sha256": preview["sha256"], "preview_version": preview["preview_version"], "mode": mode}
        ended = _started(api, preview, start)
    assert ended["imported"] == 0
    (found,) = findings(ledger.sign_in("auditor"), ended, "error")
    return str(found["message"])


def test_the_chain_tells_of_each_plan_as_of_one_that_was_keyed(
    keeper: Api, running_ledger: RunningLedger
) -> None:
    """AUD-1: who, what and under which key, beside the link of the chunk; and of which row of which file."""
    made = take(keeper, "AUDIT-1,One,1,KES,1", "AUDIT-2,Two,2,KES,2")
    (plan,) = plans(keeper, "AUDIT-1")
    keyed = keeper.post("/v1/plans", {"code": "AUDIT-3", "name": "Three", "price_minor": 100, "currency": "KES", "validity_days": 1})  # fmt: skip
    asked = "SELECT action, outcome, actor, role, branch_id, after FROM audit WHERE object = ?"
    ((*by_file, after),) = running_ledger.query(asked, f"/v1/plans/{plan['id']}")
    ((*by_hand, said),) = running_ledger.query(asked, f"/v1/plans/{keyed.json()['id']}")
    assert by_file == by_hand
    told = json.loads(after)
    assert (told.pop("import_id"), told.pop("row_no")) == (made["id"], 2)
    assert told == json.loads(said) | {"code": "AUDIT-1", "name": "One"}
    links = "SELECT after FROM audit WHERE object = ? AND action = 'import.rows'"
    ((link,),) = running_ledger.query(links, f"/v1/imports/{made['id']}")
    assert json.loads(link)["rows"] == 2
    changed = keeper.patch(f"/v1/plans/{plan['id']}", {"price_minor": 150}, if_match=1)
    assert changed.status_code == 200, changed.text
    running_ledger.check()


@pytest.mark.parametrize("mode", ["all_or_nothing", "valid_rows"])
def test_a_file_is_taken_in_piece_by_piece(
    keeper: Api, running_ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """CONC-5: each piece goes on behind the last row that is in."""
    monkeypatch.setattr(import_run, "CHUNK_ROWS", 2)
    rows = [f"PIECE-{mode}-{row},Piece {row},1,KES,1" for row in range(7)]
    made = take(keeper, *rows, mode=mode)
    assert (made["state"], made["imported"], made["rows_error"]) == ("done", 7, 0)
    taken = "SELECT import_row_no FROM plans WHERE import_id = ? ORDER BY import_row_no"
    assert running_ledger.query(taken, made["id"]) == [(row,) for row in range(2, 9)]


def test_a_template_is_a_file_that_the_import_reads(keeper: Api) -> None:
    """Contract 8: `GET /v1/templates/plans.csv` and `.xlsx`, with every column as text."""
    text = keeper.get("/v1/templates/plans.csv").text
    assert text.strip() == HEAD
    made = import_file(keeper, f"{text}TEMPLATE-1,One,1,KES,1\r\n", kind="plans")
    assert (made["state"], made["imported"]) == ("done", 1)
    book = keeper.get("/v1/templates/plans.xlsx")
    assert CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0).to_python() == [
        HEAD.split(",")
    ]
