"""Links of the API document: what an answer leads to, so that a reader and a program find the next request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

_ID: Final = "$response.body#/id"
_ETAG: Final = "$response.header.ETag"
_PATH_ID: Final = "$request.path.id"


@dataclass(frozen=True, slots=True)
class Link:
    """From an answer of one operation to another: where its parameters, and its body, come from."""

    to: str
    parameters: tuple[tuple[str, str], ...] = ()
    body: tuple[tuple[str, str], ...] = ()
    said: str = ""

    def written(self) -> dict[str, Any]:
        """As the document has it."""
        found: dict[str, Any] = {"operationId": self.to}
        if self.said:
            found["description"] = self.said
        if self.parameters:
            found["parameters"] = dict(self.parameters)
        if self.body:
            found["requestBody"] = dict(self.body)
        return found


def _one(to: str, said: str = "") -> Link:
    """To the resource that was answered."""
    return Link(to, (("path.id", _ID),), said=said)


def _changing(to: str, said: str = "") -> Link:
    """To a change of the resource, in the version that was answered."""
    return Link(to, (("path.id", _ID), ("header.If-Match", _ETAG)), said=said)


def _first(to: str, said: str = "") -> Link:
    """To the first item of a list."""
    return Link(to, (("path.id", "$response.body#/items/0/id"),), said=said)


def _day(to: str, said: str) -> Link:
    """To another change of the same day of a branch."""
    of_it = ("path.date", "$response.body#/business_date")
    return Link(to, (("path.id", "$response.body#/branch_id"), of_it), said=said)


_CUSTOMER: Final = (
    _one("get_customer"),
    _changing("change_customer"),
    _changing("activate_customer"),
    _changing("close_customer"),
    _one("create_family_member"),
    _one("list_customer_history", "What was done, and by whom."),
)
_RECORD: Final = (
    _one("get_balance_record"),
    _changing("change_balance_record"),
    _changing("post_balance_record", "Post it: the money moves."),
    _changing("delete_balance_record"),
)
_POSTED: Final = (_one("get_balance_record"), _changing("reverse_balance_record", "Take it back."))
_PAYMENT: Final = (
    _one("get_payment"),
    _one("list_candidates", "Who it may belong to."),
    _changing("associate_payment", "Give it to its owner."),
    _changing("disassociate_payment", "Take it back."),
    _changing("reassign_payment", "Give it to another in one step."),
    _changing("ignore_payment", "Take it out of the queue."),
    _changing("restore_payment", "Put it back."),
    _one("refund_payment", "Give it back to its payer."),
    _changing("reverse_payment", "It was keyed wrongly."),
)
_HELD: Final = (
    _one("get_callback_event"),
    _changing("ignore_callback_event", "Somebody settled it by hand."),
    _changing("restore_callback_event", "Hold it again."),
)
_APPROVAL: Final = (
    _one("get_approval"),
    Link(
        "approve",
        (("path.id", _ID),),
        (("difference_hash", "$response.body#/difference_hash"),),
        "Sign exactly the difference that was shown.",
    ),
    _one("reject_approval"),
    _one("withdraw_approval"),
)
_IMPORT: Final = (
    Link("get_job", (("path.id", "$response.body#/job_id"),), said="How far it is."),
    Link("get_import", (("path.id", "$response.body#/import_id"),), said="What came of it."),
    Link("list_import_rows", (("path.id", "$response.body#/import_id"),)),
)
_CREDIT: Final = (
    _one("get_credit_account"),
    _changing("change_credit_account"),
    _one("create_purchase", "Buy on it."),
    _one("create_settlement", "Settle it."),
    _one("list_credit_transactions"),
    _one("list_statements"),
)
_SETTLEMENT: Final = (
    _one("get_settlement"),
    _one("reverse_settlement", "Take it back: the cheque bounced."),
)
_APPLY: Final = Link(
    "apply_balance_file",
    (("path.id", _ID),),
    (("file_sha256", "$response.body#/sha256"), ("preview_version", "$response.body#/preview_version")),
    "Post exactly what the preview showed.",
)
_FILE: Final = (
    _one("get_balance_file", "Its X-ray, once the job has ended."),
    Link("get_job", (("path.id", "$response.body#/job_id"),), said="How far it is."),
    _one("list_balance_file_rows"),
    _one("list_balance_file_payers"),
)
_USER: Final = (_one("get_user"), _changing("change_user"), _one("unlock_user"))

_MOVED: Final = (
    Link(
        "get_credit_transaction",
        (("path.id", "$response.body#/account_id"), ("path.transaction_id", _ID)),
        said="What of it is open.",
    ),
)

_VOUCHER: Final = (
    _one("get_voucher"),
    _one("print_voucher", "The slip with its code."),
    _changing("reverse_voucher", "The wrong plan was sold."),
)
_LEARNED: Final = (_changing("change_learned_payer", "Switch it off, or on again."),)
_PLAN: Final = (
    _changing("change_plan"),
    Link("sell_voucher", body=(("plan_id", _ID), ("price_minor", "$response.body#/price_minor"))),
)

LINKS: Final[dict[str, tuple[Link, ...]]] = {
    "sign_in": (
        Link(
            "refresh_session",
            body=(("refresh_token", "$response.body#/refresh_token"),),
            said="New tokens, before ten minutes are over.",
        ),
    ),
    "list_customers": (_first("get_customer"),),
    "create_customer": (
        _one("get_customer"),
        _one("open_account"),
        Link("create_balance_record", body=(("customer_id", _ID),), said="Key a balance."),
    ),
    "get_customer": (
        *_CUSTOMER,
        _one("open_account"),
        Link("list_balance_records", (("query.customer", _ID),)),
        Link("list_payments", (("query.customer", _ID),)),
    ),
    "open_account": (_one("get_account"), _one("list_account_entries"), _one("get_schedule")),
    "change_customer": _CUSTOMER,
    "list_transfers": (
        Link(
            "transfer_accept_customer",
            (("path.id", "$response.body#/items/0/customer_id"),),
            said="Take the first one in, with its `version` in If-Match.",
        ),
    ),
    "create_family_member": (Link("list_family_members", (("path.id", _PATH_ID),)),),
    "create_document": (Link("list_documents", (("path.id", _PATH_ID),)),),
    "list_balance_records": (_first("get_balance_record"),),
    "create_balance_record": _RECORD,
    "get_balance_record": _RECORD,
    "change_balance_record": _RECORD,
    "post_balance_record": _POSTED,
    "summarise_balance_records": (
        Link(
            "post_all_balance_records",
            body=tuple((name, f"$response.body#/{name}") for name in ("count", "total_minor", "set_hash")),
            said="Post exactly the set that was seen.",
        ),
    ),
    "summarise_associations": (
        Link(
            "associate_all_payments",
            body=tuple((name, f"$response.body#/{name}") for name in ("count", "total_minor", "set_hash")),
            said="Associate exactly the set that was seen.",
        ),
    ),
    "list_payments": (_first("get_payment"), _first("list_candidates")),
    "get_payment": _PAYMENT,
    "list_candidates": (
        Link(
            "associate_payment",
            (("path.id", _PATH_ID),),
            (("customer_id", "$response.body#/items/0/customer/id"),),
            "Give it to the likeliest.",
        ),
    ),
    "associate_payment": _PAYMENT,
    "disassociate_payment": _PAYMENT,
    "list_credit_accounts": (_first("get_credit_account"), _first("list_credit_transactions")),
    "create_credit_account": _CREDIT,
    "get_credit_account": (*_CREDIT, _one("create_refund"), _one("create_adjustment")),
    "change_credit_account": _CREDIT,
    "create_purchase": _MOVED,
    "create_refund": _MOVED,
    "create_adjustment": _MOVED,
    "list_credit_transactions": (
        Link(
            "get_settlement",
            (("path.id", "$response.body#/items/0/settlement_id"),),
            said="The settlement behind it.",
        ),
    ),
    "list_statements": (_first("get_statement"), _first("mail_statement", "Mail it once more.")),
    "get_statement": (_one("mail_statement"),),
    "create_settlement": _SETTLEMENT,
    "get_settlement": _SETTLEMENT,
    "create_payment": _PAYMENT,
    "reassign_payment": _PAYMENT,
    "ignore_payment": _PAYMENT,
    "restore_payment": _PAYMENT,
    "list_callback_events": (_first("get_callback_event"),),
    "get_callback_event": _HELD,
    "ignore_callback_event": _HELD,
    "restore_callback_event": _HELD,
    "list_transactions": (_first("get_transaction"),),
    "get_transaction": (_one("print_receipt", "For the customer."),),
    "print_receipt": (
        _one("get_receipt"),
        Link(
            "check_receipt",
            (
                ("query.receipt_no", "$response.body#/receipt_no"),
                ("query.check_code", "$response.body#/check_code"),
            ),
            said="Whether a paper is ours.",
        ),
    ),
    "list_receipts": (_first("get_receipt"),),
    "list_plans": (
        Link(
            "sell_voucher",
            body=(
                ("plan_id", "$response.body#/items/0/id"),
                ("price_minor", "$response.body#/items/0/price_minor"),
            ),
            said="At the price that was shown.",
        ),
    ),
    "list_learned_payers": (_first("get_learned_payer"),),
    "get_learned_payer": _LEARNED,
    "change_learned_payer": _LEARNED,
    "create_plan": _PLAN,
    "change_plan": _PLAN,
    "get_voucher_effect": (
        Link(
            "sell_voucher",
            (("path.id", _PATH_ID),),
            (("plan_id", "$response.body#/plan/id"), ("price_minor", "$response.body#/plan/price_minor")),
            "Sell it.",
        ),
    ),
    "sell_voucher": _VOUCHER,
    "reverse_voucher": _VOUCHER,
    "get_voucher": _VOUCHER,
    "list_vouchers": (_first("get_voucher"),),
    "list_customer_vouchers": (_first("get_voucher"), _first("print_voucher")),
    "put_upload_chunk": (
        _one("get_upload_offset", "How far it is, after the line broke."),
        Link("create_import", body=(("upload_id", _ID),), said="Take the file in."),
        Link("create_balance_file", body=(("upload_id", _ID),), said="See what it would move."),
    ),
    "create_import": _IMPORT,
    "start_import": _IMPORT,
    "list_imports": (_first("get_import"), _first("list_import_rows")),
    "get_import": (
        _one("list_import_rows"),
        _one("get_rejects", "The bad rows, to correct and send again."),
        Link(
            "start_import",
            (("path.id", _ID),),
            tuple((name, f"$response.body#/{name}") for name in ("sha256", "preview_version")),
            "Take in what the preview showed.",
        ),
        Link("get_job", (("path.id", "$response.body#/job_id"),)),
    ),
    "list_balance_files": (_first("get_balance_file"),),
    "create_balance_file": _FILE,
    "validate_balance_file": _FILE,
    "apply_balance_file": _FILE,
    "revert_balance_file": _FILE,
    "reject_balance_file": (_one("get_balance_file"),),
    "get_balance_file": (
        *_FILE,
        _APPLY,
        _one("validate_balance_file", "A fresh preview."),
        _one("reject_balance_file", "Give it up."),
        _one("revert_balance_file", "Take it back."),
        _one("get_balance_file_rejects", "The bad rows, to correct and send again."),
    ),
    "get_balance_file_settings": (Link("set_balance_file_settings", (("header.If-Match", _ETAG),)),),
    "list_operations": (Link("get_operation", (("path.key", "$response.body#/items/0/key"),)),),
    "list_approvals": (_first("get_approval"),),
    "request_approval": _APPROVAL,
    "get_approval": _APPROVAL,
    "list_users": (_first("get_user"),),
    "create_user": _USER,
    "get_user": _USER,
    "list_branches": (Link("create_customer", body=(("branch_id", "$response.body#/items/0/id"),)),),
    "create_branch": (_changing("change_branch"),),
    "close_day": (_day("open_day", "Let it take postings again."),),
    "open_day": (_day("close_day", "It was counted."),),
    "get_security": (Link("set_security", (("header.If-Match", _ETAG),)),),
    "get_me": (Link("get_dashboard", (("query.branch", "$response.body#/user/branch_id"),)),),
}
"""By the operation that was answered."""


def written(operation: str) -> dict[str, Any]:
    """The links of an operation's answer, by the name of where they lead."""
    return {link.to: link.written() for link in LINKS.get(operation, ())}
