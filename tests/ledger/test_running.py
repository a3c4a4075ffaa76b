from tests.ledger.running import RunningLedger


def test_a_test_ledger_serves_and_knows_its_people(running_ledger: RunningLedger) -> None:
    """Each kind of user signs in over HTTP and is told the own branch."""
    for username, branch in (("teller", "NKU"), ("supervisor2", "KSM"), ("auditor", "HQ")):
        api = running_ledger.sign_in(username)
        me = api.get("/v1/me").json()
        assert me["user"]["username"] == username
        assert me["user"]["branch_id"] == running_ledger.branch(branch).id


def test_a_member_inserted_by_a_test_is_in_the_store(running_ledger: RunningLedger) -> None:
    """Inserted rows go through the ledger's own writer, so that they are seen at once."""
    member = running_ledger.add_member(accounts=("wallet", "savings"))
    assert set(member.accounts) == {"wallet", "savings"}
    assert running_ledger.balance_minor(member.accounts["savings"].id) == 0
