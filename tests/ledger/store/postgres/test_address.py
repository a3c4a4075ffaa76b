"""Addresses of databases: several hosts, and no password anywhere."""

from __future__ import annotations

import pytest
from psycopg.conninfo import conninfo_to_dict

from branchtui.ledger.store.engine import store_at
from branchtui.ledger.store.errors import StoreUnavailable
from branchtui.ledger.store.postgres.store import PostgresStore
from branchtui.ledger.store.sqlite_store import SqliteStore


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://teller:hunter2hunter2@db.example/ledger",
        "postgresql://db.example/ledger?password=hunter2hunter2",
        "postgresql://teller:hunter2hunter2@one,two/ledger",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(url: str) -> None:
    """Everybody on the machine reads the list of processes; logs and errors are read by more."""
    with pytest.raises(StoreUnavailable, match="no password") as refused:
        store_at(url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["postgresql://[broken", "mysql://teller:hunter2hunter2@db/ledger", "hunter2hunter2"]
)
def test_an_address_that_cannot_be_read_is_not_repeated(url: str) -> None:
    """It may hold a password in a place where nobody looks for one."""
    with pytest.raises(StoreUnavailable) as refused:
        store_at(url)
    assert "hunter2" not in str(refused.value)


def test_the_url_chooses_the_store() -> None:
    """The same ledger, chosen by a URL."""
    assert isinstance(store_at("sqlite:////tmp/ledger.db"), SqliteStore)
    found = store_at("postgresql://ledger@one.example:5432,two.example/branch")
    assert isinstance(found, PostgresStore)
    assert found.name == "the database branch on one.example,two.example"


def test_of_several_hosts_the_one_that_writes_is_taken_unless_the_address_says_otherwise() -> None:
    """CONC-7: after a failover the new primary is found by the same address."""
    usual = PostgresStore("postgresql://one,two/ledger")
    assert conninfo_to_dict(usual.conninfo)["target_session_attrs"] == "read-write"
    chosen = PostgresStore("postgresql://one,two/ledger?target_session_attrs=primary")
    assert conninfo_to_dict(chosen.conninfo)["target_session_attrs"] == "primary"
