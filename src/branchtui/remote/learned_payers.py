"""Learned payers over HTTP: listed, switched off and on again."""

from __future__ import annotations

from branchtui.contract.learned_payers import LearnedPayer, LearnedPayerChange, LearnedState
from branchtui.contract.paging import DEFAULT_LIMIT, Page
from branchtui.remote.calls import query_of, segment
from branchtui.remote.intents import Intent
from branchtui.remote.writing import Writing


class LearnedPayers(Writing):
    """The endpoints of learned payers. Changes raise what `Writing._write` raises."""

    async def learned_payers(
        self,
        *,
        state: LearnedState | None = None,
        q: str | None = None,
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[LearnedPayer]:
        """Learned payers, the last used first; `q` is a part of the payer's name or phone."""
        query = query_of(state=state, q=q or None, cursor=cursor, anchor=anchor, limit=limit, count=count)
        return await self._read("/v1/learned-payers", Page[LearnedPayer], query=query)

    async def switch_learned_payer(self, row: LearnedPayer, *, active: bool) -> LearnedPayer:
        """Propose the customer for this payer no more, or again."""
        intent = Intent.plain("learned-payer.change", row.customer.customer_no, target=row.id)
        return await self._write(
            intent,
            method="PATCH",
            path=f"/v1/learned-payers/{segment(row.id)}",
            body=LearnedPayerChange(active=active),
            if_match=row.version,
            answer=LearnedPayer,
        )
