"""The parts of a profile: family, addresses, identifiers, notes, further details, documents, history (section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from branchtui.contract.base import Resource
from branchtui.contract.customer_parts import (
    AdditionalDetails,
    AdditionalDetailsChange,
    Address,
    Document,
    FamilyMember,
    HistoryEntry,
    Identifier,
    NewDocument,
    Note,
)
from branchtui.contract.paging import DEFAULT_LIMIT, Page
from branchtui.remote.calls import query_of, segment
from branchtui.remote.customers import path_of
from branchtui.remote.documents import Documents
from branchtui.remote.intents import Intent

if TYPE_CHECKING:
    from pathlib import Path

    from branchtui.contract.base import Request

P = TypeVar("P", bound=Resource)


@dataclass(frozen=True, slots=True)
class PartKind(Generic[P]):
    """A kind of part: the end of its path, the member of a profile that holds it, and the model of its answer."""

    path: str
    include: str
    answer: type[P]


FAMILY: Final = PartKind("family-members", "family", FamilyMember)
ADDRESSES: Final = PartKind("addresses", "addresses", Address)
IDENTIFIERS: Final = PartKind("identifiers", "identifiers", Identifier)
NOTES: Final = PartKind("notes", "notes", Note)


class CustomerParts(Documents):
    """The endpoints of parts. Readings raise as `Reads`, changes as `Writing._write`.

    `number` is the customer's, for who reads the change before it is confirmed.
    """

    async def add_part(self, customer_id: str, number: str, kind: PartKind[P], new: Request) -> P:
        """One more part."""
        return await self._write(
            Intent.plain(f"{kind.path}.create", number, target=customer_id),
            path=path_of(customer_id, kind.path),
            body=new,
            answer=kind.answer,
        )

    async def change_part(
        self, customer_id: str, number: str, kind: PartKind[P], part: P, change: Request
    ) -> P:
        """Change what was set in `change`, and nothing else."""
        return await self._write(
            Intent.plain(f"{kind.path}.change", number, target=part.id),
            method="PATCH",
            path=path_of(customer_id, kind.path, segment(part.id)),
            body=change,
            if_match=part.version,
            answer=kind.answer,
        )

    async def delete_part(self, customer_id: str, number: str, kind: PartKind[P], part: P) -> None:
        """Take a part away."""
        await self._erase(
            Intent.plain(f"{kind.path}.delete", number, target=part.id),
            path=path_of(customer_id, kind.path, segment(part.id)),
            if_match=part.version,
            current=kind.answer,
        )

    async def set_details(
        self, number: str, seen: AdditionalDetails, change: AdditionalDetailsChange
    ) -> AdditionalDetails:
        """Set all further details of the customer `seen.id`, against what was seen."""
        return await self._write(
            Intent.plain("customer-details.change", number, target=seen.id),
            method="PUT",
            path=path_of(seen.id, "additional-details"),
            body=change,
            if_match=seen.version,
            answer=AdditionalDetails,
        )

    async def keep_document(self, customer_id: str, number: str, new: NewDocument) -> Document:
        """Keep an upload that has arrived whole; what it is, is told by its content."""
        return await self._write(
            Intent.plain("document.create", number, target=customer_id),
            path=path_of(customer_id, "documents"),
            body=new,
            answer=Document,
        )

    async def save_document(self, customer_id: str, document: Document, to_path: Path) -> None:
        """Save the bytes of a document. Never over a file that exists (FileProblem)."""
        await self._save(path_of(customer_id, "documents", segment(document.id), "content"), to_path)

    async def delete_document(self, customer_id: str, number: str, document: Document) -> None:
        """Take a document away, its bytes too."""
        await self._erase(
            Intent.plain("document.delete", number, target=document.id),
            path=path_of(customer_id, "documents", segment(document.id)),
            if_match=document.version,
            current=Document,
        )

    async def customer_history(
        self,
        customer_id: str,
        *,
        sort: str | None = None,
        cursor: str | None = None,
        anchor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        count: bool = False,
    ) -> Page[HistoryEntry]:
        """What was done to a customer and the parts of the profile, the newest first."""
        query = query_of(sort=sort, cursor=cursor, anchor=anchor, limit=limit, count=count)
        return await self._read(path_of(customer_id, "history"), Page[HistoryEntry], query=query)
