"""The program at a ledger whose every text is hostile: `python -m tests.e2e.poisoned wire|inside OFFSET [arguments]`.

`wire`: the texts come so over the line, as from a ledger that was broken into. `inside`: they are put behind
the client's own cleaning, as if it had none, so that what stands behind it is tried alone.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Callable
from typing import Any, Final

from tests.format.payloads import PAYLOADS

from branchtui import cli
from branchtui.format.safe_text import safe_object
from branchtui.remote import answers

TEXTS: Final = frozenset({
    *("name", "first_name", "middle_name", "last_name", "institution", "narration", "external_ref", "reference"),
    *("payer_name", "payer_phone", "account_ref", "created_by", "mobile_no", "product", "email", "external_id"),
    *("detail", "title", "message", "waits_because", "customer_no", "account_no", "payment_no", "branch_name"),
    *("branch_code", "summary", "changed_by", "actor", "reason", "provider", "associated_by", "code_text", "column"),
})  # fmt: skip
LISTS: Final = frozenset({"reasons", "columns", "questions"})


def poisoner(payloads: list[str], offset: int) -> Any:
    """Puts the payloads, one after the other from `offset`, before every text of a decoded answer."""
    following = itertools.cycle(payloads[offset % len(payloads) :] + payloads[: offset % len(payloads)])

    def poisoned(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            # The names of cells in a row of a file are whatever its first line said.
            return {name: poisoned(each, "cells" if key == "cells" else name) for name, each in value.items()}
        if isinstance(value, list):
            return [poisoned(each, key) for each in value]
        if isinstance(value, str) and (key in TEXTS or key in LISTS or key == "cells"):
            return next(following) + value
        return value

    return poisoned


def poison_then_clean(poison: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What comes over the line is hostile."""
    return lambda found: safe_object(poison(found))


def clean_then_poison(poison: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What has come through the cleaning is hostile."""
    return lambda found: poison(safe_object(found))


if __name__ == "__main__":
    mode, offset, *arguments = sys.argv[1:]
    if mode == "wire":
        poison = poisoner(PAYLOADS, int(offset))
        tainted = poison_then_clean(poison)
    else:
        # The models take no half of a pair of surrogates; that is not for a screen to meet.
        poison = poisoner([each for each in PAYLOADS if not re.search("[\ud800-\udfff]", each)], int(offset))
        tainted = clean_then_poison(poison)
    setattr(answers, "safe_object", tainted)  # noqa: B010 - in the place of what it imports
    sys.exit(cli.main(arguments))
