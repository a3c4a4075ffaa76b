"""Statements of banks and of mobile-money accounts: what one says of itself, and how a table of one is read."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import StringConstraints, model_validator

from branchtui.contract.base import Answer, Id, OpenEnum, Request, Resource

ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
"""A column as the file's header writes it; case, spaces, dashes and underscores do not count."""

AccountNumber = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[!-~ ]+$")]
"""A bank account or short code as its owner writes it: visible ASCII."""


class AboveZero(OpenEnum):
    """What an amount above zero is in a statement whose amounts stand in one column, without a side beside them."""

    CAME_IN = "came_in"
    WENT_OUT = "went_out"
    OTHER = "other"


class Columns(Request):
    """Which column of a table says what. `date` and either `amount` or `credit` are needed.

    `amount` is signed; `credit` and `debit` are not. `side` is a column that says which of them a row is
    (`CR`, `DR`, `C`, `D`, `credit`, `debit`). Rows whose `status` is not one of `booked` are passed over.
    `account_ref` is what the payer wrote: the number of a customer or an account. `above_zero` is what amounts
    above zero are in this bank's tables, where one column holds them and none their side.
    """

    date: ColumnName
    amount: ColumnName | None = None
    credit: ColumnName | None = None
    debit: ColumnName | None = None
    side: ColumnName | None = None
    currency: ColumnName | None = None
    account: ColumnName | None = None
    reference: ColumnName | None = None
    payer_name: ColumnName | None = None
    payer_phone: ColumnName | None = None
    account_ref: ColumnName | None = None
    details: ColumnName | None = None
    balance: ColumnName | None = None
    status: ColumnName | None = None
    booked: tuple[Annotated[str, StringConstraints(min_length=1, max_length=40)], ...] = ()
    above_zero: AboveZero | None = None

    @model_validator(mode="after")
    def _has_money(self) -> Columns:
        if (self.amount is None) == (self.credit is None):
            raise ValueError("name either the column amount, or credit (and debit)")
        return self


class ColumnMap(Resource):
    """A branch's saved way of reading the tables of one bank; branches below it have it too."""

    branch_id: str
    name: str
    columns: Columns
    created_by: str


class NewColumnMap(Request):
    """`POST /v1/column-maps`, of the own branch unless another is named; the name is free there."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^\S(.*\S)?$")]
    columns: Columns
    branch_id: Id | None = None


class ColumnMapChange(Request):
    """`PUT /v1/column-maps/{id}`."""

    columns: Columns


class Payee(Answer):
    """A short code or bank account, and the branch whose it is. `provider` is `mpesa`, or the bank's name."""

    id: str
    provider: str
    number: str
    branch_id: str


class NewPayee(Request):
    """`POST /v1/payees`."""

    provider: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,31}$")]
    number: AccountNumber
    branch_id: Id


class StatementAccount(OpenEnum):
    """Whether the account of a statement is one of ours."""

    OURS = "ours"
    UNKNOWN = "unknown"
    OTHER = "other"


class StatementTotals(Answer):
    """One statement of a file: its own balances, and what its entries come to. Amounts in minor units.

    `opening_minor` and `closing_minor` are signed and None where the statement does not say them.
    `credits_minor` and `debits_minor` are sums of what is booked. `difference_minor` is the closing balance
    less what opening balance and entries come to: 0 when they agree, None when they cannot be compared.
    Of the credits, `new` become payments (`new_minor` in all), `known` are payments already, `quarantined`
    contradict one; `passed_over` are entries that are no payment: debits, reversals, what is not booked.
    """

    account: str
    identity: str = ""
    is_ours: StatementAccount
    provider: str | None = None
    branch_id: str | None = None
    currency: str = ""
    opening_minor: int | None = None
    opening_on: date | None = None
    closing_minor: int | None = None
    closing_on: date | None = None
    entries: int = 0
    credits: int = 0
    credits_minor: int = 0
    debits: int = 0
    debits_minor: int = 0
    difference_minor: int | None = None
    new: int = 0
    new_minor: int = 0
    known: int = 0
    quarantined: int = 0
    passed_over: int = 0
    wrong: int = 0
