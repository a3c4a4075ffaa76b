"""Rows of learned payers, as rules look at them."""

from __future__ import annotations

from branchtui.ledger.store.rows import LearnedPayer


def a_row(branch_id: str, *, active: int = 1, times: int = 1, used_at: int = 1) -> LearnedPayer:
    """That a payer's payments were given to `owner` in a branch."""
    return LearnedPayer(
        id=branch_id,
        version=1,
        branch_id=branch_id,
        customer_id="owner",
        payer_key="+254799100000",
        payer_phone="+254799100000",
        phone_form="e164",
        payer_name=None,
        taught_by="teller",
        taught_at=1,
        used_at=used_at,
        times=times,
        active=active,
        switched_by=None,
        switched_at=None,
        search_text="",
    )
