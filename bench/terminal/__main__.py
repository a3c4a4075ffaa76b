"""Measure what the terminal costs; prints one JSON object a figure (see `bench/__main__.py`).

`python -m bench.terminal [bytes|colours|idle|latency|lag|peers|real ...]`, all when none is named.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench.terminal.peers import Peer, peers, walk_peer
from bench.terminal.pressure import hold_page_down
from bench.terminal.session import Session
from bench.terminal.steps import COLOURS, SIZES, Steps, middle, program, stock, walk, walk_stock
from bench.terminal.teller import at_home, demonstration, walk_program

_COLOUR_NAMES = {16: "16 colours", 256: "256 colours", 1 << 24: "true colours"}
_LINES = ((9_600, 0.3), (9_600, 0.8), (64_000, 0.3), (64_000, 0.8))
_IDLE_SECONDS = 10.0
_RATIO = 1.10
_RESIZE_RATIO = 2.0
_LATENCY_RATIO = 0.7
_ESCAPE_MS = 40


def figure(name: str, value: object, unit: str = "", beside: str = "") -> None:
    """Print one figure."""
    sys.stdout.write(json.dumps({"figure": name, "value": value, "unit": unit, "beside": beside}) + "\n")
    sys.stdout.flush()


def measure_bytes() -> None:
    """Bytes of each step, ours beside the limit and the framework's driver, in every size and depth."""
    for width, height in SIZES:
        for colours in COLOURS:
            where = f"{width}x{height}, {_COLOUR_NAMES[colours]}"
            with Session(program("lean"), width=width, height=height, colours=colours) as session:
                ours = walk(session)
            with Session(program("plain"), width=width, height=height, colours=colours) as session:
                plain = walk(session)
            for name, steps in ours.items():
                _step(f"{name}, {where}", name, ours, plain, len(steps))


def _step(title: str, name: str, ours: Steps, plain: Steps, count: int) -> None:
    own, least = middle(ours[name], "own"), middle(ours[name], "limit")
    target = _RESIZE_RATIO if name == "resize" else _RATIO
    ratio = f"{own / least:.2f} of it, target {target:.2f}" if least else "nothing to paint"
    if name == "first screen":
        ratio = f"{own / least:.2f} of it, modes included"
    figure(
        title,
        round(own),
        "bytes",
        f"limit {least:.0f} ({ratio}); with the acknowledgement {middle(ours[name], 'total'):.0f}; "
        f"framework's driver {middle(plain[name], 'total'):.0f}; median of {count}",
    )


def measure_colours() -> None:
    """The same in the framework's own look, where every cell has a colour of its own kind."""
    for colours in COLOURS:
        with Session(stock("lean"), width=120, height=36, colours=colours) as session:
            ours = walk_stock(session)
        with Session(stock("plain"), width=120, height=36, colours=colours) as session:
            plain = walk_stock(session)
        for name, steps in ours.items():
            _step(
                f"framework's look, {_COLOUR_NAMES[colours]}: {name}, 120x36", name, ours, plain, len(steps)
            )


def measure_idle() -> None:
    """Bytes and wake-ups a second while nobody does anything."""
    for title, command in (("our widgets", program("lean")), ("framework's driver", program("plain"))):
        with Session(command, width=120, height=36) as session:
            session.start()
            _idle(title, session)
    with demonstration() as ledger, at_home(ledger, "lean") as (session, _):
        _idle("the real program, signed in", session)


def _idle(title: str, session: Session) -> None:
    sent, wakes = session.idle(_IDLE_SECONDS)
    beside = f"{wakes:.1f} wake-ups a second; target 0 and 1"
    figure(f"idle for {_IDLE_SECONDS:.0f} s, {title}", sent, "bytes", beside)


