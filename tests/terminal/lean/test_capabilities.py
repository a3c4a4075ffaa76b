"""What a terminal can do is what its terminfo says, in the very sequences we would send."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

import pytest

from branchtui.terminal.lean.capabilities import XTERM, Capabilities, capabilities, unusable

_ASK = """
import json, os, sys
from dataclasses import asdict
from branchtui.terminal.lean.capabilities import capabilities
print(json.dumps(asdict(capabilities({"TERM": sys.argv[1]}))))
"""


def asked(term: str) -> dict[str, object]:
    """The capabilities by the system's terminfo, which answers once a process."""
    done = subprocess.run([sys.executable, "-c", _ASK, term], capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("term", "has", "lacks", "colours"),
    [
        ("xterm-256color", "rep ech bce regions indn hpa vpa", "", 256),
        ("xterm", "rep ech bce regions indn hpa vpa", "", 16),
        ("tmux-256color", "regions indn hpa vpa", "rep bce ech", 256),
        ("screen", "regions hpa vpa", "rep bce ech", 16),
        ("linux", "ech bce regions hpa vpa", "rep indn", 8),
        ("vt100", "regions", "rep ech bce hpa vpa indn", 0),
        ("putty", "ech bce regions", "", 16),
        ("no-such-terminal", "", "rep ech bce regions indn hpa vpa", 8),
    ],
)
def test_each_terminal_has_what_its_terminfo_says(term: str, has: str, lacks: str, colours: int) -> None:
    """xterm, tmux, screen, PuTTY, the Linux console: known by terminfo, or by family where it is missing."""
    found = asked(term)
    assert all(found[name] is True for name in has.split())
    assert found["reflows"] is (term == "screen")
    if term != "putty":
        # PuTTY's own entry comes with ncurses-term and tells more than the family does.
        assert all(found[name] is False for name in lacks.split())
    assert found["colours"] == colours


@pytest.mark.parametrize(
    ("environment", "colours"),
    [
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, 1 << 24),
        ({"TERM": "xterm", "COLORTERM": "truecolor", "NO_COLOR": "1"}, 0),
        ({"TERM": "xterm", "NO_COLOR": ""}, 16),
        ({"TERM": "foot-direct"}, 1 << 24),
        ({"TERM": "foot-256color"}, 256),
    ],
)
def test_the_environment_may_raise_or_take_colours(environment: dict[str, str], colours: int) -> None:
    """NO_COLOR is obeyed when it is not empty."""
    assert capabilities(environment, lambda name: 8 if name == "colors" else None).colours == colours


def test_a_sequence_that_is_not_ours_does_not_count() -> None:
    """A terminal that erases by another sequence than `CSI X` is not sent that one."""
    strange: dict[str, bytes | int | bool] = {
        "ech": b"\x1b[%p1%dZ",
        "csr": b"\x1b[%i%p1%d;%p2%dr$<5>",
        "bce": False,
        "colors": 8,
    }
    assert asdict(capabilities({"TERM": "odd"}, strange.get)) == asdict(Capabilities(regions=True, colours=8))


@pytest.mark.parametrize(("term", "says"), [("dumb", "TERM=dumb"), ("", "TERM is not set"), ("xterm", None)])
def test_a_terminal_that_cannot_place_text_gets_a_sentence(term: str, says: str | None) -> None:
    """A clear message that says what happened and what to do."""
    sentence = unusable({"TERM": term} if term else {})
    assert (sentence is None) if says is None else (sentence is not None and says in sentence)
    assert sentence is None or "Nothing was started." in sentence


def test_xterm_is_the_best_terminal() -> None:
    """What the painter assumes in tests."""
    assert all(getattr(XTERM, name) for name in ("rep", "ech", "bce", "regions", "indn", "hpa", "vpa"))
