"""A stranger who knows the API document alone: what it says is so, and nothing it allows breaks the ledger (T-24).

`st run URL/openapi.json --checks all` is the long form of this, for a night.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.ledger.running import RunningLedger, fresh_key
from tests.ledger.web.every_route import ROUTES

from branchtui.ledger.web.openapi import document

EXAMPLES = 7
SKIPPED = {"DELETE /v1/sessions/current"}
"""It would end the session that the others use."""

_SCHEMA = schemathesis.openapi.from_dict(json.loads(document(ROUTES)))
OPERATIONS = [found.ok() for found in _SCHEMA.get_all_operations() if isinstance(found, Ok)]
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]


def test_the_document_names_every_endpoint(running_ledger: RunningLedger) -> None:
    """Contract 1: the document that is served is made of the routes that are served."""
    served = running_ledger.anonymous().get("/openapi.json").json()
    named = {f"{method.upper()} {path}" for path, methods in served["paths"].items() for method in methods}
    assert named == {route.name for route in ROUTES} == {each.label for each in OPERATIONS}


@pytest.mark.parametrize(
    "operation",
    [each for each in OPERATIONS if each.label not in SKIPPED],
    ids=lambda operation: operation.label,
)
def test_what_the_document_allows_is_answered_as_it_says(
    running_ledger: RunningLedger, operation: Any
) -> None:
    """Every status, media type and body is documented, and none is a 5xx."""
    api = running_ledger.sign_in("supervisor")

    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Any) -> None:
        headers = {"authorization": f"Bearer {api.token}"}
        if "Idempotency-Key" in (case.headers or {}):
            headers["idempotency-key"] = fresh_key()
            del case.headers["Idempotency-Key"]
        response = case.call(base_url=running_ledger.url, headers=headers)
        case.validate_response(response, checks=CHECKS)

    run()
