"""What the API document says in prose: to be read from top to bottom by who integrates, with nothing else at hand."""

from __future__ import annotations

from typing import Any, Final

from branchtui.contract.problem import Codes

CODES: Final[dict[str, str]] = {
    Codes.MALFORMED: "The request cannot be read: not JSON, a member twice, no such order, no such field.",
    Codes.VALIDATION: "Values break rules; `errors` names each by JSON pointer (in a query by its name).",
    Codes.KEY_MISSING: "A change needs `Idempotency-Key`.",
    Codes.KEY_MALFORMED: "A key has 16 to 64 letters, digits, `_` or `-`, bare or in double quotes.",
    Codes.KEY_REUSED: "The key was used for another request, or by another user. Make a new key.",
    Codes.CURSOR_INVALID: "The cursor is altered, foreign (400) or too old (410). Open the list again.",
    Codes.CREDENTIALS: "Name, password or code is wrong. 401 at sign-in; 403 where the session is well.",
    Codes.TOKEN_EXPIRED: "Refresh the session, then send the same request with the same key.",
    Codes.SESSION_ENDED: "Sign in again, then send the same request with the same key.",
    Codes.IDLE: "As `session-ended`: nothing was done for fifteen minutes.",
    Codes.FORBIDDEN: "The caller's role may not do this.",
    Codes.NEEDS_CHECKER: "A second person must allow it: `approval` is the action to ask `POST /v1/approvals` for.",
    Codes.STEP_UP: "Send `POST /v1/me/step-up`, then the same request with the same key.",
    Codes.OTP_REQUIRED: "Sign in with `otp` as well.",
    Codes.OTP_ENROL: "A device must be set up: enter `secret` into it, then sign in with the code that it shows.",
    Codes.STALE_APPROVAL: "What the request is about has changed. It is over; ask anew.",
    Codes.PENDING_APPROVAL: "No refusal: a request was filed and waits for a second person.",
    Codes.APPROVAL_PENDING: "The same is asked for already, by `existing.maker`.",
    Codes.APPROVAL_SETTLED: "The request was decided before.",
    Codes.NO_CHECKER: "Nobody else could approve it, so nothing was filed.",
    Codes.SAME_PERSON: "Nobody decides the own request, by whatever account.",
    Codes.NOT_FOUND: "There is no such thing, or it is another branch's: both look the same.",
    Codes.METHOD_NOT_ALLOWED: "The address does not take that method; `Allow` names those it takes.",
    Codes.OPERATION_UNKNOWN: "The ledger never saw this key, so far. Fence it before you say that nothing happened.",
    Codes.OPERATION_IN_PROGRESS: "The first request with this key is still worked on. Wait and ask again.",
    Codes.OPERATION_CANCELLED: "The key was fenced before the request arrived: it will never be applied.",
    Codes.PRECONDITION_REQUIRED: "Send `If-Match` with the version that you saw.",
    Codes.PRECONDITION_FAILED: "It changed since: look at `current` and `changed_fields`, then decide anew.",
    Codes.RECORD_ACCOUNTED: "A posted record is never changed; reverse it.",
    Codes.BATCH_CHANGED: "What all means has changed since you looked. Nothing was done; look again.",
    Codes.POSSIBLE_DUPLICATE: "It looks like one made a moment ago, `duplicate_of`. If it really is a second one, send "
    "it with `Confirm-Duplicate-Of`.",
    Codes.REFERENCE_TAKEN: "A reference, number, name or code is taken, by `existing`.",
    Codes.CUSTOMER_NOT_ACTIVE: "Only an active customer's money moves.",
    Codes.BALANCE_NOT_ZERO: "An account is not empty: pay it out, post it or offset it first.",
    Codes.RECORDS_WAITING: "Balance records of the customer wait to be posted or deleted; `count` of them.",
    Codes.INSUFFICIENT_BALANCE: "The account holds less, `balance_minor`.",
    Codes.MORE_THAN_OWED: "The loan owes less, `balance_minor`.",
    Codes.ACCOUNT_NOT_OPEN: "The account is closed, or there is none.",
    Codes.TOO_MANY_ROWS: "A file holds at most a hundred thousand rows: narrow what is asked for.",
    Codes.TOO_MANY_VALUES: "There may be no more of these.",
    Codes.DAY_CLOSED: "The business day is closed.",
    Codes.ACCOUNT_AMBIGUOUS: "The customer has several accounts of that kind (`accounts`), or no open one: name one.",
    Codes.ALREADY_ASSOCIATED: "The payment has an owner.",
    Codes.ACCOUNT_NOT_OPEN: "The account is closed, or the customer has no open wallet in this currency.",
    Codes.NOT_ASSOCIATED: "The payment has no owner.",
    Codes.PAYMENT_ALREADY_SPENT: "The money has left the account; only by approval.",
    Codes.CREDIT_LIMIT_EXCEEDED: "More would be owed than the limit allows: `owed`, `limit`, `available` and `over_by`, in "
    "minor units.",
    Codes.ACCOUNT_NOT_ACTIVE: "The credit account is inactive; nothing can be bought on it.",
    Codes.ALREADY_SETTLED: "Nothing, or less than was meant, is open (`open_minor`): somebody settled it.",
    Codes.OVERPAYMENT: "It is `over_by` minor units more than is owed, or than was named; `allow_overpayment` takes it "
    "all the same.",
    Codes.TRANSITION_NOT_ALLOWED: "The state it is in does not allow it.",
    Codes.FILE_ALREADY_IMPORTED: "The same bytes were imported; `confirm: true` takes them in once more.",
    Codes.IMPORT_REFUSED: "The file was refused as a whole; its rows say why.",
    Codes.REVERT_BLOCKED: "Accounts have moved since the file was applied: `count`, and the first `accounts`.",
    Codes.UPLOAD_OFFSET: "The chunk does not go on where the file stopped: `offset` is where.",
    Codes.TOO_LARGE: "The body (413) or the head (431) is larger than is read.",
    Codes.TOO_SLOW: "The request dripped in too slowly.",
    Codes.MEDIA_TYPE: "Bodies are `application/json`, uncompressed.",
    Codes.RATE_LIMITED: "Too much at once, or a quota is used up; see `Retry-After`.",
    Codes.LOGIN_THROTTLED: "Too many wrong passwords; see `Retry-After`.",
    Codes.INTERNAL: "The ledger failed. Nothing was recorded.",
    Codes.INVARIANT: "A rule of the books would have been broken. Nothing was recorded.",
    Codes.OVERLOADED: "The ledger is busy, or its database away.",
    Codes.CONTENTION: "Others were faster each time.",
    Codes.MAINTENANCE: "The ledger is being looked after.",
    Codes.STORAGE_FULL: "The ledger's disk is full.",
}
"""What each code of a problem asks of a client."""

