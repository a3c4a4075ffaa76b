"""Cycles of credit accounts over two real ledger processes on one PostgreSQL database, with a clock that passes nights.

Contract 7: every cycle ends exactly once, whichever process comes first, is caught up after nights switched off, and
whichever process dies in the middle.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.ledger.clocked import Nodes
from tests.ledger.files import import_file
from tests.ledger.postgres_server import PostgresServer, name_of
from tests.ledger.served import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.postgres, pytest.mark.e2e, pytest.mark.faults]

ACCOUNTS: Final = 120
"""More than a step of the worker, so that both processes have something to do and one may die between two."""

PATIENCE: Final = 600
HEAD: Final = (
    "first_name,last_name,account_no,max_credit,restrict_credit,opening_credit,settle_every,settle_unit"
)


class Night:
    """A shop's accounts over two processes."""

    def __init__(self, server: PostgresServer, database: str) -> None:
        self.nodes = Nodes(database)
        self._server = server

    def ask(self, statement: str, *bound: Any) -> list[Any]:
        """Rows of the database."""
        return self._server.ask(statement, *bound, database=name_of(self.nodes.database))

    def open_accounts(self) -> None:
        """Accounts of new clients, each with 1.00 owed, settled every day."""
        rows = [f"Client,Number {number},C-{number},900.00,yes,1.00,1,day" for number in range(ACCOUNTS)]
        made = import_file(
            self.nodes.running[0].sign_in("supervisor"), "\n".join([HEAD, *rows, ""]), kind="credit-accounts"
        )
        assert made["imported"] == ACCOUNTS, made

    def buy(self, number: int, node: int) -> None:
        """One account buys for 2.00, at one of the processes."""
        ((account_id,),) = self.ask("SELECT id FROM accounts WHERE account_no = %s", f"C-{number}")
        body = {"amount_minor": 200, "pos_ref": f"{self.nodes.days}-{number}"}
        api = self.nodes.running[node].sign_in("teller")
        answer = api.post(f"/v1/credit-accounts/{account_id}/purchases", body)
        assert answer.status_code == 201, answer.text

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        """Wait until the processes have done what is due."""
        pause = threading.Event()
        for _ in range(PATIENCE * 20):
            if is_so():
                return
            pause.wait(0.05)
        raise AssertionError(f"{self.ended()} cycles have ended")

    def ended(self) -> int:
        """Statements so far."""
        ((count,),) = self.ask("SELECT COUNT(*) FROM credit_statements")
        return int(count)

    def assert_once(self, nights: int) -> None:
        """Each account's cycles 1 to `nights` ended, each with its own night, told of once in the chain."""
        found: dict[str, list[tuple[int, str]]] = {}
        for account_id, cycle_no, closed_on in self.ask(
            "SELECT account_id, cycle_no, closed_on FROM credit_statements ORDER BY account_id, cycle_no"
        ):
            found.setdefault(account_id, []).append((cycle_no, closed_on))
        assert len(found) == ACCOUNTS
        for cycles in found.values():
            assert [number for number, _ in cycles] == list(range(1, nights + 1))
            assert len({day for _, day in cycles}) == nights
        told = self.ask("SELECT object, after FROM audit WHERE action = 'credit-account.close-cycle'")
        said = [(path, cycle_no) for path, after in told for cycle_no in json.loads(after)["cycles"]]
        assert len(said) == len(set(said)) == ACCOUNTS * nights

    def assert_well(self) -> None:
        """`branchtui ledger check` prints nothing."""
        found = run("check", "--database", self.nodes.database)
        assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


@pytest.fixture
def night(postgres_server: PostgresServer, postgres_template: str) -> Iterator[Night]:
    made = Night(postgres_server, postgres_server.new_database(postgres_template))
    made.nodes.start(2)
    made.open_accounts()
    yield made
    made.nodes.stop()


def test_two_processes_end_every_cycle_once_night_after_night_and_after_nights_off(night: Night) -> None:
    """Contract 7: two nights behind both; three switched off, caught up at once; then one dies in the middle of a night."""
    nodes = night.nodes
    for nights in (1, 2):
        night.buy(nights, node=nights % 2)
        nodes.pass_days(1)
        night.wait_for(lambda: night.ended() == ACCOUNTS * nights)  # noqa: B023 - waited for at once
    night.assert_once(2)

    night.buy(7, node=0)
    nodes.stop()
    nodes.pass_days(3)
    nodes.start(2)
    night.buy(8, node=1)
    night.wait_for(lambda: night.ended() == ACCOUNTS * 5)
    night.assert_once(5)
    moved = "SELECT cycle_no, purchases_minor, closing_minor FROM credit_statements JOIN accounts ON accounts.id = account_id"
    assert night.ask(f"{moved} WHERE account_no = 'C-7' AND cycle_no > 2 ORDER BY cycle_no") == [
        (3, 200, 300),
        (4, 0, 300),
        (5, 0, 300),
    ]

    first, second = nodes.running
    nodes.pass_days(1)
    night.wait_for(lambda: night.ended() > ACCOUNTS * 5)
    first.kill()
    nodes.running = (second,)
    night.wait_for(lambda: night.ended() == ACCOUNTS * 6)
    night.assert_once(6)
    ((late,),) = night.ask(
        "SELECT cycle_purchases_minor FROM credit_accounts JOIN accounts ON accounts.id = credit_accounts.id "
        "WHERE accounts.account_no = 'C-8'"
    )
    assert late == 0, "what was bought in the sixth cycle stands in its statement"
    night.assert_well()
