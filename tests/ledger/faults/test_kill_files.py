"""The ledger's process dies while it checks or applies a balance file, or enters a file of customers (CONC-5).

Whatever moment it dies at, on either engine: what was committed stands, the next process does exactly the rest,
and the balances are what they would be had nothing happened.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from tests.ledger.balance_files import FILES, check_file, payer, universal
from tests.ledger.faults import seeds
from tests.ledger.faults.long_work import Case, LongWork
from tests.ledger.files import table, upload
from tests.ledger.running import Api, fresh_key

from branchtui.ledger.workflows import file_apply, import_customers

pytestmark = [pytest.mark.faults, pytest.mark.both_stores]

ROUNDS: Final = max(2, seeds.figure("BRANCHTUI_KILLS", 40) // 20)
"""Files of customers, each with a balance file of theirs, on each engine."""

ROWS: Final = 35
WHOLE_ROWS: Final = import_customers.CHUNK_ROWS + 500
"""Two transactions of each and more, at their real size."""

CUSTOMERS: Final = ("valid_rows", "all_or_nothing")
HEADER: Final = "first_name,last_name,account_no,external_id,mobile_no,active"


class Files(LongWork):
    """Customers out of a file, and balances that a file states of the latest of them."""

    own_points = {
        "valid_rows": ("rows become customers", "progress is noted", "verdicts are kept"),
        "all_or_nothing": ("rows become customers", "verdicts are kept"),
        "check": ("stated rows are kept", "progress is noted"),
        "apply": ("differences are posted", "progress is noted"),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        self.numbers: list[str] = []
        self.stated: list[int] = []

    def prepared(self, api: Api, work: str, tag: str, rows: int) -> Case:
        """A file: sent, and the one to be applied checked as well."""
        if work in CUSTOMERS:
            self.numbers = [f"{tag}/{row:05d}" for row in range(rows)]
            lines = (
                f"Wanjiku,Wa Kill {row},{number},{number},07{20_000_000 + row},yes"
                for row, number in enumerate(self.numbers)
            )
            data = table(*lines, header=HEADER).encode()
            asked = {"upload_id": upload(api, data), "kind": "customers-person", "mode": work}
            return Case(work, "/v1/imports", asked, fresh_key(), rows)
        # The minor units of some are held, those of most are owed.
        self.stated = [
            (100 * (row + 1) + self.chance.randint(1, 99)) * (-1 if row % 7 == 0 else 1)
            for row in range(rows)
        ]
        data = universal(
            *(
                payer(number, f"{minor / 100:.2f}")
                for number, minor in zip(self.numbers, self.stated, strict=True)
            ),
            file_id=tag,
        )
        if work == "check":
            return Case(work, FILES, {"upload_id": upload(api, data)}, fresh_key(), rows)
        file = check_file(api, data)
        assert (file["state"], file["payers"], file["errors"]) == ("validated", rows, 0), file
        body = {"file_sha256": file["sha256"], "preview_version": file["preview_version"]}
        return Case(work, f"{FILES}/{file['id']}/apply", body, fresh_key(), rows, file["id"])

    def committed(self, case: Case) -> list[tuple[Any, ...]]:
        """The rows of the file that are customers, or entries, by now. A check that is cut off begins again."""
        if case.work in CUSTOMERS:
            asked = "SELECT import_row_no, id FROM customers WHERE import_id = ? ORDER BY 1"
        elif case.work == "apply":
            asked = "SELECT row_no, entry_id FROM balance_file_postings WHERE balance_file_id = ? ORDER BY 1"
        else:
            return []
        return self.rows(asked, case.import_id)

    def prove(self, case: Case, result: dict[str, Any]) -> None:
        """Every line once; what the file says is what the ledger has."""
        assert [row_no for row_no, _ in self.committed(case)] == (
            [] if case.work == "check" else list(range(2, case.rows + 2))
        )
        if case.work in CUSTOMERS:
            self._prove_customers(case, result)
        elif case.work == "apply":
            self._prove_balances(case, result)
        else:
            assert (result["state"], result["payers"], result["errors"]) == ("validated", case.rows, 0)
            staged = "SELECT row_no FROM balance_file_rows WHERE balance_file_id = ? ORDER BY 1"
            rows = self.rows(staged, result["balance_file_id"])
            assert [row_no for (row_no,) in rows] == list(range(2, case.rows + 2))

    def _prove_customers(self, case: Case, result: dict[str, Any]) -> None:
        assert (result["state"], result["imported"]) == ("done", case.rows), result
        made = self.rows(
            "SELECT external_id, accounts.account_no, accounts.kind FROM customers "
            "LEFT JOIN accounts ON accounts.customer_id = customers.id WHERE import_id = ? ORDER BY import_row_no",
            case.import_id,
        )
        assert made == [(number, number, "wallet") for number in self.numbers]
        assert sum(each["rows"] for each in self._told(case, "import.rows")) == case.rows
        with self.client() as client:
            found = self.ledger.sign_in(client).get("/v1/customers", q=self.numbers[-1]).json()["items"]
        assert self.numbers[-1] in {each["external_id"] for each in found}, "search knows the last one too"

    def _prove_balances(self, case: Case, result: dict[str, Any]) -> None:
        assert (result["state"], result["accounts_updated"], result["unchanged"], result["errors"]) == (
            "applied",
            case.rows,
            0,
            0,
        )
        owed = dict(
            self.rows(
                "SELECT customers.account_no, accounts.balance_minor FROM balance_file_postings AS postings "
                "JOIN accounts ON accounts.id = postings.account_id "
                "JOIN customers ON customers.id = accounts.customer_id WHERE postings.balance_file_id = ?",
                case.import_id,
            )
        )
        assert owed == dict(zip(self.numbers, self.stated, strict=True))
        entries = self.rows(
            "SELECT COUNT(*), COUNT(DISTINCT row_no) FROM journal_entries WHERE subject_id = ?",
            case.import_id,
        )
        assert entries == [(case.rows, case.rows)]
        told = self._told(case, "balance-file.rows")
        assert sum(each["rows"] for each in told) == case.rows
        moved = self.rows(
            "SELECT SUM(amount_minor) FROM balance_file_postings WHERE balance_file_id = ?", case.import_id
        )
        assert moved == [(sum(each["net_minor"] for each in told),)]

    def _told(self, case: Case, action: str) -> list[dict[str, Any]]:
        asked = "SELECT after FROM audit WHERE operation_key = ? AND action = ? ORDER BY seq"
        return [json.loads(after) for (after,) in self.rows(asked, case.key, action)]


@pytest.fixture
def files(
    request: pytest.FixtureRequest, new_ledger: Callable[[Path], str], tmp_path: Path
) -> Iterator[Files]:
    """A ledger at rest, of which nobody is a customer yet."""
    running = Files(
        new_ledger(tmp_path), getattr(request, "param", False), seeds.chance("files", request.node.name)
    )
    yield running
    running.ledger.kill()
    running.ledger.end()


def test_files_end_whole_wherever_the_process_dies(files: Files) -> None:
    """CONC-5, IDEM-10, AUD-1: at seeded points of the import of customers, and of a file's check and apply."""
    for number in range(ROUNDS):
        files.cycle(CUSTOMERS[number % len(CUSTOMERS)], f"K{number}", ROWS, deaths=1)
        files.cycle("check", f"KC-{number}", ROWS, deaths=1)
        files.cycle("apply", f"KF-{number}", ROWS, deaths=1)

    assert files.struck, "a death that comes when all is done proves nothing"


@pytest.mark.parametrize("files", [True], indirect=True, ids=["real steps"])
def test_thousands_of_lines_have_their_effect_once_each_through_deaths(files: Files) -> None:
    """CONC-5, INV-1 to 3: dead with some pieces committed and one half written; the rest, and no more, comes after."""
    taken = files.cycle("valid_rows", "W", WHOLE_ROWS, deaths=1, point="after rows become customers")
    applied = files.cycle("apply", "WF", WHOLE_ROWS, deaths=1, point="after differences are posted")

    # A server may have asked for a piece to be begun anew, which counts as the second.
    begun_anew = set() if files.database.startswith("sqlite") else {0}
    assert {len(kept) for kept in taken.kept} <= {import_customers.CHUNK_ROWS} | begun_anew
    assert {len(kept) for kept in applied.kept} <= {file_apply.ROWS_A_PIECE} | begun_anew
