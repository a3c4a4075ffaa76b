"""Keys that a slow line tore: `esc` with a letter at its heels, and the letters of a sequence that lost its `ESC`."""

from __future__ import annotations

from typing import Final

from textual import events

ESCAPE: Final = "escape"
TAIL_SECONDS: Final = 0.25
"""The rest of a torn sequence follows within this time; a person does not type that fast after a bracket."""
TAIL_MAX: Final = 16
_ALT: Final = "alt+"
_BRACKET: Final = "["


def parted(key: events.Key) -> list[events.Key]:
    """`alt+x` as `esc` and then `x`: that is how it was typed, for no action here uses alt.

    A key that was really held with alt (an arrow, a function key) has no character and stays as it is.
    """
    if not key.key.startswith(_ALT) or key.character is None or len(key.character) != 1:
        return [key]
    keys = [events.Key(ESCAPE, "\x1b"), events.Key(key.character, key.character)]
    for one in keys:
        one.time = key.time
    return keys


class TornTails:
    """Knows the tail of a torn sequence (`[A`, `[15~`), which would otherwise act as the letters it is made of."""

    def __init__(self) -> None:
        self._left = 0
        self._last = 0.0

    def drops(self, key: events.Key, *, is_text: bool) -> bool:
        """True for what belongs to a torn sequence. `is_text`: the key would go into a text as it is.

        Time is that of the keys' own arrival, in seconds.
        """
        follows = key.time - self._last <= TAIL_SECONDS
        self._last = key.time
        if key.character == _BRACKET and not is_text and not (self._left and follows):
            self._left = TAIL_MAX
            return True
        if not self._left:
            return False
        if not follows or key.character is None or not " " <= key.character <= "~":
            self._left = 0
            return False
        is_inside = " " <= key.character <= "?" or (key.character == _BRACKET and self._left == TAIL_MAX)
        self._left = self._left - 1 if is_inside else 0
        return True
