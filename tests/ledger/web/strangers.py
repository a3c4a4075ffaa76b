"""Someone who knows the API document alone, tries all that it allows and forbids, and holds the ledger to it (T-24)."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER
from tests.ledger.faults.seeds import chance
from tests.ledger.running import fresh_key

from branchtui.ledger.texts import is_unsafe
from branchtui.ledger.web.openapi_schemas import TEXT_PATTERN, TRIMMED_PATTERN
from branchtui.ledger.web.route import KEY_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis.checks import CheckContext
    from schemathesis.core.failures import Failure
    from schemathesis.core.transport import Response
    from schemathesis.generation.case import Case
    from tests.ledger.running import RunningLedger

    from branchtui.contract.sessions import Role

_KEY: Final = re.compile(f'{KEY_PATTERN}|"{KEY_PATTERN}"')

# Schemathesis gives each check a list of what it takes for an answer to the purpose. Beside its own:
_EXPECTED: Final = {
    "negative_data_rejection": {
        # A tag that is none of ours is a precondition that fails (RFC 9110, 13.1.1), and what is too large is
        # refused before anybody looks what it is.
        "expected-statuses": "400 401 403 404 405 406 409 412 413 415 422 428 429 431".split()
    },
    # RFC 6585, 3: a missing precondition has a status of its own.
    "missing_required_header": {"expected-statuses": ["400", "401", "403", "406", "415", "422", "428"]},
    # A value of the right form may still be refused by a rule of the ledger: 400 and 422 are judged by
    # `refused_by_a_rule`, more strictly than by their number. A version is rarely the present one (412), a
    # cursor of one's own making no cursor (400).
    "positive_data_acceptance": {
        "expected-statuses": ["2xx", "400", "401", "403", "404", "409", "410", "412", "422"]
    },
}

_FORM_CODES: Final = frozenset(
    "missing extra_forbidden int_type int_parsing string_type bool_type enum literal_error string_too_long "
    "string_too_short string_pattern_mismatch greater_than_equal less_than_equal too_short too_long repeated "
    "list_type dict_type tuple_type date_type model_type".split()
)
"""What a body or parameter is refused for whose form is not the documented one."""


@dataclass
class Visit:
    """What a stranger's visit came to."""

    calls: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    done: set[str] = field(default_factory=set)
    complaints: dict[tuple[str, str], str] = field(default_factory=dict)


class Stranger:
    """Signs in with a role and goes through the document, in all of schemathesis' phases and both of its modes."""

    def __init__(self, ledger: RunningLedger, role: Role, *, examples: int, callback_token: str) -> None:
        self._ledger = ledger
        self._role = role
        self._random = chance("stranger", role.value)
        self._token = ""
        self._sessions = 0
        self._config = SchemathesisConfig.from_dict(
            {
                "seed": self._random.getrandbits(32),
                "continue-on-failure": True,
                "base-url": ledger.url,
                # Half of the strangers write as Western Europe does, half anything that Unicode has.
                "generation": {
                    "mode": "all",
                    "max-examples": examples,
                    "no-shrink": True,
                    "database": "none",
                    "codec": "iso8859-15" if role.value in {"teller", "administrator"} else "utf-8",
                },
                "parameters": {"path.token": callback_token},
                "checks": _EXPECTED,
            }
        )

    def visit(self) -> Visit:
        """Go through the document once."""
        served = self._ledger.anonymous().get("/openapi.json").json()
        schema = schemathesis.openapi.from_dict(_generable(served), config=self._config)
        schema.auth(refresh_interval=None)(self._auth())
        found = Visit()
        with self._hooks():
            for event in from_schema(schema).execute():
                if isinstance(event, events.ScenarioFinished):
                    _note(found, event)
                elif isinstance(event, events.NonFatalError):
                    found.complaints["engine", str(event.label)] = str(event.value)
                elif isinstance(event, events.FatalError):
                    raise event.exception
        return found

    def _auth(self) -> type:
        stranger = self

        class Auth:
            """A bearer token, and another one after the last was ended."""

            def get(self, case: Case, context: Any) -> str:
                return stranger._present_token()

            def set(self, case: Case, data: str, context: Any) -> None:
                case.headers["Authorization"] = f"Bearer {data}"

        return Auth

    def _present_token(self) -> str:
        """Each session is a new user's: the last one may have been locked, disabled or given a new password."""
        if not self._token:
            self._sessions += 1
            username = f"stranger-{self._role.value}-{self._sessions}"
            self._ledger.add_user(username, self._role)
            self._token = self._ledger.sign_in(username, fresh=True).token
        return self._token

    @contextmanager
    def _hooks(self) -> Iterator[None]:
        """Hooks of calls are the whole process's in schemathesis: they are taken out again."""

        def before_call(_: Any, case: Case, kwargs: dict[str, Any]) -> None:  # noqa: ARG001 - a hook has its signature
            # The simplest key that fits the pattern is the same one each time: nearly all would be replays.
            headers: dict[str, Any] = dict(case.headers or {})
            key = headers.get("Idempotency-Key")
            if isinstance(key, str) and _KEY.fullmatch(key) and self._random.random() < 0.9:
                case.headers["Idempotency-Key"] = fresh_key()

        def after_call(context: Any, case: Case, response: Response) -> None:  # noqa: ARG001 - a hook has its signature
            if response.status_code == 401 or case.operation.label == "DELETE /v1/sessions/current":
                self._token = ""

        def filter_failure(context: Any, failure: Failure, case: Case, response: Response) -> bool:  # noqa: ARG001 - a hook has its signature
            # With `fields` an item has the named members alone; the guide says that the schemas describe a list
            # that was asked for without it, so that a generated client has them all.
            query: dict[str, Any] = dict(case.query or {})
            return not (query.get("fields") and "is a required property" in failure.message)

        hooks = (before_call, after_call, filter_failure)
        for hook in hooks:
            schemathesis.hook(hook)
        try:
            yield
        finally:
            for hook in hooks:
                GLOBAL_HOOK_DISPATCHER.unregister(hook)


