"""The ledger's process dies while it checks or takes in a file of plans (CONC-5)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.ledger.faults import seeds
from tests.ledger.faults.long_work import Case, LongWork
from tests.ledger.files import table, upload
from tests.ledger.running import Api, fresh_key

pytestmark = [pytest.mark.faults, pytest.mark.both_stores]

HEADER = "code,name,price,currency,validity_days"
ROWS = 35


class Plans(LongWork):
    """Plans out of a file, by who keeps them."""

    own_points: ClassVar[dict[str, tuple[str, ...]]] = {
        "valid_rows": ("rows become plans", "progress is noted", "verdicts are kept"),
    }
    who: ClassVar[str] = "administrator"

    def prepared(self, api: Api, work: str, tag: str, rows: int) -> Case:
        """A file that was sent."""
        lines = (f"{tag}-{row},Plan {row} of {tag},{row + 1}.50,KES,{row + 1}" for row in range(rows))
        asked = {
            "upload_id": upload(api, table(*lines, header=HEADER).encode()),
            "kind": "plans",
            "mode": work,
        }
        return Case(work, "/v1/imports", asked, fresh_key(), rows)

    def committed(self, case: Case) -> list[tuple[Any, ...]]:
        """The rows of the file that are plans by now."""
        return self.rows("SELECT import_row_no, id FROM plans WHERE import_id = ? ORDER BY 1", case.import_id)

    def prove(self, case: Case, result: dict[str, Any]) -> None:
        """Every row once, as the file says, and the chain tells of each once."""
        assert (result["state"], result["imported"]) == ("done", case.rows), result
        made = self.rows(
            "SELECT import_row_no, price_minor, validity_days FROM plans WHERE import_id = ? ORDER BY 1",
            case.import_id,
        )
        assert made == [(row + 2, 100 * (row + 1) + 50, row + 1) for row in range(case.rows)]
        told = "SELECT after FROM audit WHERE operation_key = ? AND action = ? ORDER BY seq"
        each = [json.loads(after)["row_no"] for (after,) in self.rows(told, case.key, "plan.create")]
        assert each == list(range(2, case.rows + 2))
        pieces = [json.loads(after)["rows"] for (after,) in self.rows(told, case.key, "import.rows")]
        assert sum(pieces) == case.rows


@pytest.fixture
def plans(
    request: pytest.FixtureRequest, new_ledger: Callable[[Path], str], tmp_path: Path
) -> Iterator[Plans]:
    """A ledger at rest, with plans of nobody."""
    running = Plans(new_ledger(tmp_path), whole=False, chance=seeds.chance("plans", request.node.name))
    yield running
    running.ledger.kill()
    running.ledger.end()


def test_a_file_of_plans_ends_whole_when_the_process_dies(plans: Plans) -> None:
    """CONC-5, IDEM-10, AUD-1: dead with some pieces committed and one half written; the rest comes, nothing twice."""
    case = plans.cycle("valid_rows", "P", ROWS, deaths=1, point="after rows become plans")

    assert plans.struck, "a death that comes when all is done proves nothing"
    assert 0 < len(case.kept[0]) < ROWS
