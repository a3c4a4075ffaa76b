"""Customers by the file: what a row may say, who may send it, and that a file is no way round a rule (contract, 3 and 8)."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from python_calamine import CalamineWorkbook
from tests.ledger.files import ask_import, findings, import_file, upload
from tests.ledger.members import (
    add_staff,
    add_value,
    administrator,
    enter,
    ok,
    refused,
    supervisor,
    teller,
    today,
)
from tests.ledger.workbooks import workbook

from branchtui.ledger.workflows import import_run
from branchtui.ledger.workflows.import_customers import PERSONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ledger.running import Api, RunningLedger

pytestmark = pytest.mark.both_stores

PERSON, ENTITY = "customers-person", "customers-entity"


def table(rows: list[dict[str, str]], sign: str = ",") -> str:
    """Rows by column name as a file."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, delimiter=sign, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def person(first: str = "Neema", last: str = "Abuya", **cells: str) -> dict[str, str]:
    """A row of a person."""
    return {"first_name": first, "last_name": last, **cells}


def take(api: Api, *rows: dict[str, str], kind: str = PERSON, **members: Any) -> dict[str, Any]:
    """Import rows to their end."""
    return import_file(api, table(list(rows)), kind=kind, **members)


def found(api: Api, q: str) -> list[dict[str, Any]]:
    """Whom a search finds, by name."""
    return list(api.get("/v1/customers", q=q).json()["items"])


def wrong(api: Api, made: dict[str, Any], level: str = "error") -> list[tuple[int, str, str]]:
    """Row, column and code of what was found."""
    return [(each["row_no"], each["column"], each["code"]) for each in findings(api, made, level)]


def membership(ledger: RunningLedger, **members: Any) -> None:
    """Set what is asked of new members."""
    api = administrator(ledger)
    version = api.get("/v1/settings/membership").json()["version"]
    ok(api.put("/v1/settings/membership", members, if_match=version))


@pytest.fixture(autouse=True)
def _as_before(running_ledger: RunningLedger) -> Iterator[None]:
    """The ledger serves the whole module: what one test asks of members holds for no other."""
    yield
    membership(running_ledger)


def test_a_row_is_entered_whole(running_ledger: RunningLedger) -> None:
    """Contract 3, 8: everything that a form says can stand in a row; it is found by each of it, and has a wallet."""
    label, group = add_value(running_ledger, "label"), add_value(running_ledger, "group")
    staff = add_staff(running_ledger, staff_no="PO-17")
    row = person(
        "Ngũgĩ", "wa O'Brien-Mwangi", customer_no="0000700", account_no="00990001", external_id="000123456789012345",
        mobile_no="+254 711 555 001", email="n@example.org", date_of_birth="1990-02-28", gender="female",
        client_type="Individual", classification="Priority", staff="po-17", labels=f"{label['name']}; {label['name']}",
        group=group["name"].upper(), submitted_on="2020-01-05", active="yes", activation_date="2020-01-06",
        address_type="Home", street="Kenyatta Avenue", country="ke", identifier_type="Passport", identifier_no="A 00-17",
    )  # fmt: skip
    api = supervisor(running_ledger)
    made = take(api, row)
    assert (made["state"], made["imported"], made["rows_ok"]) == ("done", 1, 1), findings(api, made)
    for q in ("0000700", "00990001", "000123456789012345", "0711555001", "ngugi", "obrien mwangi"):
        assert [each["customer_no"] for each in found(api, q)] == ["0000700"], q
    (one,) = found(api, "0000700")
    whole = api.get(f"/v1/customers/{one['id']}", include="accounts,addresses,identifiers,history").json()
    assert whole["name"] == "Ngũgĩ wa O'Brien-Mwangi"
    assert (whole["mobile_no"], whole["external_id"]) == ("+254711555001", "000123456789012345")
    assert (whole["gender"], whole["classification"], whole["staff_id"]) == (
        "Female",
        "Priority",
        staff["id"],
    )
    assert (whole["labels"], whole["group"]) == ([label["name"]], group["name"])
    assert (whole["status"], whole["activation_date"], whole["submitted_on"]) == (
        "active",
        "2020-01-06",
        "2020-01-05",
    )
    assert [(each["kind"], each["account_no"]) for each in whole["accounts"]] == [("wallet", "00990001")]
    assert (whole["addresses"][0]["street"], whole["addresses"][0]["country"]) == ("Kenyatta Avenue", "KE")
    assert whole["identifiers"][0]["number"] == "A 00-17"
    for name, value in (("label", label["id"]), ("staff", staff["id"]), ("group", group["id"])):
        assert [each["id"] for each in api.get("/v1/customers", **{name: value}).json()["items"]] == [
            one["id"]
        ]
    running_ledger.check()


