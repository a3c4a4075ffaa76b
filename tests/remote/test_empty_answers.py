"""A deletion and a sign-out are answered with nothing: whatever says something was put there by somebody between."""

from __future__ import annotations

import json

import pytest
from tests.remote.conftest import Desk
from tests.remote.doubles import Asked, Behaviour, answers, html, record_of, response, sends

from branchtui.contract.balance_records import BalanceRecord
from branchtui.remote.errors import OutcomeUnknown
from branchtui.remote.resolver import Verdict

NOTHING = sends(b"HTTP/1.1 204 No Content\r\n\r\n")
PAGES = {
    "a web page": html(),
    "JSON": answers(200, {"status": "ok"}),
    "a record": answers(200, record_of()),
    "another status without a body": sends(response(200, b"", "application/json")),
    "accepted": sends(response(202, b"", "text/plain")),
}
RECORD = BalanceRecord.model_validate_json(json.dumps(record_of()))


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
async def test_a_page_in_the_place_of_an_empty_answer_is_no_deletion(desk: Desk, page: Behaviour) -> None:
    """ERR-2: what is not the ledger's own answer leaves doubt, and the doubt is settled with the ledger."""
    desk.server.plan = [page]

    with pytest.raises(OutcomeUnknown) as unknown:
        await desk.ledger.delete_balance_record(RECORD)

    settlement = await desk.ledger.resolver.settle(unknown.value.intent)
    assert settlement.verdict is Verdict.NOT_RECORDED
    assert desk.server.paths().count("DELETE /v1/balance-records/r1") == 1


async def test_an_empty_answer_is_a_deletion(desk: Desk) -> None:
    """204 and nothing else."""
    desk.server.plan = [NOTHING]

    await desk.ledger.delete_balance_record(RECORD)

    assert desk.server.paths() == ["DELETE /v1/balance-records/r1"]


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
async def test_a_page_in_the_place_of_an_empty_answer_ends_no_session_in_the_ledger(
    desk: Desk, page: Behaviour
) -> None:
    """The terminal forgets its tokens in any case, and says that the ledger did not confirm."""
    desk.server.usual = page

    assert await desk.ledger.sign_out() is False

    assert not desk.ledger.is_signed_in


async def test_an_empty_answer_ends_the_session(desk: Desk) -> None:
    """204 and nothing else."""
    asked: list[Asked] = desk.server.asked
    desk.server.plan = [NOTHING]

    assert await desk.ledger.sign_out() is True

    assert [each.path for each in asked] == ["/v1/sessions/current"]
