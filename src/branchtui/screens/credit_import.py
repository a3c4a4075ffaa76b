"""Client accounts by the file: the same way as balances, another kind."""

from __future__ import annotations

from typing import ClassVar

from branchtui.contract.imports import ImportKind
from branchtui.screens.imports import ImportScreen


class CreditImportScreen(ImportScreen):
    """`i` on Client Accounts."""

    HEADING = "Import Client Accounts"
    KIND: ClassVar[ImportKind] = ImportKind.CREDIT_ACCOUNTS
    TITLE: ClassVar[str] = "Import Client Accounts"
    BACK: ClassVar[str] = "accounts"
    BACK_LABEL: ClassVar[str] = "Client Accounts"
    VALID_EFFECT: ClassVar[str] = (
        "The accounts of the rows that go in are open at once, with their opening credit. "
        "The others can be saved afterwards, to correct them."
    )
