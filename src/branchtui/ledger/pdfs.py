"""Papers as PDF, made beside the event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from branchtui.ledger.workflows.credit_statements import Whole


async def statement_pdf(found: Whole) -> bytes:
    """A whole statement."""

    def made() -> bytes:
        # The library comes along with the first one: it is a tenth of what a ledger takes to start.
        from branchtui.ledger.statement_pdf import as_pdf

        return as_pdf(found)

    return await asyncio.to_thread(made)
