"""One declaration an endpoint: it makes the route, the checks, the validation and the API document."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar, get_args

from pydantic import BaseModel, Field, StringConstraints

from branchtui.contract.base import Answer, Flag, Request, Whole
from branchtui.contract.paging import DEFAULT_LIMIT, MAX_LIMIT, Page
from branchtui.contract.problem import Codes
from branchtui.ledger.operations import Command, Reply, execute
from branchtui.ledger.problems import Refusal, not_found
from branchtui.ledger.store.lists import Slice, Window
from branchtui.ledger.web.proof import refuse_unproved

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request as HttpRequest

    from branchtui.ledger.access import Permission, Principal, Scope
    from branchtui.ledger.core import Core
    from branchtui.ledger.store.unit import BulkTx, Tx

A = TypeVar("A", bound=Answer)

KEY_PATTERN: Final = "[A-Za-z0-9_-]{16,64}"
ETAG_PATTERN: Final = '"[1-9][0-9]{0,17}"'
_KEY: Final = re.compile(KEY_PATTERN)
_KEY_HEADER: Final = re.compile(f'"({KEY_PATTERN})"|({KEY_PATTERN})')
_ETAG: Final = re.compile(ETAG_PATTERN)


class NoQuery(Request):
    """An endpoint without parameters."""


class ListQuery(Request):
    """What every list takes: a place, a size, an order, a search, a count."""

    q: Annotated[str, StringConstraints(max_length=140)] | None = None
    sort: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=2_000)] | None = None
    anchor: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    limit: Annotated[Whole, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    count: Flag = False
    fields: Annotated[str, StringConstraints(min_length=1, max_length=1_000)] | None = None

    def window(self) -> Window:
        """The page that is asked for."""
        return Window(self.limit, self.cursor, self.anchor, self.sort, self.count)


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint.

    `keyed` endpoints need an `Idempotency-Key` (IDEM-1), those with `if_match` the version that was
    seen (CONC-2). `body` and `query` are refused when they hold more or other than the model says.
    `raw` endpoints read the request themselves (uploads, provider callbacks). One that `ignores_query` passes over
    what stands there: a provider sends to the address that was registered with it, and no payment is lost for that.
    `step_up` endpoints are for who proved to be the person a moment ago (AUTH-7).

    The rest is for who reads the API document: `operation` is the endpoint's name there (and that of the
    function in a generated client), `refuses` are the codes it may answer beside those that follow from the
    above, `sorts` what `sort=` of a list takes, `media_type` what an answer without a model is written in,
    `also` what else it comes in, where the request's `Accept` asks for it. With `may_wait` a long change is
    accepted as a job and answered 202; `exports` is a file of many rows, of which nobody gets many a minute. `patient`
    reads are exact however much they go through, and have `PATIENT_SECONDS` for it.
    """

    method: str
    path: str
    permission: Permission
    handler: Callable[[Call], Awaitable[Reply]]
    summary: str
    body: type[BaseModel] | None = None
    query: type[Request] = NoQuery
    answer: Any = None
    status: int = 200
    keyed: bool = False
    if_match: bool = False
    raw: bool = False
    step_up: bool = False
    exports: bool = False
    operation: str = ""
    refuses: tuple[str, ...] = ()
    sorts: tuple[str, ...] = ()
    media_type: str | None = None
    also: tuple[str, ...] = ()
    may_wait: bool = False
    patient: bool = False
    ignores_query: bool = False

    @property
    def changes(self) -> bool:
        """Whether it counts as a change of its caller; chunks of a file have limits of their own."""
        return self.method not in {"GET", "HEAD"} and not self.raw

    @property
    def name(self) -> str:
        """The endpoint as logs and fingerprints name it: never with values."""
        return f"{self.method} {self.path}"


