"""What every command ends with: its exit code, and the sentence that says why not."""

import sys

DONE, REFUSED, WRONG_USAGE = 0, 1, 2


def fail(sentence: str, code: int = REFUSED) -> int:
    """Say on standard error why not, and give the exit code for it."""
    sys.stderr.write(f"{sentence}\n")
    return code