@pytest.mark.parametrize("mode", ["all_or_nothing", "valid_rows"])
def test_the_history_names_the_file_and_the_row(
    running_ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """Contract 3, AUD-1: whose file, which row of it, and when: by the link of the chain that tells of its piece."""
    monkeypatch.setattr(PERSONS, "chunk_rows", 2)
    api = supervisor(running_ledger)
    rows = [person("Origin", f"{mode} {each}") for each in range(5)]
    made = take(api, *rows, mode=mode, file_name="members of 2019.csv")
    assert made["file_name"] == "members of 2019.csv"
    links = running_ledger.query(
        "SELECT branch_id, seq FROM audit WHERE action = 'import.rows' AND object = ? ORDER BY seq",
        f"/v1/imports/{made['id']}",
    )
    assert len(links) == 3
    people = sorted(found(api, "origin " + mode), key=lambda each: str(each["name"]))
    assert len(people) == 5
    for place, one in enumerate(people):
        ok(api.patch(f"/v1/customers/{one['id']}", {"email": f"{place}@example.org"}, if_match=1))
        told = api.pages(f"/v1/customers/{one['id']}/history", limit=1)
        whole = api.get(f"/v1/customers/{one['id']}", include="history").json()
        assert whole["history"] == told
        assert [each["action"] for each in told] == ["customer.change", "import.rows"]
        last = told[-1]
        assert last["actor"] == "supervisor"
        assert {name: pair["after"] for name, pair in last["changes"].items()} == {
            "file": made["file_name"], "row": place + 2, "sha256": made["sha256"],
        }  # fmt: skip
        if mode == "valid_rows":
            assert last["id"] == ":".join(map(str, links[place // 2]))
    running_ledger.check()


def test_an_entity_is_entered(running_ledger: RunningLedger) -> None:
    """Contract 3: an entity has one name; without it the row is wrong."""
    api = teller(running_ledger)
    rows = [
        {"name": "Kilimo Co-operative", "incorporation_no": "0017/2011", "constitution": "Co-operative"},
        {"name": "", "incorporation_no": "0018"},
        {"name": "Bahari Ltd", "constitution": "Passport"},
    ]
    made = take(api, *rows, kind=ENTITY, mode="valid_rows")
    assert (made["imported"], wrong(api, made)) == (
        1, [(3, "name", "needed"), (4, "constitution", "code-unknown")],
    )  # fmt: skip
    (one,) = found(api, "kilimo")
    assert (one["legal_form"], one["incorporation_no"], one["constitution"]) == (
        "entity", "0017/2011", "Co-operative",
    )  # fmt: skip


def test_every_wrong_cell_is_named(running_ledger: RunningLedger) -> None:
    """Contract 8: row, column and code of each; nothing of the file is entered."""
    add_staff(running_ledger, "KSM", staff_no="K-1")
    add_staff(running_ledger, staff_no="T-1", first_name="Two", last_name="Alike")
    add_staff(running_ledger, staff_no="T-2", first_name="Two", last_name="Alike")
    taken = enter(running_ledger, external_id="EX-1")
    tomorrow = (running_ledger.today() + timedelta(days=1)).isoformat()
    cases = [
        (person(gender="Own wish"), "gender", "code-unknown"),
        (person(classification="Golden"), "classification", "code-unknown"),
        (person(staff="K-1"), "staff", "staff-unknown"),
        (person(staff="nobody"), "staff", "staff-unknown"),
        (person(staff="two alike"), "staff", "staff-ambiguous"),
        (person(office="KSM"), "office", "office"),
        (person(date_of_birth=tomorrow), "date_of_birth", "validation"),
        (person(date_of_birth="31/02/1990"), "date_of_birth", "date"),
        (person(submitted_on="2024-02-02", active="yes", activation_date="2024-02-01"), "activation_date", "validation"),
        (person(activation_date="2024-02-01"), "activation_date", "validation"),
        (person(active="perhaps"), "active", "yes-or-no"),
        (person(last=""), "last_name", "needed"),
        (person(external_id="EX-1"), "external_id", "reference-taken"),
        (person(customer_no=taken["customer_no"]), "customer_no", "reference-taken"),
        (person(account_no=taken["account_no"]), "account_no", "reference-taken"),
        (person(customer_no="1.01E+02"), "customer_no", "scientific"),
        (person(customer_no="-1"), "customer_no", "number"),
        (person(mobile_no="12"), "mobile_no", "phone"),
        (person(email="nobody"), "email", "validation"),
        (person(first="Ne\u202ema"), "first_name", "text"),
        (person(first="N" * 141), "first_name", "too-long"),
        (person(address_type="Home"), "street", "needed"),
        (person(street="Moi Avenue"), "address_type", "needed"),
        (person(identifier_type="Passport", identifier_no="#"), "identifier_no", "validation"),
        (person(labels="no such label"), "labels", "code-unknown"),
    ]  # fmt: skip
    rows = [row for row, _, _ in cases]
    rows += [person(external_id="TWICE"), person(external_id="TWICE")]
    api = teller(running_ledger)
    made = take(api, *rows)
    expected = [(row_no, column, code) for row_no, (_, column, code) in enumerate(cases, start=2)]
    assert wrong(api, made) == [*expected, (len(rows) + 1, "external_id", "reference-repeated")]
    assert (made["state"], made["imported"]) == ("refused", 0)
    assert not found(api, "TWICE")


def test_look_alikes_are_warnings(running_ledger: RunningLedger) -> None:
    """Contract 3, 8: the same phone, or name and date of birth, as somebody the sender may see, or as an earlier row."""
    there = enter(running_ledger, mobile_no="0711 444 333")
    enter(running_ledger, "KSM", mobile_no="0711 444 334")
    api = teller(running_ledger)
    made = take(
        api,
        person("Amani", mobile_no="+254711444333"),
        person("Baraka", mobile_no="0711444334"),
        person("Chausiku", date_of_birth="1990-01-01"),
        person("chausiku", "ABUYA", date_of_birth="1990-01-01"),
    )
    assert (made["state"], made["imported"]) == ("done", 4)
    said = [(each["row_no"], each["column"], each["message"]) for each in findings(api, made, "warning")]
    assert said == [
        (2, "mobile_no", f"Customer {there['customer_no']} has the same phone."),
        (5, "date_of_birth", "Row 4 has the same name and date of birth."),
    ]


def test_what_is_asked_of_members_is_asked_of_a_file(running_ledger: RunningLedger) -> None:
    """Contract 2: minimum age, mandatory fields, terms and approval hold for imports as for forms."""
    rules = {
        "minimum_age": 18,
        "mandatory_fields": ["mobile_no", "address", "staff_id"],
        "terms": "By-laws",
        "approval": True,
    }
    add_staff(running_ledger, staff_no="S-1")
    membership(running_ledger, **rules)
    good = {
        "mobile_no": "0722000111", "date_of_birth": "1990-01-01", "staff": "S-1", "terms_accepted": "yes",
        "address_type": "Home", "city": "Nakuru",
    }  # fmt: skip
    young = f"{running_ledger.today().year - 10}-01-01"
    api = supervisor(running_ledger)
    made = take(
        api,
        person(**good),
        person(**good | {"date_of_birth": young}),
        person(**good | {"date_of_birth": ""}),
        person(**good | {"mobile_no": ""}),
        person(**good | {"staff": ""}),
        person(**good | {"address_type": "", "city": ""}),
        person(**good | {"terms_accepted": ""}),
        person(**good | {"active": "yes"}),
        mode="valid_rows",
    )
    assert made["imported"] == 1
    assert wrong(api, made) == [
        (3, "date_of_birth", "too-young"),
        (4, "date_of_birth", "mandatory"),
        (5, "mobile_no", "mandatory"),
        (6, "staff", "mandatory"),
        (7, "address_type", "mandatory"),
        (8, "terms_accepted", "mandatory"),
        (9, "active", "needs-approval"),
    ]
    (one,) = found(api, "0722000111")
    assert (one["status"], one["terms_accepted_on"]) == ("pending", today(running_ledger))
    problem = api.post(f"/v1/customers/{one['id']}/activate", {}, if_match=1)
    refused(problem, 403, "needs-checker")


def test_nobody_becomes_active_by_a_tellers_file(running_ledger: RunningLedger) -> None:
    """Product, roles: what a teller's import stages is not active; a supervisor's may be."""
    row = person(active="yes", activation_date="2024-01-01", external_id="ACT-1")
    api = teller(running_ledger)
    made = take(api, row)
    assert (made["state"], wrong(api, made, "warning")) == ("done", [(2, "active", "pending")])
    (one,) = found(api, "ACT-1")
    assert (one["status"], one["activation_date"]) == ("pending", None)


def test_offices_are_the_own_branch_and_those_below(running_ledger: RunningLedger) -> None:
    """AUTHZ-3: from above into every branch; the other way there is no such office, and no such branch."""
    above = running_ledger.sign_in("hq-teller")
    made = take(
        above, person(office="KSM", external_id="OFF-1"), person(branch_id="nku", external_id="OFF-2")
    )
    assert made["state"] == "refused"
    assert "stands 2 times" in made["reason"]
    made = take(above, person(office="KSM", external_id="OFF-1"), person(office="nku", external_id="OFF-2"))
    assert made["state"] == "done"
    assert {one["branch_code"] for one in found(above, "OFF-")} == {"KSM", "NKU"}
    assert [one["branch_code"] for one in found(teller(running_ledger), "OFF-")] == ["NKU"]
    add_staff(running_ledger, "KSM", staff_no="K-2")
    made = take(
        above, person(office="NKU", staff="K-2"), person(office="KSM", staff="K-2"), mode="valid_rows"
    )
    assert (made["imported"], wrong(above, made)) == (1, [(2, "staff", "staff-of-another-branch")])
    sent = upload(teller(running_ledger), b"first_name,last_name\nA,B\n")
    refused(
        ask_import(teller(running_ledger), sent, kind=PERSON, branch_id=running_ledger.branch("KSM").id),
        404,
        "not-found",
    )


def test_a_person_has_no_columns_of_an_entity(running_ledger: RunningLedger) -> None:
    """Contract 8: a template per legal form; a column of the other one keeps the file out."""
    api = teller(running_ledger)
    made = take(api, person(name="Kilimo"))
    assert (made["state"], "name is not known" in made["reason"]) == ("refused", True)
    made = take(api, {"first_name": "Neema"})
    assert made["reason"] == "The column last_name is missing."


def test_the_good_rows_go_in_and_the_others_come_back(running_ledger: RunningLedger) -> None:
    """Contract 8: rejects as they came, corrected and sent again; the same bytes are refused unless confirmed."""
    api = teller(running_ledger)
    rows = [
        person("Asha", external_id="R-1"),
        person("", external_id="R-2"),
        person("Cheche", external_id="R-3"),
    ]
    made = take(api, *rows, mode="valid_rows")
    assert (made["imported"], made["rows_error"]) == (2, 1)
    rejects = api.get(f"/v1/imports/{made['id']}/rejects.csv").text
    assert "R-2" in rejects
    assert "R-1" not in rejects
    corrected = rejects.replace(",Abuya,R-2", "Bakari,Abuya,R-2", 1)
    assert import_file(api, corrected, kind=PERSON)["imported"] == 1
    sent = upload(api, table(rows).encode())
    refused(ask_import(api, sent, kind=PERSON, mode="valid_rows"), 409, "file-already-imported")
    again = take(api, *rows, mode="valid_rows", confirm=True)
    assert (again["state"], again["imported"], again["rows_error"]) == ("refused", 0, 3)


def test_what_changes_between_preview_and_start_is_looked_at_again(running_ledger: RunningLedger) -> None:
    """Contract 8: a number that was taken, staff that left, a rule that came in the meantime."""
    staff = add_staff(running_ledger, staff_no="GONE-1")
    api = teller(running_ledger)
    rows = [
        person("Asha", external_id="P-1"),
        person("Bakari", external_id="P-2", staff="GONE-1"),
        person("Cheche", external_id="P-3", mobile_no="0733000111"),
    ]
    seen = take(api, *rows, dry_run=True, mode="valid_rows")
    assert (seen["state"], seen["rows_ok"]) == ("ready", 3)
    enter(running_ledger, external_id="P-1")
    ok(administrator(running_ledger).patch(f"/v1/staff/{staff['id']}", {"active": False}, if_match=1))
    membership(running_ledger, minimum_age=18)
    start = {"sha256": seen["sha256"], "preview_version": seen["preview_version"]}
    accepted = api.post(f"/v1/imports/{seen['id']}/start", start)
    api.get(accepted.headers["location"], wait=20)
    made = api.get(f"/v1/imports/{seen['id']}").json()
    assert (made["state"], made["imported"]) == ("done", 0)
    assert [(row, code) for row, _, code in wrong(api, made)] == [
        (2, "reference-taken"),
        (3, "staff-inactive"),
        (4, "mandatory"),
    ]


def test_numbers_are_made_round_those_that_the_file_brings(running_ledger: RunningLedger) -> None:
    """Contract 3: numbers may come from an older system and are made otherwise; none is given twice."""
    api = teller(running_ledger)
    first = take(api, person(external_id="N-0"))
    assert first["imported"] == 1
    last = int(found(api, "N-0")[0]["customer_no"])
    rows = [person(external_id="N-1"), person(external_id="N-2", customer_no=f"{last + 1:06d}")]
    made = take(api, *rows)
    assert made["imported"] == 2
    numbers = {one["external_id"]: one["customer_no"] for one in found(api, "N-")}
    assert numbers["N-2"] == f"{last + 1:06d}"
    assert len(set(numbers.values())) == 3


@pytest.mark.parametrize(
    ("encoding", "sign", "written"),
    [("utf-8-sig", ";", "28/02/1990"), ("utf-16", "\t", "28.02.1991"), ("cp1252", ",", "02/28/1992")],
)
def test_a_file_may_be_written_otherwise(
    running_ledger: RunningLedger, encoding: str, sign: str, written: str
) -> None:
    """Contract 8: delimiter, encoding and the order of dates are recognised; a blank row never ends the file."""
    rows = [
        person("Zoë", "D'Souza", date_of_birth=written, external_id=f"000-{encoding}-1"),
        person("", "", date_of_birth="", external_id=""),
        person(
            "René", "Müller-Wanjiru", date_of_birth=f"{written[-4:]}-12-31", external_id=f"000-{encoding}-2"
        ),
    ]
    api = teller(running_ledger)
    made = import_file(api, table(rows, sign).encode(encoding), kind=PERSON)
    assert (made["state"], made["imported"], made["rows_warning"]) == ("done", 2, 1), findings(api, made)
    names = {one["external_id"]: (one["name"], one["date_of_birth"]) for one in found(api, f"000-{encoding}")}
    assert names[f"000-{encoding}-1"] == ("Zoë D'Souza", f"{written[-4:]}-02-28")
    assert names[f"000-{encoding}-2"] == ("René Müller-Wanjiru", f"{written[-4:]}-12-31")


def test_any_script_survives(running_ledger: RunningLedger) -> None:
    """Issue: any script; family names first where they stand first."""
    rows = [
        person("小龙", "李", external_id="S-1"),
        person("عائشة", "محمد", external_id="S-2"),
        person("அருண்", "குமார்", external_id="S-3"),
    ]
    api = teller(running_ledger)
    assert take(api, *rows)["imported"] == 3
    assert {one["name"] for one in found(api, "S-")} >= {"李小龙", "عائشة محمد", "அருண் குமார்"}
    assert [one["external_id"] for one in found(api, "குமார்")] == ["S-3"]


def test_a_template_offers_what_the_office_has(running_ledger: RunningLedger) -> None:
    """Contract 8: per legal form; the workbook offers codes, and the offices and the staff of the branch; both are read back."""
    mine = add_staff(running_ledger, first_name="Own", last_name="Person")
    theirs = add_staff(running_ledger, "KSM", first_name="Other", last_name="Person")
    api = teller(running_ledger)
    for kind, name in ((PERSON, "first_name"), (ENTITY, "name")):
        text = api.get(f"/v1/templates/{kind}.csv").text
        assert text.startswith(f"{name},")
        book = api.get(f"/v1/templates/{kind}.xlsx", branch_id=running_ledger.branch("NKU").id)
        assert book.headers["content-disposition"].endswith(f'"{kind}.xlsx"')
        assert ",".join(sheet(book.content, "Rows")[0]) == text.strip()
        offered = {value for row in sheet(book.content, "Lists") for value in row}
        assert {"NKU", "Own Person", "yes", "Passport", "Priority"} <= offered
        assert not {"KSM", "Other Person"} & offered
    add_staff(running_ledger, first_name="Another", last_name="Own")
    one = api.get(f"/v1/templates/{PERSON}.xlsx", staff_id=mine["id"]).content
    offered = {value for row in sheet(one, "Lists") for value in row}
    assert "Own Person" in offered
    assert "Another Own" not in offered
    for asked in ({"branch_id": running_ledger.branch("KSM").id}, {"staff_id": theirs["id"]}):
        for ending in ("csv", "xlsx"):
            refused(api.get(f"/v1/templates/{PERSON}.{ending}", **asked), 404, "not-found")
    assert api.get("/v1/templates/balance-records.xlsx").status_code == 200


def sheet(data: bytes, name: str) -> list[list[str]]:
    """The rows of a sheet."""
    rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name(name).to_python()
    return [[str(cell) for cell in row] for row in rows]


def test_a_workbook_is_a_file_as_any(running_ledger: RunningLedger) -> None:
    """Contract 3, 8: XLSX as CSV; days and long numbers as the sheet has them, rejects come back as text."""
    head = ["First Name", "Last Name", "External Id", "Mobile No", "Date of Birth"]
    data = workbook(
        [
            head,
            ["Amina", "Noor-Abdi", "0007", 254722333444, date(1990, 2, 28)],
            [],
            ["Baraka", "", "0008", "", ""],
        ]
    )
    api = teller(running_ledger)
    made = import_file(api, data, kind=PERSON, mode="valid_rows")
    assert (made["imported"], made["rows_warning"], wrong(api, made)) == (1, 1, [(4, "last_name", "needed")])
    assert made["recognised"]["format"] == "xlsx"
    (one,) = found(api, "Amina")
    assert (one["external_id"], one["mobile_no"], one["date_of_birth"]) == (
        "0007",
        "+254722333444",
        "1990-02-28",
    )
    assert "0008" in api.get(f"/v1/imports/{made['id']}/rejects.csv").text


@pytest.mark.parametrize("mode", ["valid_rows", "all_or_nothing"])
def test_a_file_is_taken_in_piece_by_piece(
    running_ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """CONC-5: each piece goes on behind the last row that is in; a number of a later piece is given to nobody before."""
    monkeypatch.setattr(import_run, "CHUNK_ROWS", 2)
    api = teller(running_ledger)
    assert take(api, person(external_id=f"{mode}-0"))["imported"] == 1
    last = int(found(api, f"{mode}-0")[0]["customer_no"])
    rows = [person(external_id=f"{mode}-{row}", customer_no="") for row in range(1, 8)]
    rows[5]["customer_no"] = f"{last + 2:06d}"
    made = take(api, *rows, mode=mode)
    assert (made["state"], made["imported"]) == ("done", 7)
    taken = running_ledger.query(
        "SELECT import_row_no FROM customers WHERE import_id = ? ORDER BY import_row_no", made["id"]
    )
    assert taken == [(row,) for row in range(2, 9)]
    assert found(api, f"{mode}-6")[0]["customer_no"] == f"{last + 2:06d}"
    running_ledger.check()


def test_the_chain_tells_of_the_rows(running_ledger: RunningLedger) -> None:
    """AUD-1: one link a chunk, with how many rows and their fingerprint; no name stands in it."""
    api = teller(running_ledger)
    made = take(api, person("Siri", external_id="AUD-1"))
    link = running_ledger.query(
        "SELECT after FROM audit WHERE object = ? AND action = 'import.rows'", f"/v1/imports/{made['id']}"
    )
    assert len(link) == 1
    assert '"rows":1' in link[0][0].replace(" ", "")
    assert "Siri" not in link[0][0]
    rows = running_ledger.query("SELECT import_row_no FROM customers WHERE import_id = ?", made["id"])
    assert rows == [(2,)]
    running_ledger.check()
