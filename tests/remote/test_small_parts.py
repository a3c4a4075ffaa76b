"""References, late answers, and what an import costs."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from uuid import uuid4

import pytest

from branchtui.contract.operations import short_reference
from branchtui.remote.latest import Latest


def test_a_reference_is_six_crockford_characters_of_the_keys_random_tail() -> None:
    """Link, section 5: `7QK2-M9`; two UUIDv7 of the same instant differ."""
    first = "01924a3e-0000-7000-8000-0000000000f1"
    second = "01924a3e-0000-7000-8000-00003fffffff"

    assert short_reference(first) == "0000-7H"
    assert short_reference(second) == "ZZZZ-ZZ"
    assert short_reference(second.replace("-", "")) == short_reference(second.upper()) == "ZZZZ-ZZ"


def test_references_hold_no_letter_that_is_misread() -> None:
    """Crockford: no I, L, O, U; any key has one, also one that is no UUID."""
    for key in [str(uuid4()) for _ in range(500)] + ["a-key-of-another-client", "x" * 64]:
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{2}", short_reference(key))


async def test_an_older_answer_never_covers_a_newer() -> None:
    """RTY-7: the late one is dropped, its error too."""
    latest = Latest()
    first: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    second: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    third: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    waiting = [asyncio.create_task(latest.of(future)) for future in (first, second, third)]
    await asyncio.sleep(0)

    third.set_result("newest")
    first.set_result("oldest")
    second.set_exception(ValueError("late"))

    assert await asyncio.gather(*waiting) == [None, None, "newest"]


async def test_an_error_of_the_newest_question_is_raised() -> None:
    """RTY-7 drops the late only."""

    async def fails() -> str:
        raise ValueError("now")

    with pytest.raises(ValueError, match="now"):
        await Latest().of(fails())


def test_the_package_is_light_until_it_is_used() -> None:
    """Terminal, start and weight: httpx and pydantic come after the first paint."""
    script = (
        "import sys, branchtui.remote as r; from branchtui.remote import Latest, Refused\n"
        "heavy = {'httpx', 'pydantic', 'tenacity', 'sqlite3', 'ssl', 'asyncio'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "r.Ledger\n"
        "assert 'httpx' in sys.modules and not {'textual', 'rich', 'click'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_a_name_the_package_does_not_have_is_an_attribute_error() -> None:
    """Lazy names must not hide a typing mistake."""
    import branchtui.remote

    with pytest.raises(AttributeError):
        _ = branchtui.remote.Ledgr
