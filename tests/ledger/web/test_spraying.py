"""Guessing at many names from one place, and at one name from many (AUTH-3, T-17)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ledger.running import PASSWORD, RunningLedger, copy_template

from branchtui.ledger.workflows import sources
from branchtui.ledger.workflows.sources import Sources


@pytest.fixture
def behind_proxy(ledger_template: Path, tmp_path: Path) -> Iterator[RunningLedger]:
    with RunningLedger(copy_template(ledger_template, tmp_path), proxies=("127.0.0.1",)) as ledger:
        yield ledger


def guess(ledger: RunningLedger, username: str, address: str, password: str = "wrong") -> int:
    headers = {"x-forwarded-for": address}
    body = {"username": username, "password": password}
    return ledger.anonymous().post("/v1/sessions", body, key="", headers=headers).status_code


def alarms(ledger: RunningLedger) -> list[tuple[str, dict[str, int]]]:
    """What the chain of the topmost branch tells: from where, and how much."""
    rows = ledger.query(
        "SELECT address, after FROM audit WHERE action = 'session.source-alarm' AND branch_id = ?",
        ledger.branch("HQ").id,
    )
    counted = ledger.core.metrics.registry.get_sample_value("branchtui_alarms_total", {"kind": "sign-ins"})
    assert counted == len(rows)
    return [(str(address), json.loads(after)) for address, after in rows]


def test_many_names_from_one_source_are_told_of_once(behind_proxy: RunningLedger) -> None:
    """AUTH-3, T-17: 30 names in ten minutes; neither the 29th nor what follows; the source stands on the chain."""
    for number in range(29):
        assert guess(behind_proxy, f"name-{number}", "192.0.2.7") == 401
    assert guess(behind_proxy, "name-29", "192.0.2.8") == 401
    assert not alarms(behind_proxy)
    for number in range(29, 40):
        assert guess(behind_proxy, f"name-{number}", "192.0.2.7") == 401
    assert alarms(behind_proxy) == [("192.0.2.7", {"failures": 30, "names": 30})]
    behind_proxy.check()


def test_who_shares_the_source_signs_in_all_the_same(behind_proxy: RunningLedger) -> None:
    """AUTH-3: all tellers may come from one bastion, so an alarm slows nobody down."""
    for number in range(35):
        guess(behind_proxy, f"name-{number}", "192.0.2.7")
    assert len(alarms(behind_proxy)) == 1
    assert guess(behind_proxy, "teller", "192.0.2.7", PASSWORD) == 201


def test_a_hundred_failures_at_few_names_are_told_of(behind_proxy: RunningLedger) -> None:
    """AUTH-3: refused ones count too, so that a source that hammers at one name is seen."""
    statuses = [guess(behind_proxy, f"name-{number % 3}", "192.0.2.9") for number in range(100)]
    assert statuses.count(429) > 80
    assert alarms(behind_proxy) == [("192.0.2.9", {"failures": 100, "names": 3})]


def test_successes_are_no_failures_and_old_failures_are_forgotten() -> None:
    """AUTH-3: a window of ten minutes; the same source is told of again in the next."""
    counted = Sources()
    for turn in range(3):
        at_us = turn * (sources.WINDOW_US + 1)
        told = [counted.failed("192.0.2.1", f"name-{number}", at_us) for number in range(50)]
        assert [each is not None for each in told] == [number == 29 for number in range(50)]
    slow = [
        counted.failed("192.0.2.2", f"n-{number}", number * sources.WINDOW_US // 20) for number in range(200)
    ]
    assert not any(slow)


def test_addresses_that_one_host_may_choose_are_one_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """AUTH-3: a /64 of IPv6 is one; what is remembered is bounded, and holds names enough and no more."""
    counted = Sources()
    told = [counted.failed(f"2001:db8::{number:x}", f"name-{number}", 0) for number in range(40)]
    assert sum(each is not None for each in told) == 1
    monkeypatch.setattr(sources, "REMEMBERED_MAX", 5)
    for number in range(50):
        counted.failed(f"192.0.2.{number}", "name", 0)
    assert len(counted._of) == 5
    for number in range(200):
        counted.failed("192.0.2.1", f"name-{number}", 0)
    assert len(counted._of["192.0.2.1"].names) == sources.NAMES


def test_a_name_that_nobody_has_costs_the_store_what_a_name_does(own_ledger: RunningLedger) -> None:
    """AUTH-3, T-17: as many commits, so that the time of the disk does not tell which names there are."""

    def commits(username: str) -> int:
        before = own_ledger.core.writer.batches
        assert guess(own_ledger, username, "") == 401
        return own_ledger.core.writer.batches - before

    assert commits("teller") == commits("nobody-of-this-name") == 2


def test_an_attacker_locks_nobody_out_for_longer_than_half_an_hour(own_ledger: RunningLedger) -> None:
    """T-17: a locked name that is hammered at all the while opens again; tries that are refused do not count."""
    for _ in range(10):
        guess(own_ledger, "teller", "")
        own_ledger.clock.advance(seconds=61)
    for _ in range(29):
        assert guess(own_ledger, "teller", "", PASSWORD) == 429
        own_ledger.clock.advance(seconds=60)
    own_ledger.clock.advance(seconds=60)
    assert guess(own_ledger, "teller", "", PASSWORD) == 201
