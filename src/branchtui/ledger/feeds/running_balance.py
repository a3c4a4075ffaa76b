"""A column of balances beside the entries: whether each follows from the one before, read downwards or upwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from branchtui.ledger.feeds.finding import warning

if TYPE_CHECKING:
    from branchtui.ledger.feeds.statement import Statement


UNSIDED: Final = (
    "The running balance rises and falls by amounts that are written without their sides: say which column holds the "
    "side, or what came in and what went out."
)


@dataclass(slots=True)
class RunningBalance:
    """Collects the rows of one statement: `amount_minor` is signed, `balance_minor` the balance behind it.

    Many banks write a balance once a day: `between` are the amounts of rows without one since the last that had one,
    `before` those above the first.
    """

    count: int = 0
    first_amount: int = 0
    first_balance: int = 0
    amount: int = 0
    balance: int = 0
    down: int = 0
    up: int = 0
    down_break: int = 0
    up_break: int = 0
    down_reversed: int = 0
    up_reversed: int = 0
    down_sized: int = 0
    up_sized: int = 0
    between: int = 0
    before: int = 0

    def carry(self, amount_minor: int) -> None:
        """A row that has no balance."""
        self.between += amount_minor

    def add(self, row_no: int, amount_minor: int, balance_minor: int) -> None:
        """The next row of the file."""
        if self.count:
            amount, last = amount_minor + self.between, self.amount + self.between
            if self.balance + amount == balance_minor:
                self.down += 1
            else:
                self.down_break = self.down_break or row_no
            moved = abs(balance_minor - self.balance)
            self.down_sized += moved == abs(amount)
            self.up_sized += moved == abs(last)
            self.down_reversed += self.balance - amount == balance_minor
            self.up_reversed += self.balance + last == balance_minor
            if self.balance - last == balance_minor:
                self.up += 1
            else:
                self.up_break = self.up_break or row_no
        else:
            self.first_amount, self.first_balance, self.before = amount_minor, balance_minor, self.between
        self.count += 1
        self.between = 0
        self.amount, self.balance = amount_minor, balance_minor

    @property
    def is_reversed(self) -> bool:
        """Whether the balances follow where every amount has the other sign, and do not as it stands."""
        steps = self.count - 1
        return (
            steps > 0
            and steps in {self.down_reversed, self.up_reversed}
            and steps not in {self.down, self.up}
        )

    @property
    def is_unsided(self) -> bool:
        """Whether each balance follows by the size of an amount, and by its sign in some rows alone."""
        steps = self.count - 1
        follows = steps in {self.down, self.up, self.down_reversed, self.up_reversed}
        return steps > 1 and not follows and steps in {self.down_sized, self.up_sized}

    def settle(self, statement: Statement, *, is_debt: bool = False) -> None:
        """Give the statement its opening and closing balance, or say where the column does not follow.

        `is_debt`: the column may state what is owed on a card, which grows by what is spent.
        """
        if not self.count:
            return
        if is_debt and self.is_reversed:
            steps = self.count - 1
            if self.down_reversed == steps:
                statement.opening_minor, statement.closing_minor = (
                    -self.first_balance - self.first_amount - self.before,
                    -self.balance + self.between,
                )
            else:
                statement.opening_minor, statement.closing_minor = (
                    -self.balance - self.amount - self.between,
                    -self.first_balance + self.before,
                )
            return
        steps = self.count - 1
        if self.down == steps:
            statement.opening_minor = self.first_balance - self.first_amount - self.before
            statement.closing_minor = self.balance + self.between
        elif self.up == steps:
            statement.opening_minor = self.balance - self.amount - self.between
            statement.closing_minor = self.first_balance + self.before
        else:
            row_no = self.down_break if self.down >= self.up else self.up_break
            said = f"The running balance in row {row_no:,} does not follow from the row beside it: a row may be missing."
            statement.findings.append(warning("running-balance", said, "balance"))
