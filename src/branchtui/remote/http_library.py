"""The HTTP library, imported in this one place, so that it can be replaced in one place.

`httpx` tries to load its own command line, and with it click, pygments and rich: three quarters of
what it costs to import, and parts of the terminal that this package must not know. It is made to
miss that module, for which it is prepared.
"""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["httpx"]

_COMMAND_LINE: Final = "httpx._main"

_hidden = _COMMAND_LINE not in sys.modules
if _hidden:
    # None is Python's own mark for "cannot be imported"; the declared type knows modules only.
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]
try:
    import httpx
finally:
    if _hidden:
        del sys.modules[_COMMAND_LINE]
