"""Mobile-money confirmations as M-PESA's C2B interface posts them (HOOK-1).

One JSON object a payment, without a signature. Numbers come as numbers or as text, the time as
`yyyyMMddHHmmss` in East Africa Time, the phone plain, masked or hashed, or not at all; name members
may be missing. Nothing here guesses: what is not understood is refused with every reason at once.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from branchtui.format.money import MoneyError, exponent_of, parse_money
from branchtui.ledger.feeds.incoming import REPLACEMENT, IncomingPayment, PhoneForm, Unfit, clean, with_losses
from branchtui.ledger.phones import PhoneUnreadable, read_phone

PROVIDER: Final = "mpesa"
ZONE: Final = "Africa/Nairobi"
"""The zone of its times, which are written without one."""

MAX_BYTES: Final = 64 * 1024
"""A confirmation has about 450 bytes; more than this is not one."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_YEAR: Final = 2000
_TEXT_MAX: Final = 140
_CODE: Final = re.compile(r"[A-Z0-9_-]{1,64}", re.ASCII)
_SHORT_CODE: Final = re.compile(r"[0-9]{3,20}", re.ASCII)
_TIME: Final = re.compile(r"[0-9]{14}", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_PLAIN_PHONE: Final = re.compile(r"\+?[0-9]{7,15}", re.ASCII)
_MOMO: Final = re.compile(r"FRI:(.*)/MSISDN", re.ASCII | re.IGNORECASE)
"""How MTN writes a phone: `FRI:256771234567/MSISDN`."""
_ABROAD: Final = re.compile(r"[1-9][0-9]{10,14}", re.ASCII)
"""A number with a country code that is not written with its plus, as providers write all of theirs."""
_MASKED_PHONE: Final = re.compile(r"\+?[0-9]{0,9}[*xX]+[0-9]{0,9}", re.ASCII)
_TAKEN_BACK: Final = re.compile("revers|refund|rembours|estorn|annul|anula", re.IGNORECASE)
"""How providers call a transaction that takes money back, in the languages of their countries."""
_SPARE_ZEROS: Final = re.compile(r"0+$")
_NAMES: Final = ("FirstName", "MiddleName", "LastName")


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A confirmation whose members are what they must be; the amount waits for the payee's currency."""

    code: str
    short_code: str
    amount: str
    paid_at_us: int
    msisdn: str
    name: str
    reference: str
    altered: bool

    def payment(self, currency: str, region: str) -> IncomingPayment:
        """The payment in the currency of its payee; `region` is where phones need no country code.

        Raises:
            Unfit: the amount is none in this currency.
        """
        try:
            amount_minor = parse_money(_without_spare_zeros(self.amount, currency), currency)
        except MoneyError as error:
            raise Unfit(f"TransAmount: {error}", self.code, self.short_code) from error
        phone, form = phone_of(self.msisdn, region)
        unreadable = bool(self.msisdn) and form is PhoneForm.NONE
        return IncomingPayment(
            provider=PROVIDER,
            code=self.code,
            payee_no=self.short_code,
            amount_minor=amount_minor,
            currency=currency,
            paid_at_us=self.paid_at_us,
            payer_phone=phone,
            phone_form=form,
            payer_name=self.name or None,
            account_ref=self.reference or None,
            altered=self.altered or unreadable,
        )


def read(body: bytes) -> Confirmation:
    """The confirmation that `body` holds.

    Raises:
        Unfit: with every reason, in the order in which a person reads the body.
    """
    members, is_damaged = _members(body)
    faults: list[str] = []
    texts = {name: _text(members, name, faults) for name in (*_REQUIRED, "MSISDN", "BillRefNumber", *_NAMES)}
    texts["TransID"] = code = receipt_code(texts["TransID"])
    known = code if _CODE.fullmatch(code) else None
    for name, (form, wanted) in _REQUIRED.items():
        given = texts[name].strip()
        if any(fault.startswith(f"{name} ") for fault in faults):
            continue
        if not given:
            faults.append(f"{name} is missing")
        elif not form.fullmatch(given.upper()):
            faults.append(f"{name} is not {wanted}")
    if _TAKEN_BACK.search(str(members.get("TransactionType") or "")):
        faults.append("TransactionType says that money was taken back: look after it by hand")
    paid_at_us = _instant(texts["TransTime"].strip())
    if paid_at_us is None and _TIME.fullmatch(texts["TransTime"].strip()):
        faults.append("TransTime is no date and time that exists")
    if faults or paid_at_us is None:
        raise Unfit("; ".join(faults) + ".", known, texts["BusinessShortCode"].strip() or None)
    raw_name = " ".join(filter(None, (texts[name].strip() for name in _NAMES)))
    raw_reference = texts["BillRefNumber"].strip()
    name, reference = clean(raw_name)[:_TEXT_MAX], clean(with_losses(raw_reference))[:_TEXT_MAX]
    return Confirmation(
        code=code,
        short_code=texts["BusinessShortCode"].strip(),
        amount=texts["TransAmount"].strip(),
        paid_at_us=paid_at_us,
        msisdn=texts["MSISDN"].strip(),
        name=name,
        reference=reference,
        altered=is_damaged
        or (name, reference) != (" ".join(raw_name.split()), " ".join(raw_reference.split())),
    )


def receipt_code(written: str) -> str:
    """A receipt number as it is compared, whichever way it came and was written: capitals, without spaces."""
    return "".join(written.split()).upper()


def is_receipt_code(code: str) -> bool:
    """Whether this can be a receipt number."""
    return _CODE.fullmatch(code) is not None


def body_as_it_came(body: bytes) -> str:
    """The body as text that any store keeps: bytes that are no UTF-8, and NUL, as escapes."""
    return body.decode("utf-8", errors="backslashreplace").replace("\x00", "\\x00")


_REQUIRED: Final = {
    "TransID": (_CODE, "a code of at most 64 letters and digits"),
    "TransTime": (_TIME, "a time written yyyyMMddHHmmss"),
    "TransAmount": (re.compile(r"[0-9.,]{1,40}", re.ASCII), "an amount"),
    "BusinessShortCode": (_SHORT_CODE, "a short code"),
}


def _members(body: bytes) -> tuple[dict[str, Any], bool]:
    """The members of the object, and whether bytes that are no UTF-8 were let go: a name may hold them."""
    if len(body) > MAX_BYTES:
        raise Unfit(f"The body is larger than {MAX_BYTES // 1024} KiB.")
    text = body.decode("utf-8-sig", errors="replace")
    try:
        # Numbers stay the digits that came: none is ever a float.
        value = json.loads(
            text,
            object_pairs_hook=_once,
            parse_constant=_no_constant,
            parse_float=str,
            parse_int=str,
        )
    except Unfit:
        raise
    except (ValueError, RecursionError) as error:
        raise Unfit("The body is not readable JSON.") from error
    if not isinstance(value, dict):
        raise Unfit("The body is not a JSON object.")
    return value, text.count(REPLACEMENT) != body.count(REPLACEMENT.encode())


def _text(members: dict[str, Any], name: str, faults: list[str]) -> str:
    """A member as text; missing and null are empty."""
    value = members.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        faults.append(f"{name} is neither text nor a number")
        return ""
    return value


def _instant(text: str) -> int | None:
    """Microseconds since 1970 UTC of a time in East Africa, or None where there is no such time."""
    if not _TIME.fullmatch(text) or int(text[:4]) < _FIRST_YEAR:
        return None
    try:
        local = datetime.strptime(f"{text}+0300", "%Y%m%d%H%M%S%z")
    except ValueError:
        return None
    return (local - _EPOCH) // timedelta(microseconds=1)


def phone_of(msisdn: str, region: str) -> tuple[str | None, PhoneForm]:
    """A phone as the provider writes it: plain, masked or hashed; nothing where it is none of these."""
    bare = re.sub(r"[\s()-]", "", _MOMO.sub(r"\1", msisdn.strip()))
    if _SHA256.fullmatch(bare):
        return bare.lower(), PhoneForm.SHA256
    if _PLAIN_PHONE.fullmatch(bare):
        for written in (bare, f"+{bare}") if _ABROAD.fullmatch(bare) else (bare,):
            try:
                return read_phone(written, region).e164, PhoneForm.E164
            except PhoneUnreadable:
                continue
        return None, PhoneForm.NONE
    if _MASKED_PHONE.fullmatch(bare) and any(c.isdigit() for c in bare):
        return re.sub("[xX]", "*", bare.removeprefix("+")), PhoneForm.MASKED
    return None, PhoneForm.NONE


def _without_spare_zeros(amount: str, currency: str) -> str:
    """`1500.0000` is 1500.00: zeros beyond the currency's decimals say nothing."""
    whole, point, part = amount.partition(".")
    decimals = exponent_of(currency)
    spare = part[decimals:]
    if not point or not spare or _SPARE_ZEROS.sub("", spare):
        return amount
    kept = part[:decimals]
    return f"{whole}.{kept}" if kept else whole


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Unfit(f"{clean(name)[:_TEXT_MAX]} stands twice in the body.")
        found[name] = value
    return found


def _no_constant(name: str) -> Any:
    raise Unfit(f"{name} is not a JSON value.")
