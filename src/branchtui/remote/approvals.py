"""Requests that wait for a second person (contract, section 9)."""

from __future__ import annotations

from branchtui.contract.approvals import Approval, Approve, NewApproval, Reject
from branchtui.contract.paging import DEFAULT_LIMIT, Page
from branchtui.remote.calls import query_of, segment
from branchtui.remote.intents import Intent
from branchtui.remote.writing import Writing


class Approvals(Writing):
    """The endpoints of approvals. Changes raise what `Writing._write` raises."""

    async def approvals(
        self,
        *,
        view: str = "all",
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[Approval]:
        """Requests, newest first: `mine`, `to-decide` or `all` that one may see."""
        query = query_of(view=view, cursor=cursor, anchor=anchor, limit=limit, count=count)
        return await self._read("/v1/approvals", Page[Approval], query=query)

    async def approval(self, approval_id: str) -> Approval:
        """One request, its difference as it stands now."""
        return await self._read(f"/v1/approvals/{segment(approval_id)}", Approval)

    async def file_approval(self, wanted: NewApproval, summary: str) -> Approval:
        """Ask a second person. Raises AwaitsApproval when it waits, which is what was wanted.

        `summary` holds neither a full name nor a phone.
        """
        intent = Intent.plain("approval.file", summary, target=wanted.object_id)
        return await self._write(intent, path="/v1/approvals", body=wanted, answer=Approval)

    async def approve(self, approval: Approval) -> Approval:
        """Approve exactly the difference that `approval` shows; Conflict `stale-approval` when it moved."""
        return await self._write(
            self._intent("approval.approve", approval),
            path=f"/v1/approvals/{segment(approval.id)}/approve",
            body=Approve(difference_hash=approval.difference_hash),
            answer=Approval,
        )

    async def reject(self, approval: Approval, reason: str) -> Approval:
        """Reject a request."""
        return await self._write(
            self._intent("approval.reject", approval),
            path=f"/v1/approvals/{segment(approval.id)}/reject",
            body=Reject(reason=reason),
            answer=Approval,
        )

    async def withdraw(self, approval: Approval) -> Approval:
        """Withdraw one's own request."""
        return await self._write(
            self._intent("approval.withdraw", approval),
            path=f"/v1/approvals/{segment(approval.id)}/withdraw",
            answer=Approval,
        )

    @staticmethod
    def _intent(action: str, approval: Approval) -> Intent:
        return Intent.plain(action, approval.summary, target=approval.id)