_GUIDE: Final = """\
A double-entry ledger for branches: customers and their accounts, balances that are keyed or imported and then
posted, payments that arrive and find their owners. Everything that the terminal does goes through this API.

## Sign in

`POST /v1/sessions` with `username` and `password` answers an `access_token` for ten minutes and a `refresh_token`.
Send `Authorization: Bearer <access_token>` with everything else. On 401 `token-expired` send
`POST /v1/sessions/refresh`, keep both new tokens, and send the request once more with the same key. A session ends
after fifteen minutes without use and after eight hours; `DELETE /v1/sessions/current` ends it at once. A request that
nobody asked for by hand (polling) sends `X-User-Activity: 0` and keeps no session alive.

## Changes happen exactly once

Every change carries `Idempotency-Key`: a fresh UUID an intent, kept until its answer is known. The same key with the
same request never does anything twice: it answers what it answered, with `Idempotency-Replayed: true`. So when an
answer is lost, send the same request with the same key until one comes. `GET /v1/operations/{key}` tells what became
of a key; `POST /v1/operations/{key}/cancel` *fences* one that the ledger has never seen, and from then on no late
copy of it can be applied. An answer of 409, 412 or 422 that a rule decided is kept under the key too: trying again is
a new intent with a new key. After 400, 401, 403, 404, 413, 415, 428, 429 and 5xx the key is still free.

## Versions

What can change has a `version`, and its `ETag` is that number in double quotes. A change of it needs `If-Match`
with the version that was seen; when somebody was faster the answer is 412 with `current` and `changed_fields`.

## Values

Money is `amount_minor`, a whole number of the smallest unit of `currency`, 1 to 10^15; never a fraction. Days are
`YYYY-MM-DD`, times RFC 3339 in UTC. Ids are opaque; what people type are *numbers*, texts that keep their leading
zeros. Text is Unicode, kept in NFC, without control characters, direction marks, invisible signs, private and
unassigned code points; joiners stand only between letters. A request has no member that its schema does not name, and none twice; a
parameter stands once. Clients ignore members of answers that they do not know, and take an unknown value of an
enumeration for "something else".

Every resource says what its reader may do to it now: `actions`, and `refused` with the reason for the others.

## Lists

A list answers `items`, `next` and `prev`. Send `cursor=` with one of the two, and the other parameters as they were,
to turn the page; a cursor lives for fifteen minutes. Without a cursor `anchor=` opens the list anywhere: `first`,
`last`, `id:<id>` at a row, `key:<value>` where the order reaches a value. `count=true` counts; `count_exact` false
means at least so many. With `fields=` an item has the named members alone, beside its `id` and `version`: that is for
who reads the JSON by hand, since the schemas below say what an item has without it.

## Refusals

Every refusal is `application/problem+json` (RFC 9457). Switch on `code`, never on text; show `detail` to a person.
`outcome` says whether the change happened: `not_applied`, `applied`, or `unknown`. `retry` says whether and when the
same request may be sent again, and whether with the same key. An answer that is no problem of ours (a proxy's page)
leaves a change *unknown*: ask with the same key. An address that is not known answers 404 `not-found`, another method
405 `method-not-allowed` with `Allow`.

| code | what it means |
|---|---|
"""

