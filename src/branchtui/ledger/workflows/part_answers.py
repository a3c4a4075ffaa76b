"""Parts of a profile as the contract shows them: codes by name, phones as the reader may see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from branchtui.contract import customer_parts as wire
from branchtui.ledger.clock import as_datetime
from branchtui.ledger.workflows.changing import offered
from branchtui.ledger.workflows.customer_views import day_of, phone_shown

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.problems import Refusal
    from branchtui.ledger.store.rows import Address, CustomerNote, FamilyMember, Identifier

Names = Mapping[str, str]
Refusals = Mapping[str, "Refusal | None"]


def family_member(who: Principal, row: FamilyMember, names: Names, refusals: Refusals) -> wire.FamilyMember:
    """Somebody of the family."""
    return wire.FamilyMember(
        **_head(row, refusals),
        first_name=row.first_name,
        middle_name=row.middle_name,
        last_name=row.last_name,
        relationship=names.get(row.relationship, row.relationship),
        is_contact=bool(row.is_contact),
        mobile_no=phone_shown(who, row.mobile_no),
        date_of_birth=day_of(row.date_of_birth),
        age=row.age,
        gender=None if row.gender is None else names.get(row.gender, row.gender),
        profession=row.profession,
        marital_status=row.marital_status,
        is_dependent=bool(row.is_dependent),
    )


def address(_: Principal, row: Address, names: Names, refusals: Refusals) -> wire.Address:
    """Where the customer is found."""
    return wire.Address(
        **_head(row, refusals),
        address_type=names.get(row.address_type, row.address_type),
        street=row.street,
        line_1=row.line_1,
        line_2=row.line_2,
        line_3=row.line_3,
        city=row.city,
        state_province=row.state_province,
        country=row.country,
        postal_code=row.postal_code,
        active=bool(row.active),
    )


def identifier(_: Principal, row: Identifier, names: Names, refusals: Refusals) -> wire.Identifier:
    """A number that somebody else has given."""
    return wire.Identifier(
        **_head(row, refusals),
        identifier_type=names.get(row.identifier_type, row.identifier_type),
        number=row.number,
        description=row.description,
        valid_until=day_of(row.valid_until),
    )


def note(_: Principal, row: CustomerNote, __: Names, refusals: Refusals) -> wire.Note:
    """What somebody wrote."""
    return wire.Note(
        **_head(row, refusals),
        note=row.note,
        created_by=row.created_by,
        created_at=as_datetime(row.created_at),
    )


def _head(row: Any, refusals: Refusals) -> dict[str, Any]:
    actions, refused = offered(refusals)
    return {"id": row.id, "version": row.version, "actions": actions, "refused": refused}
