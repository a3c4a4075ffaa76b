"""Owners of many payments at once: the same answers as one by one."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from tests.ledger.members import enter
from tests.ledger.running import RunningLedger
from tests.ledger.till import MASK, open_till

from branchtui.ledger.feeds.incoming import PhoneForm
from branchtui.ledger.phones import read_phone
from branchtui.ledger.store.rows import Account, Customer
from branchtui.ledger.store.unit import BulkTx
from branchtui.ledger.workflows import owners
from branchtui.ledger.workflows.matching import Decision, Evidence, decide
from branchtui.ledger.workflows.owners_many import many_in_transaction

pytestmark = pytest.mark.both_stores


def told(decision: Decision[Any]) -> tuple[object, ...]:
    """A decision, whatever is known of its customer beside the id."""
    owner, waits_for = decision.customer, decision.waits_for
    return (
        owner and owner.id,
        decision.tier,
        decision.reasons,
        decision.waits_because,
        waits_for and waits_for.id,
    )


def test_many_at_once_have_the_owners_that_each_alone_has(running_ledger: RunningLedger) -> None:
    """Contract, section 5: every reference with every phone, in a branch and in the whole institution."""
    till = open_till(running_ledger)
    shared = [enter(running_ledger) for _ in range(2)]
    phone = read_phone("0711 222 333", "KE")
    both = read_phone("0744 555 666", "KE")

    def prepare(tx: BulkTx) -> None:
        """Two people with one phone, and an account whose number has a prefix."""
        for each in shared:
            customer = tx.get(Customer, each["id"])
            assert customer is not None
            tx.put(
                replace(
                    customer,
                    mobile_no=both.e164,
                    phone_sha_international=both.sha_international,
                    phone_sha_local=both.sha_local,
                )
            )
        account = tx.get(Account, till.wallet("000102"))
        assert account is not None
        tx.put(replace(account, account_no="LN-000777"))

    running_ledger.bulk(prepare)
    references = [
        *(None, "", "100245", "000101", " 100 246 ", "200245", "LN000777", "ln-000778", "LN/000777", "XY12"),
        *("ACC 100245", "100246-John", "rent 100245 and 100246", "pay LN-000777 now", "١٠٠٢٤٥", "1OO246"),
        *("1.00245E+05", "1002?45", "a" * 30 + " 100245", "1 2 3 100245"),
        *("999999", "rent for May", "Ünal 100245", "1" * 21, "a" * 300, shared[0]["account_no"]),
    ]
    phones = [
        *((None, PhoneForm.NONE), (MASK, PhoneForm.MASKED), (None, PhoneForm.E164)),
        *((each.e164, PhoneForm.E164) for each in (phone, both)),
        *((each.sha_international, PhoneForm.SHA256) for each in (phone, both)),
        *((phone.sha_local, PhoneForm.SHA256), ("+254799999999", PhoneForm.E164)),
    ]
    tree = running_ledger.core.tree
    scopes = [tree.below(running_ledger.branch(code).id) for code in ("NKU", "KSM", "HQ")]
    asked = [
        (Evidence(reference, number, form, "Wanjiku"), scope)
        for reference, (number, form), scope in itertools.product(references, phones, scopes)
    ]

    def compare(tx: BulkTx) -> list[tuple[tuple[object, ...], tuple[object, ...]]]:
        at_once = many_in_transaction(tx.connection, asked)
        return [
            (told(decide(says, found)), told(decide(says, owners.in_transaction(tx, says, scope))))
            for (says, scope), found in zip(asked, at_once, strict=True)
        ]

    answers = running_ledger.bulk(compare)
    assert [one for one, _ in answers] == [other for _, other in answers]
    tiers = {one[1] for one, _ in answers}
    assert tiers == {None, 1, 2, 3}
    assert any("More than one customer" in str(one[3]) for one, _ in answers)