@dataclass(slots=True)
class Call:
    """One request, read and permitted, on its way through a handler."""

    core: Core
    route: Route
    http: HttpRequest
    request_id: str
    path: dict[str, str]
    query: Any
    body: Any
    raw_body: bytes
    at_us: int
    asker: Principal | None = None
    if_match: int | None = None

    @property
    def principal(self) -> Principal:
        """Who asks; every route that is not public has one."""
        assert self.asker is not None, "a public route has no principal"
        return self.asker

    def scope_of(self, branch_id: str | None) -> Scope:
        """The part of the asker's scope that is this branch with those below it; None: all of it.

        Raises `Refusal` (404) for a branch outside it.
        """
        scope = self.principal.scope
        if branch_id is None:
            return scope
        if not scope.covers(branch_id):
            raise not_found("branch")
        return self.core.tree.scope(branch_id)

    async def execute(
        self, action: str, decide: Callable[[Tx, Command], Reply], *foreseen: tuple[type[Any], Any]
    ) -> Reply:
        """Run a keyed command exactly once, in the writer's next batch (IDEM-4, DUR-3).

        `foreseen` are rows that it asks for in any case, by class and key.
        """
        command = self._command(action)
        return await self.core.writer.submit(lambda tx: execute(tx, command, self._proved(decide), foreseen))

    async def execute_bulk(self, action: str, decide: Callable[[BulkTx, Command], Reply]) -> Reply:
        """Run a keyed command exactly once with the writer to itself, for thousands of rows (CONC-5)."""
        command = self._command(action)
        return await self.core.writer.bulk(
            lambda tx: execute(tx, command, self._proved(lambda _, command: decide(tx, command)))
        )

    def _proved(self, decide: Callable[[Tx, Command], Reply]) -> Callable[[Tx, Command], Reply]:
        """`decide`, behind the step-up where the route asks for one; a replay needs none (IDEM-5)."""
        if not self.route.step_up:
            return decide

        def proved(tx: Tx, command: Command) -> Reply:
            refuse_unproved(tx, command.principal, command.at_us)
            return decide(tx, command)

        return proved

    def _command(self, action: str) -> Command:
        return Command(
            key=idempotency_key(self.http),
            fingerprint=self._fingerprint(),
            principal=self.principal,
            action=action,
            at_us=self.at_us,
            request_id=self.request_id,
            confirm_duplicate_of=self.http.headers.get("confirm-duplicate-of"),
        )

    @property
    def version(self) -> int:
        """The version that the client saw; routes with `if_match` always have one."""
        assert self.if_match is not None, "the route asks for If-Match"
        return self.if_match

    def _fingerprint(self) -> bytes:
        """Who asked for exactly what (IDEM-3).

        Passwords are left out: a hash as quick as this one would give them away to whoever reads the table.
        """
        body = json.loads(self.raw_body) if self.raw_body else None
        if isinstance(body, dict) and self.route.body is not None:
            secret = _secret_members(self.route.body)
            body = {name: value for name, value in body.items() if name not in secret}
        parts = [
            self.principal.user_id,
            self.route.name,
            sorted(self.path.items()),
            sorted(self.http.query_params.multi_items()),
            self.if_match,
            self.http.headers.get("content-type", "").partition(";")[0].strip().lower(),
            body,
        ]
        canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).digest()


def _secret_members(model: type[BaseModel]) -> set[str]:
    """The members of a body that are passwords."""
    return {name for name, each in model.model_fields.items() if "SecretStr" in str(each.annotation)}


def idempotency_key(http: HttpRequest) -> str:
    """The request's key: an RFC 8941 string or a bare token of 16 to 64 characters.

    Raises:
        Refusal: 400 when it is missing or malformed.
    """
    given = http.headers.getlist("idempotency-key")
    if not given:
        raise Refusal(400, Codes.KEY_MISSING, "Every change needs an Idempotency-Key header.")
    found = _KEY_HEADER.fullmatch(given[0].strip()) if len(given) == 1 else None
    if found is None:
        raise Refusal(400, Codes.KEY_MALFORMED, "An Idempotency-Key has 16 to 64 letters, digits, _ or -.")
    return found[1] or found[2]


def is_key(text: str) -> bool:
    """Whether a text can be an operation's key (IDEM-1)."""
    return _KEY.fullmatch(text) is not None


def if_match_version(http: HttpRequest) -> int:
    """The version in `If-Match` (CONC-1, CONC-2).

    Raises:
        Refusal: 428 without it, 400 for `*`, 412 for a weak or foreign tag.
    """
    given = [each.strip() for each in http.headers.getlist("if-match")]
    if not given:
        raise Refusal(
            428, Codes.PRECONDITION_REQUIRED, "This change needs If-Match with the version that was seen."
        )
    if "*" in given:
        raise Refusal(400, Codes.MALFORMED, "If-Match: * is not accepted here.")
    found = _ETAG.fullmatch(given[0]) if len(given) == 1 else None
    if found is None:
        raise Refusal(412, Codes.PRECONDITION_FAILED, "If-Match holds no version of ours.")
    return int(found[0][1:-1])


def answered(answer: Answer, *, status: int = 200, version: int | None = None, **headers: str) -> Reply:
    """An answer to a read."""
    found = {"content-type": "application/json"} | {
        name.replace("_", "-"): text for name, text in headers.items()
    }
    if version is not None:
        found["etag"] = f'"{version}"'
    return Reply(status=status, body=answer.model_dump_json().encode(), headers=found)


def paged(rows: Slice[Any], items: tuple[A, ...], call: Call) -> Reply:
    """A page as an answer; `fields=` keeps only the named members of each item.

    Raises:
        Refusal: 400 for a field that the items do not have.
    """
    page = Page[Any](
        items=items, next=rows.next, prev=rows.prev, count=rows.count, count_exact=rows.count_exact
    )
    if not call.query.fields:
        return answered(page)
    wanted = {name.strip() for name in call.query.fields.split(",")}
    unknown = wanted - item_members(call.route)
    if unknown:
        raise Refusal(400, Codes.MALFORMED, f"There is no field {min(unknown)} here.")
    body = page.model_dump(mode="json", exclude={"items"})
    body["items"] = [item.model_dump(mode="json", include=wanted | {"id", "version"}) for item in items]
    encoded = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status=200, body=encoded, headers={"content-type": "application/json"})


def item_members(route: Route) -> set[str]:
    """The members of the items that a list answers, whether there are any now or not."""
    item = get_args(route.answer.model_fields["items"].annotation)[0]
    return set(item.model_fields)
