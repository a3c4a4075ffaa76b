"""Products: the kinds of accounts as the institution sells them (contract, section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func

from branchtui.contract import codes as wire
from branchtui.contract.customers import AccountKind
from branchtui.format.folding import fold
from branchtui.ledger.operations import Reply
from branchtui.ledger.problems import invalid
from branchtui.ledger.store import tables
from branchtui.ledger.store.list_spec import ListSpec, Sort
from branchtui.ledger.store.rows import Product
from branchtui.ledger.workflows.catalogue import Catalogue
from branchtui.ledger.workflows.codes import next_facet

if TYPE_CHECKING:
    from branchtui.ledger.access import Principal
    from branchtui.ledger.core import Core
    from branchtui.ledger.operations import Command
    from branchtui.ledger.store.unit import Tx

_c = tables.products.c

PRODUCTS: Final = ListSpec(
    row_type=Product,
    name="products",
    sorts={"name": Sort("name_key", key=fold)},
    filters={
        "kind": _c.kind == bindparam("kind"),
        "active": _c.active == bindparam("active"),
        "q": func.instr(_c.name_key, bindparam("q")) > 0,
    },
)
"""The list behind `GET /v1/products`."""


def answer(who: Principal, product: Product) -> wire.Product:
    """A product as the contract shows one."""
    actions, refused = CATALOGUE.offered(who)
    return wire.Product(
        id=product.id,
        version=product.version,
        actions=actions,
        refused=refused,
        code=product.code,
        name=product.name,
        kind=AccountKind(product.kind),
        currency=product.currency,
        description=product.description,
        active=bool(product.active),
    )


CATALOGUE: Final = Catalogue(Product, "product", answer)


def find(tx: Tx, given: str) -> Product | None:
    """The product that a code, an id or an exact name means; None where there is none, or several have the name."""
    found = tx.find_one(Product, code=given) or tx.get(Product, given)
    if found is not None:
        return found
    named = tx.find(Product, name_key=fold(given))
    return named[0] if len(named) == 1 else None


def chosen(tx: Tx, given: str, kind: str, currency: str, pointer: str = "/product") -> Product:
    """The product that an account of this kind and currency is to be of.

    Raises:
        Refusal: 422 for one that is not there, is sold no more, or is of another kind or currency.
    """
    product = find(tx, given)
    if product is None:
        raise invalid(pointer, f"There is no product {given}.", "product-unknown")
    if not product.active:
        raise invalid(pointer, f"{product.name} is sold no more.", "product-inactive")
    if product.kind != kind:
        raise invalid(
            pointer, f"{product.name} is for {product.kind} accounts, not for {kind}.", "product-kind"
        )
    if product.currency not in {None, currency}:
        raise invalid(pointer, f"{product.name} is in {product.currency}, the account in {currency}.")
    return product


def create(core: Core, tx: Tx, command: Command, new: wire.NewProduct) -> Reply:
    """`POST /v1/products`.

    Raises:
        Refusal: 403, 409 `reference-taken` for a code that is used, 422 for a currency that does not exist.
    """
    CATALOGUE.refuse_new(tx, command.principal, new.code, new.currency)
    product = Product(
        id=core.new_id(),
        version=1,
        code=new.code,
        name=new.name,
        name_key=fold(new.name),
        kind=new.kind.value,
        currency=new.currency,
        description=new.description,
        active=1,
        number=next_facet(tx),
        created_at=command.at_us,
    )
    return CATALOGUE.add(tx, command, product, {"kind": product.kind})


def change(
    core: Core, tx: Tx, command: Command, product_id: str, seen: int, asked: wire.ProductChange
) -> Reply:
    """`PATCH /v1/products/{id}`. Accounts of a product that is sold no more stay as they are.

    Raises:
        Refusal: 403, 404, 412, 422.
    """
    return CATALOGUE.change(core, tx, command, product_id, seen, asked)
