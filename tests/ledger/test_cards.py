"""Card numbers are kept out of texts; phones, references and receipts are not mistaken for them (T-30)."""

from __future__ import annotations

import random
import uuid

import pytest

from branchtui.ledger.cards import holds_card_number


def luhn(body: str) -> str:
    """`body` with its check digit."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "card 4111 1111 1111 1111 paid",
        "5555-5555-5555-4444",
        "3782 822463 10005",
        "378282246310005",
        "6011111111111117",
        "3530111333300000",
        "no.4222222222222.",
        "30569309025904",
        "2223003122003222",
        "paid_4111111111111111_today",
        "(4111 1111 1111 1111)",
        "card-4111111111111111",
        "12-4111-1111-1111-1111-a",
        "550e8400-e29b-41d4-a716-446655440000, card 4111-1111-1111-1111",
    ],
)
def test_a_card_number_is_seen_in_any_usual_writing(text: str) -> None:
    """T-30: spaced, hyphened or run together, alone or among words."""
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "passbook 17",
        "+254712345678",
        "0712 345 678",
        "254712345678",
        "4111111111111112",
        "QK17A9X2LM",
        "2026-09-30 14:02",
        "ab4111111111111111cd",
        "4111111111111111a7e0",
        "TX4111111111111111",
        "deed4111-1111-4111-1111-aa6655440000",
        "5555-5555-5555-4444a",
    ],
)
def test_what_people_write_in_a_branch_is_no_card_number(text: str) -> None:
    """T-30: phones, dates, receipts, and a number whose check digit is wrong."""
    assert not holds_card_number(text)


def test_a_thousand_made_cards_are_all_seen() -> None:
    """T-30: every issuer, every length, in three writings."""
    chance = random.Random(30)
    shapes = [
        ("4", 16),
        ("51", 16),
        ("2221", 16),
        ("34", 15),
        ("6011", 16),
        ("3528", 16),
        ("62", 16),
        ("36", 14),
    ]
    for _ in range(1_000):
        prefix, length = chance.choice(shapes)
        number = luhn(prefix + "".join(chance.choices("0123456789", k=length - 1 - len(prefix))))
        grouped = " ".join(number[at : at + 4] for at in range(0, 16, 4)) if length == 16 else number
        assert holds_card_number(
            f"paid by {chance.choice([number, grouped, grouped.replace(' ', '-')])} today"
        )


def test_at_most_one_in_a_hundred_phones_and_codes_is_refused() -> None:
    """T-30: false refusals stay below one per cent."""
    chance = random.Random(31)
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
    texts = [f"+2547{chance.randrange(10**8):08d}" for _ in range(4_000)]
    texts += ["".join(chance.choices(letters, k=10)) for _ in range(4_000)]
    texts += [f"{chance.randrange(10**12):012d}" for _ in range(2_000)]
    assert sum(map(holds_card_number, texts)) <= len(texts) // 100


def test_a_till_may_call_its_purchases_by_uuids() -> None:
    """T-30: 100,000 of them in a till's usual writings; digits within a longer token are no card number."""
    chance = random.Random(32)
    made = (uuid.UUID(int=chance.getrandbits(128), version=4) for _ in range(100_000))
    writings = (
        str,
        lambda each: str(each).upper(),
        lambda each: each.hex,
        lambda each: f"{{{each}}}",
        "POS {}".format,
    )

    refused = [each for each in made if holds_card_number(chance.choice(writings)(each))]

    assert refused == []


def test_hexadecimal_references_are_no_cards() -> None:
    """T-30: 50,000 tokens of 24 and 40 characters, as databases and hashes give them."""
    chance = random.Random(33)
    tokens = (f"{chance.getrandbits(4 * length):0{length}x}" for length in (24, 40) for _ in range(25_000))

    assert not any(map(holds_card_number, tokens))
