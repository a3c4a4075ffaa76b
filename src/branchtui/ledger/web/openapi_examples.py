"""Bodies to copy, in the API document. A test validates each against the schema that it stands beside."""

from __future__ import annotations

from typing import Any, Final

_ID: Final = "018f3c1e-5b7a-7c3e-9d21-4f1f0f6f2a11"
_HASH: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_CONFIRMATION: Final = {
    "TransactionType": "Pay Bill",
    "TransID": "TK31ABCDE1",
    "TransTime": "20261103091502",
    "TransAmount": "1500.00",
    "BusinessShortCode": "600100",
    "BillRefNumber": "100245",
    "MSISDN": "254711222333",
    "FirstName": "WANJIKU",
}

BODIES: Final[dict[str, dict[str, Any]]] = {
    "POST /v1/sessions": {"password": {"username": "wanjiku", "password": "seven quiet herons"}},
    "POST /v1/sessions/refresh": {"refresh": {"refresh_token": "the refresh_token of the last answer"}},
    "POST /v1/me/step-up": {"password": {"password": "seven quiet herons"}, "code": {"otp": "123456"}},
    "POST /v1/customers": {
        "person": {
            "branch_id": _ID,
            "first_name": "Wanjiku",
            "last_name": "Kamau",
            "mobile_no": "0711 222 333",
            "active": True,
        },
        "entity": {"branch_id": _ID, "legal_form": "entity", "name": "Upendo Women Group"},
    },
    "PATCH /v1/customers/{id}": {"phone": {"mobile_no": "0722 333 444", "labels": []}},
    "POST /v1/customers/{id}/activate": {"today": {}},
    "POST /v1/customers/{id}/close": {
        "moved": {"closure_date": "2026-09-30", "closure_reason": "Moved away"}
    },
    "POST /v1/customers/{id}/transfer/propose": {
        "moves": {"destination_branch_id": _ID, "transfer_date": "2026-09-30", "note": "moves to Nyeri"}
    },
    "POST /v1/customers/{id}/family-members": {
        "child": {"first_name": "Ada", "last_name": "Kamau", "relationship": "Child", "age": 4}
    },
    "POST /v1/customers/{id}/addresses": {
        "home": {"address_type": "Home", "city": "Nakuru", "country": "KE"}
    },
    "POST /v1/customers/{id}/documents": {"letter": {"upload_id": _ID, "name": "Letter of notice"}},
    "POST /v1/customers/{id}/accounts": {
        "savings": {"kind": "savings", "currency": "KES"},
        "loan": {
            "kind": "loan",
            "currency": "KES",
            "loan": {
                "principal_minor": 10_000_000,
                "rate": "12",
                "method": "declining_balance",
                "start_date": "2026-01-31",
                "instalments": 12,
            },
        },
    },
    "POST /v1/accounts/{id}/payouts": {"cash": {"amount_minor": 250_000, "tender": "cash"}},
    "POST /v1/accounts/{id}/offset": {"part": {"from_account_id": _ID, "amount_minor": 250_000}},
    "POST /v1/balance-records": {
        "shares": {
            "customer_id": _ID,
            "account_kind": "shares",
            "amount_minor": 125_000,
            "currency": "KES",
            "as_of_date": "2026-09-30",
            "external_ref": "OLD-000101",
        }
    },
    "PATCH /v1/balance-records/{id}": {"amount": {"amount_minor": 135_000}},
    "POST /v1/balance-records/{id}/reverse": {"reason": {"reason": "keyed twice"}},
    "POST /v1/balance-records/post-all": {
        "seen": {"filter": {}, "count": 12, "total_minor": 1_500_000, "set_hash": _HASH}
    },
    "POST /v1/balance-records/delete-all": {
        "seen": {"filter": {"import_id": _ID}, "count": 12, "total_minor": 1_500_000, "set_hash": _HASH}
    },
    "POST /v1/payments/{id}/associate": {"wallet": {"customer_id": _ID}},
    "POST /v1/payments/{id}/disassociate": {"reason": {"reason": "keyed to the wrong customer"}},
    "POST /v1/payments": {
        "cash": {"customer_id": _ID, "amount_minor": 150_000, "currency": "KES", "tender": "cash"},
        "cheque on a loan": {
            "customer_id": _ID,
            "account_id": _ID,
            "amount_minor": 1_250_000,
            "currency": "KES",
            "tender": "cheque",
            "receipt_no": "KCB 000123",
            "paid_on": "2026-09-30",
        },
        "mobile money": {
            "customer_id": _ID,
            "amount_minor": 150_000,
            "currency": "KES",
            "tender": "mobile_money",
            "provider": "mpesa",
            "receipt_no": "TK31ABCDE1",
        },
    },
    "POST /v1/payments/associate-all": {
        "seen": {"filter": {}, "count": 12, "total_minor": 1_500_000, "set_hash": _HASH}
    },
    "POST /v1/payments/{id}/reassign": {"other": {"customer_id": _ID, "reason": "paid for the daughter"}},
    "POST /v1/payments/{id}/ignore": {"reason": {"reason": "a test of the provider"}},
    "POST /v1/callback-events/{id}/ignore": {
        "reason": {"reason": "Wanjiku paid 2,500.00; keyed by hand as payment 000042"}
    },
    "POST /v1/payments/{id}/refund": {
        "transfer": {"tender": "bank_transfer", "reference": "FT26309KX", "reason": "paid to us by mistake"}
    },
    "POST /v1/payments/{id}/reverse": {"reason": {"reason": "keyed twice"}},
    "POST /v1/payments/{id}/receipts": {"page": {"columns": 80}},
    "PATCH /v1/learned-payers/{id}": {"switch it off": {"active": False}, "on again": {"active": True}},
    "POST /v1/plans": {
        "a week": {
            "code": "WEEK",
            "name": "A week of surfing",
            "price_minor": 30_000,
            "currency": "KES",
            "validity_days": 7,
        }
    },
    "PATCH /v1/plans/{id}": {"price": {"price_minor": 35_000}, "no longer sold": {"active": False}},
    "POST /v1/customers/{id}/vouchers": {"as shown": {"plan_id": _ID, "price_minor": 30_000}},
    "POST /v1/vouchers/{id}/reverse": {"reason": {"reason": "the wrong plan"}},
    "POST /v1/vouchers/{id}/receipts": {"till printer": {"columns": 40}},
    "POST /v1/transactions/{id}/receipts": {"till printer": {"columns": 40}},
    "POST /v1/callbacks/mpesa/{token}/confirmation": {"pay bill": _CONFIRMATION},
    "POST /v1/callbacks/mpesa/{token}/validation": {"pay bill": _CONFIRMATION},
    "POST /v1/credit-accounts": {
        "a customer who is there": {
            "customer_id": _ID,
            "max_credit_minor": 5_000_000,
            "restrict_credit": True,
            "settle_every": {"every": 3, "unit": "week", "weekday": "mon"},
            "statement_email": "accounts@example.org",
        },
        "a new customer": {
            "customer": {"branch_id": _ID, "first_name": "Wanjiku", "last_name": "Kamau"},
            "opening_credit_minor": 125_000,
            "max_credit_minor": 5_000_000,
            "restrict_credit": True,
            "settle_every": {"every": 1, "unit": "month", "nth": "last"},
        },
    },
    "PATCH /v1/credit-accounts/{id}": {
        "limit": {"max_credit_minor": 7_500_000},
        "inactive": {"status": "inactive"},
    },
    "POST /v1/credit-accounts/{id}/purchases": {
        "sale": {"amount_minor": 125_000, "pos_ref": "T1-004711", "narration": "flour, oil"}
    },
    "POST /v1/credit-accounts/{id}/refunds": {"goods": {"amount_minor": 25_000, "pos_ref": "T1-004711"}},
    "POST /v1/credit-accounts/{id}/adjustments": {
        "down": {"amount_minor": -500, "narration": "rounded at the till"}
    },
    "POST /v1/credit-accounts/{id}/settlements": {
        "everything": {"tender": "cash", "mode": "all"},
        "chosen": {
            "tender": "cheque",
            "mode": "selected",
            "lines": [{"transaction_id": _ID}, {"transaction_id": f"{_ID[:-1]}2", "amount_minor": 5_000}],
            "cheque": {"number": "000123", "bank": "Umoja Bank", "date": "2026-11-20"},
        },
        "oldest first": {"tender": "bank_transfer", "mode": "oldest_first", "amount_minor": 100_000},
    },
    "POST /v1/settlements/{id}/reverse": {"bounced": {"reason": "the cheque was returned unpaid"}},
    "POST /v1/imports": {
        "whole file": {"upload_id": _ID, "kind": "balance-records"},
        "preview": {"upload_id": _ID, "kind": "balance-records", "dry_run": True, "mode": "valid_rows"},
        "statement": {"upload_id": _ID, "kind": "statement", "dry_run": True},
        "plans": {"upload_id": _ID, "kind": "plans", "dry_run": True, "control": {"count": 12}},
    },
    "POST /v1/imports/{id}/start": {"preview": {"sha256": _HASH, "preview_version": 1}},
    "POST /v1/payees": {"bank": {"provider": "equity", "number": "0170123456789", "branch_id": _ID}},
    "POST /v1/column-maps": {
        "two columns of money": {
            "name": "Equity, counter",
            "columns": {
                "date": "Posting Date",
                "credit": "Paid In",
                "debit": "Paid Out",
                "reference": "Transaction ID",
                "account_ref": "Narrative",
                "balance": "Balance",
            },
        }
    },
    "PUT /v1/column-maps/{id}": {"signed": {"columns": {"date": "Date", "amount": "Amount"}}},
    "POST /v1/balance-files": {
        "all payers": {"upload_id": _ID},
        "one division": {"upload_id": _ID, "division": "KIA"},
        "one payer": {"upload_id": _ID, "account_no": "100245"},
    },
    "POST /v1/balance-files/{id}/apply": {"preview": {"file_sha256": _HASH, "preview_version": 1}},
    "POST /v1/balance-files/{id}/reject": {"reason": {"reason": "last month's file"}},
    "PUT /v1/settings/balance-files": {"share": {"moved_share_percent": 50}},
    "POST /v1/approvals": {
        "post a large balance": {
            "action": "balance-record.post",
            "object_id": _ID,
            "object_version": 1,
            "reason": "the old passbook",
        },
        "associate a large payment": {
            "action": "payment.associate",
            "object_id": _ID,
            "object_version": 1,
            "body": {"customer_id": _ID},
            "reason": "confirmed by phone",
        },
    },
    "POST /v1/approvals/{id}/approve": {"difference": {"difference_hash": _HASH}},
    "POST /v1/approvals/{id}/reject": {"reason": {"reason": "not theirs"}},
}
"""By endpoint, by name."""