TAGS: Final[dict[str, str]] = {
    "sessions": "Signing in and out.",
    "me": "Who is signed in; proving it once more.",
    "users": "People, as an administrator keeps them.",
    "branches": "The tree of branches.",
    "settings": "What the institution asks of its roles.",
    "codes": "Code lists: what forms choose from.",
    "staff": "To whom customers are assigned.",
    "products": "Kinds of accounts as they are sold.",
    "customers": "Customers: found, entered, from first form to closure, with the parts of their profiles.",
    "transfers": "Customers on the way from one branch to another.",
    "accounts": "Accounts, their entries and schedules; money paid out and offset.",
    "balance-records": "Balances that are keyed, wait, and are posted.",
    "payments": "Payments that arrive and find their owners.",
    "learned-payers": "Whose payments people gave to whom: what is proposed for the next one.",
    "plans": "What vouchers are sold of.",
    "vouchers": "What customers' wallets bought, with the codes.",
    "credit-accounts": "Accounts that are bought on and settled at their own rhythm.",
    "settlements": "What was settled, and what was taken back.",
    "statements": "Cycles that have ended, frozen.",
    "callback-events": "Providers' messages that were kept apart.",
    "callbacks": "What a payment provider posts, at an address that only it knows.",
    "transactions": "The complete log of money: every journal entry, with its legs.",
    "receipts": "Receipts that prove themselves by a check code.",
    "uploads": "Files, in chunks that may be repeated and continued.",
    "imports": "Files of rows: checked, previewed, taken in.",
    "payees": "Short codes and bank accounts, and whose each is.",
    "column-maps": "How the tables of a bank are read, saved.",
    "balance-files": "What payers owe, stated by one file and seen before anything moves.",
    "templates": "Empty files with the right columns.",
    "jobs": "Work that goes on.",
    "approvals": "What needs a second person.",
    "operations": "What became of a key.",
    "audit": "The audit chain.",
    "dashboard": "The branch's day, and the days before it.",
    "reports": "A day added up, by user, tender and kind.",
    "health": "Whether the ledger is well.",
}
"""What belongs together, by the first part of the path."""


def guide() -> str:
    """The document's description, in Markdown."""
    return _GUIDE + "\n".join(f"| `{code}` | {said} |" for code, said in sorted(CODES.items()))


def tags(named: set[str]) -> list[dict[str, Any]]:
    """The tags that are used, in the order of the guide."""
    known = [{"name": name, "description": said} for name, said in TAGS.items() if name in named]
    return known + [{"name": name} for name in sorted(named - TAGS.keys())]
