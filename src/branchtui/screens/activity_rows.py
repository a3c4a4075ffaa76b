"""What waits and what was done, in words and columns: for Home and Activity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from branchtui.format.money import money
from branchtui.screens.rows import age, short_instant, total_in, words
from branchtui.widgets.columns import Column

if TYPE_CHECKING:
    from branchtui.contract.dashboard import Queue
    from branchtui.contract.operations import Operation
    from branchtui.remote.intents import Pending
    from branchtui.screens.desk import Desk

_ACTION_WORDS: Final = {
    "approval.approve": "Approved",
    "approval.file": "Asked for",
    "approval.reject": "Rejected",
    "approval.withdraw": "Withdrew",
    "branch.change": "Edited",
    "branch.create": "Added",
    "day.close": "Closed",
    "day.open": "Opened",
    "security.change": "Changed",
    "user.change": "Changed",
    "user.create": "Added",
    "user.password": "Changed",
    "user.second-factor": "Changed",
    "user.unlock": "Unlocked",
    "account.open": "Opened",
    "balance-file.create": "Checked",
    "balance-file.validate": "Checked",
    "balance-file.apply": "Applied",
    "balance-file.revert": "Reverted",
    "balance-file.reject": "Rejected",
    "file-settings.change": "Changed",
    "balance-record.create": "Keyed",
    "balance-record.change": "Edited",
    "balance-record.delete": "Deleted",
    "balance-record.post": "Posted",
    "balance-record.reverse": "Reversed",
    "balance-record.post-all": "Post All",
    "balance-record.delete-all": "Delete All",
    "credit-account.create": "Opened",
    "credit-account.change": "Changed",
    "credit-account.purchase": "Posted",
    "credit-account.refund": "Posted",
    "credit-account.adjust": "Posted",
    "credit-account.settle": "Took",
    "settlement.reverse": "Took back",
    "statement.mail": "Mailed",
    "customer.create": "Added",
    "import.create": "Checked",
    "import.start": "Imported",
    "payment.associate": "Associated",
    "payment.disassociate": "Disassociated",
    "payment.associate-all": "Associate All",
    "payment.create": "Took",
    "payment.reassign": "Reassigned",
    "payment.ignore": "Ignored",
    "payment.restore": "Restored",
    "callback-event.ignore": "Settled",
    "callback-event.restore": "Held again",
    "payment.refund": "Refunded",
    "payment.reverse": "Reversed",
    "receipt.print": "Printed",
    "voucher.sell": "Sold",
    "voucher.reverse": "Reversed",
    "learned-payer.change": "Switched",
}


_FILE_WORDS: Final = {
    "balance-records": "balances",
    "credit-accounts": "client accounts",
    "customers": "customers",
}

_QUEUE_WORDS: Final = {
    "approvals-waiting": "Approvals waiting",
    "files-to-apply": "Balance files to apply",
    "payments-unassociated": "Payments unassociated",
    "unassociated-payments": "Payments unassociated",
    "unassociated": "Payments unassociated",
    "payments": "Payments unassociated",
    "balance-records": "Balances not accounted",
    "records-not-accounted": "Balances not accounted",
    "not-accounted": "Balances not accounted",
    "callbacks-quarantined": "Held: quarantined",
    "callbacks-parked": "Held: parked",
}


def queue_words(name: str) -> str:
    """A queue's name on Home."""
    return _QUEUE_WORDS.get(name.replace("_", "-"), words(name).capitalize())


def _holds_money(one: Queue) -> bool:
    """Long work, messages of providers and offered customers are counted, they state no amount: `0.00` would be an untruth."""
    return not one.name.startswith(("work", "callback", "customer"))


def _queue_total(one: Queue, desk: Desk) -> str:
    return money(one.total_minor, desk.currency) if _holds_money(one) else ""


def queue_columns(desk: Desk) -> list[Column[Queue]]:
    """What waits: how many, how much, since when."""
    return [
        Column("What waits", lambda one: queue_words(one.name)),
        Column("How many", lambda one: f"{one.count:,}", width=10, align="right"),
        Column("Total", lambda one: _queue_total(one, desk), width=18, align="right"),
        Column("", lambda one: desk.currency if _holds_money(one) else "", width=3),
        Column("Oldest", lambda one: age(one.oldest_at, desk.now()), width=8, align="right"),
    ]


def operation_columns(desk: Desk) -> list[Column[Operation]]:
    """What I did."""
    return [
        Column(
            "When", lambda one: short_instant(one.completed_at, desk) if one.completed_at else "", width=12
        ),
        Column("What", operation_what),
        Column("Amount", _operation_amount, width=14, align="right"),
        Column("State", operation_state, width=12),
        Column("Ref", lambda one: one.reference, width=7),
    ]


def operation_what(one: Operation) -> str:
    """What was done, and to what: `Posted: savings for 000101`. The amount has a column of its own."""
    if one.action in {"import.create", "import.start"}:
        return _import_what(one)
    done = _ACTION_WORDS.get(one.action) or words(one.action).capitalize()
    subject = one.summary
    if one.amount_minor is not None and one.currency is not None:
        stated = total_in(one.amount_minor, one.currency)
        subject = subject.replace(f", {stated}", "").replace(f" {stated}", "")
    subject = subject.removeprefix("payment ")
    return f"{done}: {subject}" if subject else done


def _import_what(one: Operation) -> str:
    """`Checked a file of balances`, `Imported a file of balances, 38 rows`."""
    kind, _, size = one.summary.partition(", ")
    what = f"{_ACTION_WORDS[one.action]} a file of {_FILE_WORDS.get(kind, words(kind))}"
    # How many bytes were sent is the ledger's concern.
    return f"{what}, {size}" if size.endswith(("row", "rows")) else what


def operation_state(one: Operation) -> str:
    """Every change of money ends as done, refused or not confirmed (product, promise 2)."""
    known = {
        "succeeded": "done",
        "rejected": "refused",
        "cancelled": "not recorded",
        "in_progress": "under way",
    }
    return known.get(one.state.value, words(one.state))


def operation_lines(one: Operation, desk: Desk) -> list[tuple[str, str]]:
    """Everything about an operation, empty ones left out."""
    pairs = [
        ("What", operation_what(one)),
        ("Amount", total_in(one.amount_minor, one.currency) if one.amount_minor and one.currency else ""),
        ("State", operation_state(one)),
        ("Reason", one.code or ""),
        ("When", desk.time(one.completed_at) if one.completed_at else ""),
        ("By", one.actor or ""),
        ("Reference", one.reference),
    ]
    return [(label, value) for label, value in pairs if value]


def intent_columns(desk: Desk) -> list[Column[Pending]]:
    """What this terminal sent and does not know the end of, or whose end was not seen yet."""
    return [
        Column("Sent", lambda one: short_instant(one.created_at, desk), width=12),
        Column("What", lambda one: one.summary),
        Column("State", _intent_state, width=24),
        Column("Ref", lambda one: one.reference, width=7),
    ]


def end_word(one: Pending) -> str:
    """How an intent ended, as the journal keeps it."""
    return "recorded" if one.state.value == "applied" else "NOT recorded"


def _intent_state(one: Pending) -> str:
    if one.state.value == "applied":
        return f"{end_word(one)}, [enter] seen"
    if one.state.value == "not_applied":
        return f"{end_word(one)}, [enter]"
    return "UNKNOWN, parked" if one.is_parked else "UNKNOWN, checking"


def _operation_amount(one: Operation) -> str:
    if one.amount_minor is None or one.currency is None:
        return ""
    return money(one.amount_minor, one.currency)
