"""Hostile texts of our own, shared by every test of a wall: never print them raw."""

from __future__ import annotations

from typing import Final

_ESC = "\x1b"
_SEQUENCES: Final = [
    "[31m", "[2J", "[H", "[0;0H", "[999;999H", "[6n", "[5n", "[c", "[>c", "[=c", "[?25l", "[?1049h", "[?1000h",
    "[?2004h", "[?47h", "[4h", "[20h", "[?7l", "[1;1r", "[3J", "[K", "[1K", "[10A", "[10B", "[10C", "[10D", "[10G",
    "[s", "[u", "[21t", "[14t", "[18t", "[22;2t", "[8;1;1t", "[0q", "[!p", "[x", "[1;2$z", "[?1$p", "[5i", "[4i",
    "[?5i", "[>4;2m", "[>1u", "[=1;1u", "[?u", "[31", "[", "[;;;;;;m", "[999999999999999999999m", "[b", "[99999b",
    "]0;owned\x07", "]0;owned\x1b\\", "]2;owned\x07", "]1;owned\x07", "]4;1;?\x07", "]10;?\x07", "]11;?\x07",
    "]50;?\x07", "]52;c;cm0gLXJm\x07", "]52;c;?\x07", "]8;;http://evil.example\x07", "]8;id=1;file:///etc\x1b\\",
    "]9;hello\x07", "]777;notify;a;b\x07", "]1337;File=inline=1:AAAA\x07", "]1337;RequestUpload=format=tgz\x07",
    "]133;A\x07", "]7;file://x/y\x07", "]104\x07", "]P0000000", "]R", "]0;never ended",
    "P+q544e\x1b\\", "P$qm\x1b\\", "Pq#0;2;0;0;0~\x1b\\", "P1000p", "P|17/ab\x1b\\", "Pnever ended", "_Gf=24;AAAA\x1b\\",
    "_app\x1b\\", "^pm\x1b\\", "Xsos\x1b\\", "c", "7", "8", "D", "E", "M", "H", "N", "O", "Z", "=", ">", "#8", "#3",
    "(0", ")0", "%G", "%@", " F", "n", "o", "|", "}", "~", "\x1b", "\x1b[31m", "",
]  # fmt: skip
_C1: Final = [
    "\x9b31m", "\x9b2J", "\x9b6n", "\x9d0;owned\x07", "\x9d0;owned\x9c", "\x90q\x9c", "\x9fapp\x9c", "\x9epm\x9c",
    "\x98sos\x9c", "\x84", "\x85", "\x88", "\x8d", "\x8e", "\x8f", "\x9a", "\x9c",
]  # fmt: skip
_C0: Final = [chr(code) for code in range(0x20) if code not in {0x09, 0x0A}] + ["\x7f"]
_DIRECTION: Final = [
    "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\u200e", "\u200f",
    "\u061c",
]  # fmt: skip
_HIDDEN: Final = [
    "\u200b", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u180b", "\u180e",
    "\u2028", "\u2029", "\u2061", "\u2062", "\u2063", "\u2064", "\u206a", "\u206f", "\u2800", "\u3164", "\uffa0",
    "\ufe00", "\ufe0e", "\ufe0f", "\ufff9", "\ufffa", "\ufffb", "\U000e0001", "\U000e0041", "\U000e007f", "\U000e0100",
    "\U0001d173", "\U0001bca0",
]  # fmt: skip
_NOT_TEXT: Final = [
    "\ud800", "\udbff", "\udc00", "\udfff", "\udc9b", "\ue000", "\uf8ff", "\U000f0000", "\U0010fffd", "\ufdd0", "\ufffe",
    "\uffff", "\U0001ffff", "\U0010ffff", "\u0378", "\u0380",
]  # fmt: skip
_LAYOUT: Final = [
    "a\u200db", " \u200d ", "1\u200d2", "\u200d", "\u200c\u200c", "👩\u200d💻", "\u0301", "\u0301" * 40, "a" + "\u0336" * 60,
    "Z\u0361\u0310\u0362\u0310\u0363\u0310\u0364\u0310\u0365", "a\nb", "a\r\nb", "a\rb", "a\tb", "a\x0bb", "a\x0cb",
    "\u0e33", "漢" * 100, "ｗｉｄｅ", "x" * 5000,
]  # fmt: skip
_MARKUP: Final = [
    "[/] Kofi", "[/]", "[", "]", "[[", "[red]", "[/red]", "[bold", "[@click=app.quit]x[/]", "[link=http://x]y[/link]",
    "[$primary]x", "[on red] [/on red]", "\\[x]", "[#ff0000]", "[b][i]", "[/b][/b]", "{0}", "{x}", "%s%n", "${HOME}",
    "$x", "`id`", "'; DROP TABLE customers; --", "</script>", "&#27;[31m", "\\x1b[31m", "\\u001b[31m", "^[[31m",
]  # fmt: skip

PAYLOADS: Final[list[str]] = [
    *(f"Kofi {_ESC}{sequence} Mensah" for sequence in _SEQUENCES),
    *(f"Kofi {sequence} Mensah" for sequence in _C1),
    *(f"Kofi{character}Mensah" for character in _C0 + _DIRECTION + _HIDDEN + _NOT_TEXT),
    *_LAYOUT,
    *_MARKUP,
]
