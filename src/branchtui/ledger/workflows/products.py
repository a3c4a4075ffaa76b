"""Products: the kinds of accounts as the institution sells them (contract, section 2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func

from branchtui.contract import codes as wire
from branchtui.contract.customers import AccountKind
from branchtui.contract.problem import Codes
from branchtui.format.folding import fold
from branchtui.ledger import audit, history
from branchtui.ledger.access import Permission
from branchtui.ledger.operations import Reply, reply
from branchtui.ledger.problems import conflict, invalid, not_found
from branchtui.ledger.store import tables
from branchtui.ledger.store.lists import ListSpec, Sort
from branchtui.ledger.store.rows import Product
from branchtui.ledger.workflows.changing import differences, offered, refuse_whole, sent_members
from branchtui.ledger.workflows.codes import next_facet
from branchtui.ledger.workflows.currencies import verify_currency

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


def path_of(product: Product) -> str:
    """Where a product is found."""
    return f"/v1/products/{product.id}"


def answer(who: Principal, product: Product) -> wire.Product:
    """A product as the contract shows one."""
    actions, refused = offered({"edit": refuse_whole(who, Permission.CODE_ADMIN, "products")})
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
    if refusal := refuse_whole(command.principal, Permission.CODE_ADMIN, "products"):
        raise refusal
    if new.currency is not None:
        verify_currency(new.currency)
    taken = tx.find_one(Product, code=new.code)
    if taken is not None:
        raise conflict(
            Codes.REFERENCE_TAKEN,
            f"There is a product {new.code} already. Nothing was recorded.",
            existing={"id": taken.id, "code": taken.code, "name": taken.name},
        )
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
    tx.put(product)
    after = {"code": product.code, "name": product.name, "kind": product.kind, "version": 1}
    return _done(command, product, audit.Event(command.action, object=path_of(product), after=after), 201)


def change(
    core: Core, tx: Tx, command: Command, product_id: str, seen: int, asked: wire.ProductChange
) -> Reply:
    """`PATCH /v1/products/{id}`. Accounts of a product that is sold no more stay as they are.

    Raises:
        Refusal: 403, 404, 412.
    """
    who = command.principal
    if refusal := refuse_whole(who, Permission.CODE_ADMIN, "products"):
        raise refusal
    product = tx.get(Product, product_id)
    if product is None:
        raise not_found("product")
    if product.version != seen:
        changes = history.changes_since(tx, path_of(product), seen)
        raise history.stale(answer(who, product), changes, core.tree[who.branch_id].timezone)
    sent = sent_members(asked, never_empty={"name", "description", "active"})
    if "active" in sent:
        sent["active"] = int(sent["active"])
    before = differences(product, sent)
    if not before:
        return _done(command, product, audit.Event(command.action, object=path_of(product)))
    changed = replace(product, **sent, version=product.version + 1)
    changed = replace(changed, name_key=fold(changed.name))
    tx.put(changed)
    after = {name: sent[name] for name in before} | {"version": changed.version}
    event = audit.Event(command.action, object=path_of(product), before=before, after=after)
    return _done(command, changed, event)


def _done(command: Command, product: Product, event: audit.Event, status: int = 200) -> Reply:
    return reply(
        answer(command.principal, product),
        event=event,
        branch_id=command.principal.branch_id,
        status=status,
        resource=path_of(product),
        version=product.version,
        location=path_of(product) if status == 201 else None,
        summary=f"product {product.code}",
    )
