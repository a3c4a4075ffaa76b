"""A terminal to replay streams into: pyte, with the sequences it lacks, and cells compared by what is seen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pyte
from pyte.screens import Char
from wcwidth import wcwidth

ALLOWED = re.compile(
    r"\x1b\[\d*(?:;\d*)?H|\x1b\[\d*[ABCDGd]|\x1b\[K|\x1b\[2J|\x1b\[\d+X|\x1b\[\d+b|\x1b\[\d*[ST]"
    r"|\x1b\[(?:\d+;\d+)?r|\x1b\[[\d;]*m|\x1b\[6n|\x1bM|\x1b\[\?(?:1049|25|2004|7)[hl]|[\r\n\x08\x07]"
)
"""Every control sequence that may leave the process: the closed list."""
_FOREIGN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb]")


def strangers(stream: str) -> list[str]:
    """What of a stream is neither text nor on the closed list."""
    return _FOREIGN.findall(ALLOWED.sub("", stream))


class Screen(pyte.Screen):
    """A screen that also repeats and scrolls, and whose rows are plain when they scroll in."""

    last = " "
    bce = True
    """Background colour erase: what is erased takes the background, else the terminal's own; never more."""

    def erase_in_line(self, how: int = 0, private: bool = False) -> None:
        """EL, in the background alone."""
        with self._erasing():
            super().erase_in_line(how, private)

    def erase_characters(self, count: int | None = None) -> None:
        """ECH, in the background alone."""
        with self._erasing():
            super().erase_characters(count)

    def erase_in_display(self, how: int = 0, *args: Any, **options: Any) -> None:
        """ED, in the background alone."""
        with self._erasing():
            super().erase_in_display(how, *args, **options)

    @property
    def display(self) -> list[str]:
        """The rows as text; of a wide letter that was half overwritten, the other half is blank, as terminals show it."""
        return ["".join(self._shown(self.buffer[y])) for y in range(self.lines)]

    def _shown(self, row: Mapping[int, Char]) -> Iterator[str]:
        is_second_half = False
        for x in range(self.columns):
            letter = row[x].data
            is_wide = bool(letter) and wcwidth(letter[0]) == 2
            if is_wide and x + 1 < self.columns and row[x + 1].data:
                yield " "
            elif letter or not is_second_half:
                yield letter or " "
            is_second_half = is_wide

    @contextmanager
    def _erasing(self) -> Iterator[None]:
        pen = self.cursor.attrs
        # Whatever a terminal makes of an erased cell under reverse or underline, it must not be relied on: show it.
        odd = "?" if pen.reverse or pen.underscore or pen.strikethrough else " "
        self.cursor.attrs = self.default_char._replace(bg=pen.bg if self.bce else "default", data=odd)
        yield
        self.cursor.attrs = pen

    def draw(self, data: str) -> None:
        """Remember what REP would repeat."""
        super().draw(data)
        if data:
            self.last = data[-1]

    def repeat(self, count: int | None = None) -> None:
        """REP: the last character again."""
        super().draw(self.last * (count or 1))

    def scroll_up(self, count: int | None = None) -> None:
        """SU within the region; the cursor stays."""
        self._shift(count or 1, up=True)

    def scroll_down(self, count: int | None = None) -> None:
        """SD within the region; the cursor stays."""
        self._shift(count or 1, up=False)

    def _shift(self, count: int, *, up: bool) -> None:
        top, bottom = self.margins or (0, self.lines - 1)
        rows = [dict(self.buffer[y]) for y in range(top, bottom + 1)]
        fill = self.default_char._replace(bg=self.cursor.attrs.bg if self.bce else "default")
        blank = dict.fromkeys(range(self.columns), fill)
        empty: list[dict[int, Char]] = [dict(blank) for _ in range(min(count, len(rows)))]
        rows = rows[count:] + empty if up else empty + rows[: max(0, len(rows) - count)]
        for y, row in enumerate(rows, top):
            self.buffer[y].clear()
            self.buffer[y].update(row)


class Stream(pyte.Stream):
    """A stream that knows REP, SU and SD."""

    csi = {**pyte.Stream.csi, "b": "repeat", "S": "scroll_up", "T": "scroll_down"}
    events = pyte.Stream.events | {"repeat", "scroll_up", "scroll_down"}


class Replay:
    """One screen and its stream."""

    def __init__(self, width: int, height: int, *, bce: bool = True) -> None:
        self.width, self.height = width, height
        self._screen = Screen(width, height)
        self._screen.bce = bce
        # Neither driver lets the terminal wrap.
        self._screen.reset_mode(7, private=True)
        self._stream = Stream(self._screen)

    def feed(self, text: str, *, is_framework: bool = False) -> None:
        """Take in what was written; the framework's own stream relies on the tty to add CR to LF."""
        self._stream.feed(text.replace("\n", "\r\n") if is_framework else text)

    def cells(self) -> list[list[tuple[Any, ...]]]:
        """Every cell as it is seen: character, colours, and the attributes that show on it."""
        buffer = self._screen.buffer
        return [[_seen(buffer[y][x]) for x in range(self.width)] for y in range(self.height)]

    @property
    def lines(self) -> list[str]:
        """The rows as text."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def place(self) -> tuple[int, int]:
        """The cursor's row and column, from 0."""
        return self._screen.cursor.y, min(self._screen.cursor.x, self.width - 1)


def _seen(char: Char) -> tuple[Any, ...]:
    shown = (char.underscore, char.strikethrough, char.reverse)
    if char.data == " " and not any(shown):
        return " ", char.bg
    return char.data, char.fg, char.bg, char.bold, char.italics, char.blink, *shown


def differences(
    one: list[list[tuple[Any, ...]]], other: list[list[tuple[Any, ...]]]
) -> list[tuple[int, int, Any, Any]]:
    """The cells in which two screens differ: row, column, and both."""
    return [
        (y, x, a, b)
        for y, (left, right) in enumerate(zip(one, other, strict=True))
        for x, (a, b) in enumerate(zip(left, right, strict=True))
        if a != b
    ]