@schemathesis.check
def refused_by_a_rule(ctx: CheckContext, response: Response, case: Case) -> None:  # noqa: ARG001 - a check has its signature
    """What has the documented form is refused by a rule of the ledger or not at all, never for its form."""
    if (
        case.meta is None
        or not case.meta.generation.mode.is_positive
        or response.status_code not in {400, 422}
    ):
        return
    problem = response.json()
    if response.status_code == 400:
        query = case.query or {}
        # No form tells a cursor that the ledger gave out, or a key that has a place in an order.
        opens = "cursor" in query or str(query.get("anchor", "")).startswith("key:")
        # Nor a digest that is the chunk's.
        assert opens or case.operation.label == "PUT /v1/uploads/{id}", (
            f"refused as unreadable: {problem['detail']}"
        )
    for error in problem["errors"]:
        if error["code"] == "text":
            # Private and unassigned code points and lone joiners are told in words, not in the schema's pattern.
            assert _has_unsafe(case), f"refused for its text: {error}"
        elif error["code"] == "int_type":
            # JSON Schema takes 1.0 for a whole number; the ledger reads no amount that is written as a fraction.
            assert _has_float(case.body), f"refused for its form: {error}"
        else:
            assert error["code"] not in _FORM_CODES or _has_unsafe(case), f"refused for its form: {error}"


def _has_unsafe(case: Case) -> bool:
    return _unsafe(case.query) or _unsafe(case.body)


def _has_float(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(_has_float(each) for each in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, float)


def _unsafe(value: Any) -> bool:
    """Whether a text in it is none that the ledger keeps as it is."""
    if isinstance(value, str):
        return is_unsafe(value) or value != value.strip() or not value.isascii()
    if isinstance(value, dict):
        return any(_unsafe(each) for pair in value.items() for each in pair)
    return isinstance(value, list) and any(_unsafe(each) for each in value)


def _note(found: Visit, event: events.ScenarioFinished) -> None:
    recorder = event.recorder
    found.calls += len(recorder.interactions)
    for case_id, interaction in recorder.interactions.items():
        if interaction.response is None:
            found.complaints["no answer", str(event.label)] = interaction.request.uri
            continue
        found.statuses[interaction.response.status_code] += 1
        if interaction.response.status_code < 300 and case_id in recorder.cases:
            found.done.add(recorder.cases[case_id].value.operation.label)
    for case_id, nodes in recorder.checks.items():
        for node in nodes:
            if node.failure_info is not None:
                failure = node.failure_info.failure
                answered = (
                    recorder.interactions[case_id].response if case_id in recorder.interactions else None
                )
                found.complaints.setdefault(
                    (node.name, str(failure.operation)),
                    f"{failure.title}: {failure.message}\n{node.failure_info.code_sample}\n"
                    f"{answered.content[:600] if answered is not None and answered.content else ''!r}",
                )


def _generable(document: Any) -> Any:
    """The document in a form from which values are drawn quickly: what is left out narrows what is tried.

    A text by its pattern costs milliseconds, one of two thousand characters seconds. What a text may not hold is
    tried in `test_hostile_bodies.py`; `fields` and `anchor` are drawn from a few that fit.
    """
    if isinstance(document, list):
        return [_generable(each) for each in document]
    if not isinstance(document, dict):
        return document
    if document.get("in") == "query" and document.get("name") in {"fields", "anchor"}:
        schema = {"type": "string", "enum": _few(document["name"], document["schema"]["pattern"])}
        return document | {"schema": schema}
    return {
        name: _generable(each)
        for name, each in document.items()
        if not (name == "pattern" and each in {TEXT_PATTERN, TRIMMED_PATTERN})
    }


def _few(name: str, pattern: str) -> list[str]:
    if name == "anchor":
        return ["first", "last", "id:018f3c1e-5b7a-7c3e-9d21-4f1f0f6f2a11", "key:2026-09-30", "key:a"]
    members = re.findall(r"[a-z_0-9]+", pattern.partition(")")[0])
    return [members[0], ",".join(members[:3]), ",".join(reversed(members))]
