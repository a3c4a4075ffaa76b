"""What a provider's body is read as, or why it is not: nothing is guessed, nothing is a float."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.till import message

from branchtui.format.money import money
from branchtui.ledger.feeds import mpesa
from branchtui.ledger.feeds.incoming import IncomingPayment, PhoneForm, Unfit, clean
from branchtui.ledger.texts import is_unsafe


def read(body: dict[str, Any] | bytes, currency: str = "KES") -> IncomingPayment:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return mpesa.read(raw).payment(currency, "KE")


def reason(body: dict[str, Any] | bytes) -> str:
    with pytest.raises(Unfit) as unfit:
        read(body)
    return str(unfit.value)


def test_a_confirmation_is_read_in_east_africa_time_and_minor_units() -> None:
    """Time has no zone in the message and means East Africa, three hours ahead of UTC."""
    payment = read(message("SKA10QWE77"))
    assert payment.paid_at_us == datetime(2026, 11, 3, 6, 15, 2, tzinfo=UTC).timestamp() * 1_000_000
    assert (payment.amount_minor, payment.currency) == (150_000, "KES")
    assert (payment.payer_phone, payment.phone_form) == ("+254711222333", PhoneForm.E164)
    assert payment.payer_name == "WANJIKU KAMAU"
    assert not payment.altered


@pytest.mark.parametrize(
    ("written", "minor"),
    [
        ("10", 1_000),
        (10, 1_000),
        ("0.01", 1),
        ("1500.5", 150_050),
        ("1,500.00", 150_000),
        ("1500.0000", 150_000),
        (1500.5, 150_050),
        ("10000000000000.00", 10**15),
    ],
)
def test_an_amount_is_exact_however_it_is_written(written: object, minor: int) -> None:
    """Text or number, with or without decimals: the digits count, no float comes between."""
    assert read(message("A", TransAmount=written)).amount_minor == minor


@pytest.mark.parametrize(
    "written",
    ["lots", "0", "0.00", "-5", "1e5", "1_000", "12.345", "١٢", "", " ", "10000000000000.01", True, [], {}],
)
def test_what_is_no_amount_is_refused(written: object) -> None:
    """VAL-1: no sign, no exponent, no third decimal, no foreign digits, nothing beyond the largest."""
    assert "TransAmount" in reason(message("A", TransAmount=written))


def test_a_number_with_an_exponent_is_refused_not_expanded() -> None:
    """A JSON number 1E+1000000 costs nothing and is no amount."""
    body = json.dumps(message("A", TransAmount="@")).replace('"@"', "1E+1000000").encode()
    assert "TransAmount" in reason(body)


@given(st.integers(1, 10**15))
def test_every_amount_survives_the_way_in(minor: int) -> None:
    """What is written with two decimals comes back as the same minor units."""
    assert read(message("A", TransAmount=money(minor, "KES"))).amount_minor == minor


def test_an_amount_in_a_currency_without_decimals_keeps_its_size() -> None:
    """1500 UGX are 1500 minor units, and half a shilling does not exist."""
    raw = json.dumps(message("A", TransAmount="1500.00")).encode()
    assert read(raw, "UGX").amount_minor == 1_500
    with pytest.raises(Unfit):
        read(json.dumps(message("A", TransAmount="1500.50")).encode(), "UGX")


@pytest.mark.parametrize(
    ("msisdn", "phone", "form"),
    [
        (254711222333, "+254711222333", PhoneForm.E164),
        ("+254 711 222 333", "+254711222333", PhoneForm.E164),
        ("0711222333", "+254711222333", PhoneForm.E164),
        ("2547 ***** 333", "2547*****333", PhoneForm.MASKED),
        ("2547****333", "2547****333", PhoneForm.MASKED),
        ("07XX XXX 333", "07*****333", PhoneForm.MASKED),
        ("AB" * 32, "ab" * 32, PhoneForm.SHA256),
        ("", None, PhoneForm.NONE),
        (None, None, PhoneForm.NONE),
        ("12", None, PhoneForm.NONE),
        ("*****", None, PhoneForm.NONE),
        ("FRI:254711222333/MSISDN", "+254711222333", PhoneForm.E164),
        ("255711222333", "+255711222333", PhoneForm.E164),
        ("99999999999999", None, PhoneForm.NONE),
    ],
)
def test_a_phone_is_plain_masked_hashed_or_none(msisdn: object, phone: str | None, form: PhoneForm) -> None:
    """An unreadable phone never loses the payment: it only proves nothing."""
    payment = read(message("A", MSISDN=msisdn))
    assert (payment.payer_phone, payment.phone_form) == (phone, form)


@pytest.mark.parametrize(
    "time",
    ["03/11/2026 09:15", "20261303091502", "20260230091502", "2026110309150", "19991231235959", 0, None],
)
def test_a_time_that_does_not_exist_is_refused(time: object) -> None:
    """A payment without a true time is no payment."""
    assert "TransTime" in reason(message("A", TransTime=time))


def test_everything_that_is_wrong_is_said_at_once() -> None:
    """Whoever looks at a parked message need not guess what the next fault will be."""
    assert reason({"TransID": "SKA11AAB15"}) == (
        "TransTime is missing; TransAmount is missing; BusinessShortCode is missing."
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not readable JSON"),
        (b"\xff\xfe", "not readable JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"TransID": "A", "TransID": "B"}', "TransID stands twice"),
        (b'{"TransAmount": NaN}', "NaN is not a JSON value"),
        (b'{"TransAmount": -Infinity}', "-Infinity is not a JSON value"),
        (b"[" * 100_00, "not readable JSON"),
        (b'{"a": "' + b"x" * mpesa.MAX_BYTES + b'"}', "larger than 64 KiB"),
    ],
)
def test_a_body_that_is_no_object_of_ours_is_refused_with_its_reason(body: bytes, said: str) -> None:
    """VAL-2: duplicate members, NaN, other encodings and endless nesting are never half understood."""
    assert said in reason(body)


def test_texts_are_cleaned_and_the_change_is_told() -> None:
    """VAL-3: each character that may not be stored becomes U+FFFD; markup is only text."""
    payment = read(
        message("A", FirstName="\x1b[2J[bold red]PAID[/]", MiddleName="[/]", LastName="\x9b31mX\u202e")
    )
    assert payment.payer_name == "\ufffd[2J[bold red]PAID[/] [/] \ufffd31mX\ufffd"
    assert payment.altered


@given(st.text())
def test_a_cleaned_text_may_always_be_stored(text: str) -> None:
    """Cleaning leaves nothing that VAL-3 refuses, lone surrogates included, and changes nothing twice."""
    cleaned = clean(text)
    assert not is_unsafe(cleaned)
    assert clean(cleaned) == cleaned


@given(
    st.binary(max_size=300)
    | st.recursive(st.none() | st.text() | st.floats() | st.integers(), st.lists).map(
        lambda value: json.dumps({"TransID": value, "TransAmount": value}).encode()
    )
)
def test_no_body_does_more_than_be_refused(body: bytes) -> None:
    """Whatever comes is a payment or a refusal with a reason, never another error."""
    try:
        read(body)
    except Unfit as unfit:
        assert str(unfit)


def test_the_body_as_it_came_can_be_kept_by_any_store() -> None:
    """Bytes that are no text are written as escapes; nothing is lost and nothing is a NUL."""
    assert mpesa.body_as_it_came(b'{"a": "\xff\x00"}') == '{"a": "\\xff\\x00"}'
