"""Bytes from the terminal, cut into characters, whole key sequences, pastes and replies.

What is cut, garbled or not known is dropped whole: a torn sequence must never come out as the letters it
was made of, for a letter is a command. `ESC` is an ordinary key, also right before another one, so a
teller who types ahead is understood; Alt combinations are therefore read as two keys.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

ESCAPE_SECONDS: Final = 0.02
"""A lone ESC is the key after this time; the rest of a sequence follows it at once."""
TORN_SECONDS: Final = 1.0
"""A sequence that has begun and does not end within this time is dropped."""
PASTE_SECONDS: Final = 10.0
"""A paste that falls silent for this long without its end is dropped."""
FLOOD_BYTES: Final = 2048
"""More in one piece than a person types ahead: a paste by a terminal that does not say so."""
FLOOD_SECONDS: Final = 0.25
"""Such a paste has ended when nothing came for this time."""
_AGAIN_BYTES: Final = 64
_AGAIN_SECONDS: Final = 2.0
"""What comes in a heap so soon after a flood is more of it, held up by the line."""
MAX_PASTE: Final = 1 << 20
"""Characters of a paste that are kept; the rest of a longer one is dropped."""
_MAX_SEQUENCE: Final = 32
_MAX_STRING: Final = 4096
_PASTE_BEGIN: Final = "\x1b[200~"
_PASTE_END: Final = "\x1b[201~"
_PLACES: Final = re.compile(r"(\x1b\[\d{1,4};\d{1,4}R)")
_PLACE_BEGIN: Final = re.compile(r"\x1b(?:\[\d{0,4}(?:;\d{0,4})?)?\Z")
_ESCAPES_OF_TEXT: Final = 16
"""Where every so many characters hold an ESC it is keys that come in a flood, an arrow held down, and no text."""
_PLACE: Final = re.compile(r"\x1b\[(\d{1,4});(\d{1,4})R")
_CSI: Final = re.compile(r"\x1b\[(?:\[[A-E]|[0-?]*[ -/]*[@-Z\\-~])")
_CSI_BEGIN: Final = re.compile(r"\x1b\[(?:\[|[0-?]*[ -/]*)")
_SS3: Final = re.compile(r"\x1bO[ -~]")
_STRING: Final = re.compile(r"\x1b[\]PX^_][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)")
_STRING_BEGIN: Final = re.compile(r"\x1b(?:\]\d|P\d?[$+>|]|_G)[^\x07\x1b]*\x1b?\Z")
_MOUSE: Final = "\x1b[M"
_HIDDEN: Final = frozenset(map(chr, range(0x80, 0xA0))) | {"\ufffd"}


class Kind(Enum):
    """What a token is."""

    CHARACTER = auto()
    """One character, control characters and ESC included."""
    SEQUENCE = auto()
    """A whole key sequence that is known."""
    PASTE = auto()
    """All of a bracketed paste."""
    PLACE = auto()
    """A cursor position report, as it came."""


@dataclass(frozen=True, slots=True)
class Token:
    """One thing that the terminal sent."""

    kind: Kind
    text: str

    @property
    def place(self) -> tuple[int, int]:
        """Row and column of a position report, from 0."""
        found = _PLACE.fullmatch(self.text)
        assert found, "only a PLACE has one"
        return int(found[1]) - 1, int(found[2]) - 1


class InputReader:
    """Cuts what is fed into tokens; `is_known` says which sequences are keys.

    Time is in seconds of the clock whose readings are passed in. After every call, `due_at` says when
    `expire` wants to be called if nothing more comes; None: never.
    """

    def __init__(self, is_known: Callable[[str], bool], *, escape_seconds: float = ESCAPE_SECONDS) -> None:
        self.due_at: float | None = None
        self._is_known = is_known
        self._escape_seconds = escape_seconds
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""
        self._pasted: list[str] | None = None
        self._pasted_length = 0
        self._is_late = False
        self._is_flood = False
        self._flooded_at = -_AGAIN_SECONDS

    def feed(self, data: bytes, now: float) -> list[Token]:
        """The tokens that `data` completes, in order."""
        text = self._rest + self._decode(data)
        if self._is_flood or self._begins_flood(text, len(data), now):
            self.due_at = now + FLOOD_SECONDS
            return self._flooded(text)
        if self._is_late and text.startswith("["):
            # The tail of a sequence whose ESC stood alone too long: better its key than its letters.
            found = _CSI.match("\x1b" + text)
            if found and (self._is_known(found[0]) or not found[0][2:].isalpha()):
                text = "\x1b" + text
        self._is_late = False
        self._rest = ""
        tokens: list[Token] = []
        while text:
            text = self._paste(text, tokens) if self._pasted is not None else self._step(text, tokens)
            if self._rest:
                break
        self.due_at = self._due(now)
        return tokens

    def expire(self, now: float) -> list[Token]:
        """Settle what has waited long enough."""
        if self.due_at is None or now < self.due_at:
            return []
        self.due_at = None
        rest, self._rest = self._rest, ""
        if self._pasted is not None:
            pasted, self._pasted = "".join(self._pasted), None
            is_flood, self._is_flood = self._is_flood, False
            self._flooded_at = now if is_flood else self._flooded_at
            return [Token(Kind.PASTE, (pasted + rest).replace("\x00", ""))] if is_flood else []
        if rest in {"\x1b", "\x1bO"}:
            self._is_late = rest == "\x1b"
            return [Token(Kind.CHARACTER, character) for character in rest]
        return []

    def _begins_flood(self, text: str, count: int, now: float) -> bool:
        least = _AGAIN_BYTES if now - self._flooded_at < _AGAIN_SECONDS else FLOOD_BYTES
        if count < least or self._pasted is not None or _PASTE_BEGIN in text:
            return False
        if text.count("\x1b") * _ESCAPES_OF_TEXT > len(text):
            return False
        self._pasted, self._pasted_length = [], 0
        self._is_flood = True
        return True

    def _flooded(self, text: str) -> list[Token]:
        """Keep what is text; the terminal's replies come in the midst of it."""
        cut = _PLACE_BEGIN.search(text)
        self._rest = text[cut.start() :] if cut else ""
        tokens = []
        for piece in _PLACES.split(text[: cut.start()] if cut else text):
            if _PLACE.fullmatch(piece):
                tokens.append(Token(Kind.PLACE, piece))
            else:
                self._keep(piece)
        return tokens

    def _due(self, now: float) -> float | None:
        if self._pasted is not None:
            return now + PASTE_SECONDS
        if self._rest in {"\x1b", "\x1bO"}:
            return now + self._escape_seconds
        return now + TORN_SECONDS if self._rest else None

    def _paste(self, text: str, tokens: list[Token]) -> str:
        """Take in text of a paste up to its end; returns what follows it."""
        assert self._pasted is not None, "only within a paste"
        end = text.find(_PASTE_END)
        if end < 0:
            # The end itself may be cut in two.
            held = next((n for n in range(5, 0, -1) if text.endswith(_PASTE_END[:n])), 0)
            self._rest = text[len(text) - held :] if held else ""
            self._keep(text[: len(text) - held])
            return ""
        self._keep(text[:end])
        tokens.append(Token(Kind.PASTE, "".join(self._pasted).replace("\x00", "")))
        self._pasted = None
        return text[end + len(_PASTE_END) :]

    def _keep(self, text: str) -> None:
        assert self._pasted is not None, "only within a paste"
        text = text[: MAX_PASTE - self._pasted_length]
        self._pasted_length += len(text)
        if text:
            self._pasted.append(text)

    def _step(self, text: str, tokens: list[Token]) -> str:
        """Take one token off the head of `text`; returns what follows it, and leaves in `_rest` what is not whole."""
        if text[0] != "\x1b":
            if text[0] not in _HIDDEN:
                tokens.append(Token(Kind.CHARACTER, text[0]))
            return text[1:]
        follows = text[1:2]
        if not follows:
            self._rest = text
            return ""
        if follows == "[":
            return self._control_sequence(text, tokens)
        if follows == "O":
            return self._keypad(text, tokens)
        if follows in "]PX^_":
            if whole := _STRING.match(text):
                return text[whole.end() :]
            if _STRING_BEGIN.match(text) and len(text) <= _MAX_STRING:
                self._rest = text
                return ""
        tokens.append(Token(Kind.CHARACTER, "\x1b"))
        return text[1:]

    def _control_sequence(self, text: str, tokens: list[Token]) -> str:
        found = _CSI.match(text)
        if found is None:
            begun = _CSI_BEGIN.match(text)
            assert begun, "it begins with ESC ["
            if begun.end() == len(text) <= _MAX_SEQUENCE:
                self._rest = text
                return ""
            return text[begun.end() :]
        sequence = found[0]
        if sequence == _MOUSE:
            # An old mouse report left on by another program: three characters follow, whatever they are.
            if len(text) < found.end() + 3:
                self._rest = text
                return ""
            return text[found.end() + 3 :]
        if sequence == _PASTE_BEGIN:
            self._pasted, self._pasted_length = [], 0
        elif _PLACE.fullmatch(sequence):
            tokens.append(Token(Kind.PLACE, sequence))
        elif self._is_known(sequence):
            tokens.append(Token(Kind.SEQUENCE, sequence))
        return text[found.end() :]

    def _keypad(self, text: str, tokens: list[Token]) -> str:
        if len(text) == 2:
            self._rest = text
            return ""
        found = _SS3.match(text)
        if found and self._is_known(found[0]):
            tokens.append(Token(Kind.SEQUENCE, found[0]))
            return text[found.end() :]
        tokens.append(Token(Kind.CHARACTER, "\x1b"))
        return text[1:]
