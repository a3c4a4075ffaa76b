"""The look for planted passwords that every test of the real terminal ends with finds them where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.e2e import planted
from tests.e2e.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "kibuyu-cha-siri-4711"

LEAKS = {
    "painted": (["sh", "-c", "printf 'kibuyu-cha-siri-%s' 4711; read -r end"], {}),
    "an argument": (["sh", "-c", "printf there; read -r end", SECRET], {}),
    "the environment": (["sh", "-c", "printf there; read -r end"], {"PASSWORD": SECRET}),
    "a child's argument": (["sh", "-c", f"sh -c 'printf there; read -r end' {SECRET}; :"], {}),
    "a file": (["sh", "-c", 'printf "kibuyu-cha-siri-%s" 4711 > "$HOME/log"; printf there; read -r end'], {}),
}  # fmt: skip


@pytest.mark.pty
@pytest.mark.parametrize("leak", [*LEAKS, "none"])
def test_a_password_is_found_wherever_it_stands(
    leak: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SEC-2, T1: on the screen, in an argument, in the environment, with a child, in a file; and not where it is not."""
    monkeypatch.setattr(planted, "PLANTED", {SECRET.encode()})
    argv, env = LEAKS.get(leak, (["sh", "-c", "printf there; read -r end"], {}))
    shown = Terminal(argv, env={"HOME": str(tmp_path), **env})
    shown.see("kibuyu" if leak == "painted" else "there")
    shown.press("x")
    if leak == "none":
        shown.close()
    else:
        with pytest.raises(AssertionError, match="a password stands in"):
            shown.close()
