"""Receipts: text for a printer, with a check code by which any teller proves it (contract, section 5)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from branchtui.contract.base import Answer, Request, Resource
from branchtui.contract.customers import CustomerBrief

Columns = Literal[40, 80]
"""Characters in a line: a till printer's, or a page's."""

ReceiptNo = Annotated[str, StringConstraints(pattern=r"^[Rr][0-9]{6,12}$")]
CheckCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{4}-?[0-9A-Za-z]{4}$")]
"""Eight characters of Crockford's base 32, in any case; `O` is read as `0`, `I` and `L` as `1`."""


class PrintReceipt(Request):
    """`POST /v1/transactions/{id}/receipts`: the first print, or a copy of it."""

    columns: Columns = 40


class Receipt(Resource):
    """A receipt of a journal entry. `copies` is how often it was printed again.

    `amount_minor` is in minor units of `currency`. `was_reversed`: the entry was taken back since.
    """

    branch_id: str
    receipt_no: str
    transaction_id: str
    kind: str
    customer: CustomerBrief | None = None
    account_no: str | None = None
    amount_minor: int
    currency: str
    booked_at: datetime
    issued_by: str
    issued_at: datetime
    copies: int
    was_reversed: bool = False


class PrintedReceipt(Receipt):
    """What goes to the printer: `lines` of `columns` cells at most. `copy_no` 0 is the first print."""

    copy_no: int
    columns: int
    check_code: str
    lines: tuple[str, ...]


class CheckedReceipt(Answer):
    """Whether number and check code belong together; only then is anything said of the receipt.

    `customer` is left out where it is not the caller's to see.
    """

    is_genuine: bool
    receipt: Receipt | None = None
