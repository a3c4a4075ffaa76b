"""A jump by letters means the column that the list is sorted by, as a person writes its values."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.ledger.running import RunningLedger
from tests.screens.counter import Counter, counter

from branchtui.format.dates import DateError
from branchtui.format.money import MoneyError
from branchtui.screens.customers import CustomersScreen
from branchtui.screens.sources import amount_key, day_key

DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("2026", "2026"),
        ("2026-11", "2026-11"),
        ("2026-11-03", "2026-11-03"),
        ("03/11/2026", "2026-11-03"),
        ("t", "2026-11-20"),
        ("-1", "2026-11-19"),
    ],
)
def test_an_order_by_time_is_opened_by_a_day_in_any_writing(typed: str, key: str) -> None:
    """Contract 1: the ledger takes a day, a month or a year; a person keys a day as in every date field."""
    assert day_key(lambda: DAY)(typed) == key


def test_an_order_by_amount_is_opened_by_an_amount_as_it_is_keyed() -> None:
    """The wire speaks minor units, a person does not."""
    assert amount_key("KES")("1,500") == "150000"
    assert amount_key("JPY")("1500") == "1500"
    with pytest.raises(MoneyError):
        amount_key("KES")("much")
    with pytest.raises(DateError):
        day_key(lambda: DAY)("soon")


async def jump(seat: Counter, screen: CustomersScreen, typed: str) -> None:
    """`'`, what is typed, enter."""
    await seat.press("apostrophe")
    await seat.type(typed)
    await seat.press("enter")
    await seat.until(lambda: screen.rows.is_settled, "for the jump")


async def test_letters_jump_in_every_order_of_the_customers(
    own_ledger: RunningLedger, tmp_path: Path
) -> None:
    """Terminal, Lists: case and marks folded; what is no place says so and leaves the highlight where it was."""
    for first_name in ("Abdi", "Chebet", "Ngũgĩ", "Zawadi"):
        own_ledger.add_member(first_name=first_name, last_name="Otieno")
    async with counter(own_ledger.url, tmp_path) as seat:
        await seat.press("f2")
        screen = await seat.at(CustomersScreen)
        await seat.until(lambda: len(screen.rows.items) == 4, "for the list")

        def stands_on() -> str | None:
            one = screen.rows.highlighted
            return one.name.removesuffix(" Otieno") if one else None

        for typed, expected in (("ngugi", "Ngũgĩ"), ("NGŨ", "Ngũgĩ"), ("b", "Chebet"), ("zz", "Zawadi")):
            await jump(seat, screen, typed)
            assert stands_on() == expected
        assert [one.name.removesuffix(" Otieno") for one in screen.rows.items] == [
            "Abdi",
            "Chebet",
            "Ngũgĩ",
            "Zawadi",
        ]
        number = screen.rows.items[1].customer_no
        await seat.press("z")
        await seat.until(lambda: screen.rows.is_settled, "for the numbers")
        await jump(seat, screen, number)
        assert stands_on() == "Chebet"
        await seat.press("z")
        await seat.until(lambda: screen.rows.is_settled, "for the newest")
        assert stands_on() == "Zawadi"
        await jump(seat, screen, "soon")
        await seat.until(lambda: "is not a date" in seat.said, "for the reason")
        assert stands_on() == "Zawadi"
        await jump(seat, screen, "2020")
        assert stands_on() == "Abdi"
