"""AUTH-2: a new password is long and is not one of those that are tried first."""

from __future__ import annotations

import asyncio
import secrets
import threading
from pathlib import Path

import pytest

from branchtui.ledger import bad_passwords
from branchtui.ledger.bad_passwords import is_easy
from branchtui.ledger.passwords import Passwords, PasswordUnfit, verify_new
from branchtui.ledger.problems import Refusal

EASY = [
    "passwordpassword", "Password1234567", "123456789012345", "1234567890123456", "qwertyuiopasdfgh", "aaaaaaaaaaaaaaa",
    "BranchTUI-BranchTUI", "branchtuibranchtui", "changemechangeme", "letmein-letmein-", "monkey123456789!", "abcdefghijklmnop",
    "zyxwvutsrqponmlk", "0987654321098765", "iloveyouiloveyouiloveyou", "12345678987654321", "ledger2026!!!!!!", "supervisor000000",
    "teller teller teller", "amina-amina-amina", "amina12345678901", "!!!!!!!!!password", "1qaz2wsx3edc4rfv",
]  # fmt: skip
FIT = [
    "seven quiet herons",
    "correct horse battery staple",
    "9fK#2vR!x8Lq@4Zt",
    "mkulima hodari wa Nyeri",
    "пятнадцать-букв-и",
]


@pytest.mark.parametrize("password", EASY)
def test_what_is_tried_first_is_refused(password: str) -> None:
    """AUTH-2: common ones and words of this house, repeated or dressed up with digits; runs; the user's name."""
    with pytest.raises(PasswordUnfit, match="too easy"):
        verify_new(password, "amina")


@pytest.mark.parametrize("password", FIT)
def test_a_few_unrelated_words_are_taken(password: str) -> None:
    """AUTH-2: any characters, no composition rules."""
    verify_new(password, "amina")


def test_the_three_thousand_most_common_are_all_refused() -> None:
    """AUTH-2: each, whatever its case; those of eight characters and more, with a code too."""
    lines = Path(bad_passwords.__file__).with_name("common_passwords.txt").read_text(encoding="utf-8")
    common = [line for line in lines.splitlines() if not line.startswith("#")]
    assert len(common) > 3_000
    assert common[:3] == ["123456", "password", "12345678"]
    assert all(is_easy(each.upper(), "amina") for each in common)
    for each in common[:3_000]:
        with pytest.raises(PasswordUnfit):
            verify_new(each, "amina", with_code=True)


def test_an_institution_adds_passwords_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """AUTH-2: a file of breached ones, which is named in the environment."""
    more = tmp_path / "breached.txt"
    more.write_text("seven quiet herons\nPamoja Sacco Nakuru\n", encoding="utf-8")
    verify_new("pamoja sacco nakuru", "amina")
    monkeypatch.setenv(bad_passwords.MORE, str(more))
    for password in ("pamoja sacco nakuru", "Seven Quiet Herons"):
        with pytest.raises(PasswordUnfit):
            verify_new(password, "amina")
    monkeypatch.setattr(bad_passwords, "MORE_MAX", 1)
    bad_passwords._more.cache_clear()
    with pytest.raises(ValueError, match="more than"):
        is_easy("anything else at all", "amina")


def test_lengths_at_the_limit_and_beside_it() -> None:
    """AUTH-2: 15 characters, 8 for who signs in with a code too, 128 at most."""
    fit = "".join(secrets.choice("bdfhkmprtwxz479") for _ in range(200))
    verify_new(fit[:15], "amina")
    verify_new(fit[:8], "amina", with_code=True)
    verify_new(fit[:128], "amina")
    for password, with_code in ((fit[:14], False), (fit[:7], True), (fit[:129], False), (fit[:129], True)):
        with pytest.raises(PasswordUnfit):
            verify_new(password, "amina", with_code=with_code)


async def test_two_are_looked_at_twenty_wait_and_the_next_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """AUTH-2, T-25: a flood of sign-ins takes the memory of two; who came too late hears 503 and when to try again."""
    passwords, go_on = Passwords(), threading.Event()
    loop, at_work = asyncio.get_running_loop(), asyncio.Queue[int]()

    def slow(*_: object) -> bool:
        loop.call_soon_threadsafe(at_work.put_nowait, 1)
        return go_on.wait(30)

    monkeypatch.setattr(passwords, "_fits", slow)
    crowd = [asyncio.ensure_future(passwords.verify(None, "x")) for _ in range(22)]
    for _ in range(2):
        await at_work.get()
    with pytest.raises(Refusal) as refused:
        await passwords.verify(None, "x")
    assert (refused.value.status, refused.value.code, refused.value.retry_after_seconds) == (
        503,
        "overloaded",
        2,
    )
    assert at_work.empty()
    go_on.set()
    assert await asyncio.gather(*crowd) == [True] * 22
    assert await passwords.verify(None, "x")