def measure_latency() -> None:
    """Keystroke to last painted byte, milliseconds, interleaved so that the machine's noise is shared."""
    commands = {
        "ours": program("lean"),
        "our screens with the framework's driver": program("plain"),
        "plain Textual": stock("plain"),
    }
    with tempfile.TemporaryDirectory() as folder:
        commands |= {
            peer.name: list(peer.command) for peer in peers(Path(folder)) if peer.name == "hledger-ui"
        }
        rounds: dict[str, dict[str, list[float]]] = {name: {} for name in commands}
        for _ in range(3):
            for name, command in commands.items():
                with Session(command, width=120, height=36) as session:
                    session.start()
                    _time_keys(session, rounds[name], is_ours=name.startswith("our"))
    for key in ("cursor down", "page down"):
        ours = median(rounds["ours"][key])
        others = "; ".join(
            f"{name} {median(found[key]):.1f} ({ours / median(found[key]):.2f})"
            for name, found in rounds.items()
            if name != "ours"
        )
        figure(f"{key}, key to last byte", round(ours, 1), "ms", f"{others}; target {_LATENCY_RATIO}")
    escapes = {name: median(found["esc"]) for name, found in rounds.items() if "esc" in found}
    other = escapes["our screens with the framework's driver"]
    beside = f"framework's driver {other:.0f}; target {_ESCAPE_MS}"
    figure("esc, key to first byte", round(escapes["ours"], 1), "ms", beside)


def _time_keys(session: Session, found: dict[str, list[float]], *, is_ours: bool) -> None:
    for name, key, times in (("cursor down", "down", 15), ("page down", "pagedown", 8)):
        for _ in range(times):
            step = session.press(key, quiet=0.12)
            found.setdefault(name, []).append(step.last_seconds * 1000)
    for _ in range(4 if is_ours else 0):
        session.press("f2", quiet=0.15)
        found.setdefault("esc", []).append(session.press("escape", quiet=0.2).first_seconds * 1000)


def measure_lag() -> None:
    """The lag of the far screen after page-down was held for five seconds on a slow line."""
    for bits, trip in _LINES:
        lag = hold_page_down(program("lean"), bits, trip)
        rate = bits / (10 if bits < 20_000 else 8)
        bound = trip + 2 * _PAGE_BYTES / rate + 0.3
        figure(
            f"page-down held for 5 s, {bits} bit/s, round trip {trip * 1000:.0f} ms behind 1 MiB",
            round(lag.seconds, 2),
            "s",
            f"bound {bound:.2f} (a round trip, two frames of {_PAGE_BYTES} bytes, 0.3 s); {lag.sent} bytes sent",
        )
    lag = hold_page_down(program("plain"), 64_000, 0.3)
    how = "reckoned from what is still in the buffer" if lag.is_reckoned else "measured"
    figure(
        "the same, framework's driver, 64000 bit/s",
        round(lag.seconds, 1),
        "s",
        f"{how}; {lag.sent} bytes sent",
    )


_PAGE_BYTES = 1410


def measure_peers() -> None:
    """Bytes of the peers for the same kind of step, beside ours."""
    for width, height in SIZES:
        with Session(program("lean"), width=width, height=height) as session:
            ours = walk(session)
        with tempfile.TemporaryDirectory() as folder:
            _compare(ours, peers(Path(folder)), width, height)


def _compare(ours: Steps, found: list[Peer], width: int, height: int) -> None:
    for peer in found:
        for name, steps in walk_peer(peer, width, height).items():
            mine, theirs = middle(ours[name], "total"), middle(steps, "total")
            figure(
                f"{peer.name}: {name}, {width}x{height}",
                round(theirs),
                "bytes",
                f"ours {mine:.0f}" + (f" ({mine / theirs:.2f})" if theirs else "; it painted nothing"),
            )


def measure_real() -> None:
    """The real program's screens, over a demonstration ledger."""
    for title, value, beside in walk_program():
        figure(title, value, "bytes", beside)


MEASURES = {
    "bytes": measure_bytes,
    "colours": measure_colours,
    "idle": measure_idle,
    "latency": measure_latency,
    "lag": measure_lag,
    "peers": measure_peers,
    "real": measure_real,
}


def main() -> None:
    """Run what is named, or all."""
    for name in sys.argv[1:] or MEASURES:
        sys.stderr.write(f"bench terminal: {name}\n")
        MEASURES[name]()


if __name__ == "__main__":
    main()
