"""Where the randomness of the fault tests comes from, so that a failure can be had again.

`tests/conftest.py` draws a seed for the whole run, tells it in the head of the run as
`SEED=... COMMIT=...`, and takes one that is given: `BRANCHTUI_SEED=... make faults`.
"""

from __future__ import annotations

import os
import random
from typing import Final

VARIABLE: Final = "BRANCHTUI_SEED"


def seed() -> str:
    """The seed of this run."""
    return os.environ[VARIABLE]


def chance(*purpose: object) -> random.Random:
    """Randomness for one purpose, from the seed of this run."""
    return random.Random("/".join([seed(), *(str(part) for part in purpose)]))


def figure(variable: str, usual: int) -> int:
    """How much of something: the environment's word (for a long night), else the usual amount."""
    return int(os.environ.get(variable, str(usual)))
