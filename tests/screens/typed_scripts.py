"""What a teller may type: steps over every screen, with slips, detours and nonsense between them."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st
from tests.screens.typed_ahead import keys_of

WORDS: Final = ("wanj", "o", "000003", "0000", "kamau", "zzz", "mwangi ", "ng", "07", "1", "achieng")
ROWS: Final = "Customer No\tAccount kind\tAmount\tDate\n000001\tsavings\t1,250.00\t30/09/2026\n000002\tloan\t70\t30/09/2026\n"
KEYS: Final = (
    *"abcdefghijklmnopqrstuvwxz0123456789'/:?. -y",
    "<enter>", "<enter>", "<escape>", "<escape>", "<tab>", "<shift+tab>", "<backspace>", "<space>",
    "<up>", "<down>", "<left>", "<right>", "<home>", "<end>", "<pageup>", "<pagedown>", "<insert>", "<f12>",
    "<f1>", "<f2>", "<f3>", "<f4>", "<f5>", "<f6>", "<f7>", "<f8>", "<f9>",
    "<ctrl+s>", "<ctrl+d>", "<ctrl+p>", "<ctrl+r>", "<ctrl+l>", "<ctrl+u>", "<ctrl+c>", "<ctrl+g>", "<paste:o>",
)  # fmt: skip

_word = st.sampled_from(WORDS)
_enter = st.sampled_from(("<enter>", "<enter>", "<enter>", "<enter><enter>", "", "<tab>", "<escape>"))
_place = st.sampled_from(
    (
        "<f2>", "<f3>", "<f4>", "<f9>", "<f2>", "<f3>", "<f4>", ":ho<enter>", ":cu<enter>", ":bal<enter>", ":pay<enter>",
        ":pa unas<enter>", ":pay ass<enter>", ":pay held<enter>", ":pay all<enter>", ":act<enter>", ":ba accounted<enter>",
        ":bal all<enter>", ":imp<enter>", ":cu<tab>wanj<enter>", ":x<enter><escape>", ":<escape>", ":help<enter><escape>",
        ":br NKU<enter>", ":files<enter><escape>", ":mem o<enter>", "<f6>", ":post<enter>",
    )
)  # fmt: skip
_move = st.sampled_from(
    (
        "<down>", "<down><down><down>", "jj", "k", "<up>", "<pagedown>", "<pagedown><pagedown>", "<pageup>", "<end>",
        "<home>", "<end><up>", "'o<enter>", "'mw<enter><down>", "'a<escape>", "<end><pageup><enter>", "<pagedown><down>",
    )
)  # fmt: skip
_verb = st.sampled_from(
    (
        "<enter>", "<enter><escape>", "<enter>n", "<escape>", "t", "z", "tt", "v", "v<enter>", "c", "<space>", "<space><space>", "m<escape>",
        "m1", "m4", "f2<enter><enter>", "f<enter>1<enter>", "f<escape>", "<tab>", "<tab><tab>", "a", "a<escape>", "x", "p", "d", "e", "b<escape>",
        "b3", "b1", "i", "s", "<ctrl+r>", "?<escape>", "<ctrl+p>sort<enter>", "<ctrl+p>new<enter>", "<ctrl+p>ed<enter>", "<ctrl+p><escape>",
        "e<tab><tab><tab><tab>edited<ctrl+s>", "e<enter><enter>5<enter><ctrl+s>",
    )
)  # fmt: skip
_search = st.builds(
    lambda word, end: f"/{word}{end}",
    _word,
    st.sampled_from(
        (
            "<enter>", "<enter>", "<enter><enter>", "<enter>n", "<enter><down><enter>", "<escape>", "<escape><escape>", "<f2><f3>",
            "<f3>", "<f2><enter>", "<backspace><enter>", "<down><enter>", "<ctrl+p><escape>", "<paste:a>",
        )
    ),
)  # fmt: skip
_record = st.builds(
    lambda who, kind, amount, tail: f"n{who}{kind}{amount}{tail}",
    st.one_of(st.just(""), st.builds(lambda word, end: f"{word}{end}", _word, st.sampled_from(("<enter>", "<enter>", "<down><enter>", "<tab>", "<enter><down><enter>", "<down><down><up><enter>")))),
    st.sampled_from(("1<enter>", "3<enter>", "l<enter>", "<right><enter>", "<enter>", "")),
    st.sampled_from(("777<enter>", "1,250.50<enter>", "5<enter>", "12.345<enter>", "x<enter>", "40<ctrl+s>", "<ctrl+d><enter>")),
    st.sampled_from(("<ctrl+s>", "<enter><ctrl+s>", "<enter>typed ahead<enter>R 1<enter>", "<enter><enter>R9<enter>", "<escape>", "<ctrl+s><escape>", "<ctrl+s><escape><escape>", "-1<ctrl+s><escape>")),
)  # fmt: skip
_associate = st.builds(
    lambda way, who: f"<f4>{way}{who}", st.sampled_from(("a", "<down>a", "<tab>a", "<tab><tab><tab>a", "<pagedown>a", "ta", "ttx", "tx")), st.sampled_from(("", "wanj<enter>", "000003<enter>", "zzz<enter>", "o<down><enter>", "<escape>"))
)  # fmt: skip
_import = st.sampled_from(
    (
        f":imp<enter><paste:{ROWS}><f3>",
        "<f3>i<escape>",
        f"<f3>i<paste:{ROWS}><escape>",
        ":imp<enter>nothing.csv<enter>",
    )
)
_nonsense = st.lists(st.sampled_from(KEYS), min_size=1, max_size=6).map("".join)
_step = st.one_of(
    _place,
    _move,
    _verb,
    _search,
    _record,
    _associate,
    _import,
    _place,
    _move,
    _verb,
    _search,
    _record,
    _nonsense,
)

meaningful = st.lists(_step, min_size=1, max_size=10).map(lambda steps: keys_of("".join(steps))[:120])
"""Steps of a teller, with slips."""
raw = st.lists(st.sampled_from(KEYS), min_size=1, max_size=40)
"""Any key of the alphabet."""
scripts = st.one_of(meaningful, meaningful, meaningful, raw)
