"""Writing customers: the row, and the marks under which lists find it, always together.

Every write of a customer goes through `keep` or, where thousands come at once, through `facet_rows`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from branchtui.ledger.store.rows import Account, CodeValue, Customer, CustomerFacet, Product, Staff
from branchtui.ledger.store.search import TRIGRAM, branch_mark, facet_mark, standing_mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from branchtui.ledger.store.unit import Tx

LABEL: Final = 0
STAFF: Final = 1
PRODUCT: Final = 2
GROUP: Final = 3
ORGANISATION: Final = 4
"""Kinds of marks."""


def keep(tx: Tx, customer: Customer, *, is_new: bool = False) -> Customer:
    """Put a customer with the marks that the values and the accounts' products give; returns the row as it is put."""
    products: Iterable[str] = () if is_new else _products(tx, customer.id)
    before = None if is_new else tx.get(Customer, customer.id)
    kept = replace(customer, facets="".join(sorted({*_marks(tx, customer), *_product_marks(tx, products)})))
    old = {(row.facet, row.name_key): row for row in (facet_rows(before) if before else ())}
    for row in facet_rows(kept):
        if old.pop((row.facet, row.name_key), None) != row:
            tx.put(row)
    for gone in old.values():
        tx.remove(gone)
    tx.put(kept)
    return kept


def refile(tx: Tx, customer_id: str) -> None:
    """Bring the marks up to date after an account of the customer was opened."""
    customer = tx.get(Customer, customer_id)
    assert customer is not None, "an account names a customer that exists"
    keep(tx, customer)


def remove(tx: Tx, customer: Customer) -> None:
    """Delete a customer and his place in the lists."""
    for row in facet_rows(customer):
        tx.remove(row)
    tx.remove(customer)


def facet_rows(customer: Customer) -> Iterator[CustomerFacet]:
    """The customer under each of his marks."""
    own = marks_of(customer.facets, customer.branch_id, customer.status)
    for place in range(0, len(customer.facets), TRIGRAM):
        mark = customer.facets[place : place + TRIGRAM]
        yield CustomerFacet(mark, customer.name_key, customer.id, own)


def marks_of(facets: str, branch_id: str, status: str) -> str:
    """All marks of a customer, branch and status included."""
    return facets + branch_mark(branch_id) + standing_mark(status)


def _marks(tx: Tx, customer: Customer) -> Iterator[str]:
    coded = [(LABEL, each) for each in json.loads(customer.labels)]
    coded += [(GROUP, customer.group_id), (ORGANISATION, customer.organisation_id)]
    for kind, value_id in coded:
        value = tx.get(CodeValue, value_id) if value_id is not None else None
        if value is not None:
            yield facet_mark(kind, value.number)
    staff = tx.get(Staff, customer.staff_id) if customer.staff_id is not None else None
    if staff is not None:
        yield facet_mark(STAFF, staff.number)


def _products(tx: Tx, customer_id: str) -> set[str]:
    return {each.product for each in tx.find(Account, customer_id=customer_id) if each.product}


def _product_marks(tx: Tx, codes: Iterable[str]) -> Iterator[str]:
    for code in codes:
        product = tx.find_one(Product, code=code)
        if product is not None:
            yield facet_mark(PRODUCT, product.number)
