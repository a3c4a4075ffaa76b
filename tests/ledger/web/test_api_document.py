"""The API document by itself: it is what its standard says, names every endpoint, and its examples hold.

What the ledger makes of its readers is tried in `tests/ledger/faults/test_strangers.py` and
`tests/e2e/test_generated_client.py`.
"""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.ledger.running import RunningLedger
from tests.ledger.web.every_route import ROUTES

from branchtui.contract.problem import Codes
from branchtui.ledger.web.openapi import document, openapi_path
from branchtui.ledger.web.openapi_answers import refusals
from branchtui.ledger.web.openapi_examples import BODIES
from branchtui.ledger.web.openapi_guide import CODES, TAGS
from branchtui.ledger.web.openapi_links import LINKS
from branchtui.ledger.web.route import ListQuery

DOCUMENT: dict[str, Any] = json.loads(document(ROUTES))
OPERATIONS = {
    each["operationId"]: each for methods in DOCUMENT["paths"].values() for each in methods.values()
}


def test_the_document_is_valid() -> None:
    """Contract 1: OpenAPI 3.1, in the words of a validator that others use."""
    assert [str(error) for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_the_document_names_every_endpoint(running_ledger: RunningLedger) -> None:
    """Contract 1: the document that is served is made of the routes that are served."""
    served = running_ledger.anonymous().get("/openapi.json").json()
    named = {f"{method.upper()} {path}" for path, methods in served["paths"].items() for method in methods}
    assert named == {f"{route.method} {openapi_path(route.path)}" for route in ROUTES}


def test_every_endpoint_has_a_name_of_its_own_and_a_known_tag() -> None:
    """A generated client's functions are called by these, and found under them."""
    assert all(route.operation for route in ROUTES)
    assert len(OPERATIONS) == len(ROUTES)
    assert {tag["name"] for tag in DOCUMENT["tags"]} <= TAGS.keys()


def test_every_list_names_its_orders() -> None:
    """What the document does not name is refused; who reads it must not have to guess."""
    lists = [route for route in ROUTES if issubclass(route.query, ListQuery)]
    assert lists
    assert {f"{route.method} {route.path}" for route in lists if not route.sorts} == set()


def test_every_code_is_explained() -> None:
    """Clients switch on codes (ERR-1): the guide says of each what it means, and each endpoint which it has."""
    known = {code for name, code in vars(Codes).items() if name.isupper()}
    assert CODES.keys() == known
    assert {code for route in ROUTES for codes in refusals(route).values() for code in codes} <= known


def test_links_lead_to_operations_that_take_what_they_bring() -> None:
    """A link names an operation, and parameters and members that it has."""
    for source, links in LINKS.items():
        assert source in OPERATIONS
        for link in links:
            target = OPERATIONS[link.to]
            taken = {_name(each) for each in target["parameters"]}
            assert {name for name, _ in link.parameters} <= taken, (source, link.to)
            assert not link.body or "requestBody" in target, (source, link.to)


def _name(parameter: dict[str, Any]) -> str:
    if "$ref" in parameter:
        parameter = DOCUMENT["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
    return f"{parameter['in']}.{parameter['name']}"


@pytest.mark.parametrize("name", BODIES)
def test_an_example_is_what_its_schema_allows(name: str) -> None:
    """Who copies an example is not refused for its form."""
    method, path = name.split(" ")
    content = DOCUMENT["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]
    validator = jsonschema_rs.Draft202012Validator(
        content["schema"] | {"components": DOCUMENT["components"]}, validate_formats=True
    )
    for example in content["examples"].values():
        assert [str(error) for error in validator.iter_errors(example["value"])] == []


def test_the_document_is_read_again_only_when_it_changed(running_ledger: RunningLedger) -> None:
    """A program that asks each time it starts is sent a few bytes; the tag of the compressed form is its own."""
    anonymous = running_ledger.anonymous()
    plain = anonymous.send("GET", "/openapi.json", headers={"accept-encoding": "identity"})
    packed = anonymous.send("GET", "/openapi.json", headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.json() == packed.json()
    assert plain.headers["etag"] != packed.headers["etag"]
    for seen in (plain, packed):
        encoding = seen.request.headers["accept-encoding"]
        again = anonymous.send(
            "GET",
            "/openapi.json",
            headers={"accept-encoding": encoding, "if-none-match": seen.headers["etag"]},
        )
        assert (again.status_code, again.content) == (304, b"")
    other = anonymous.send("GET", "/openapi.json", headers={"if-none-match": '"another"'})
    assert other.status_code == 200
