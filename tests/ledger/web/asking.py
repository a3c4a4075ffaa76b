"""A request as it would be sent, for the tables of every route."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx
    from tests.ledger.running import Api


@dataclass(frozen=True)
class Ask:
    """A request as it would be sent; `ids` names every id of an object in it, by slot.

    `who` sends it: the branch's supervisor, or its `administrator` or `teller`, or one at the `top`.
    """

    method: str
    path: str
    body: Any = None
    if_match: int | None = None
    ids: dict[str, str] = field(default_factory=dict)
    who: str = "supervisor"

    def instead(self, slot: str, other: str) -> Ask:
        """The same with another id in one slot."""
        old = self.ids[slot]
        path = self.path.replace(old, other) if slot == "path" else self.path
        body = json.loads(json.dumps(self.body).replace(old, other)) if slot != "path" else self.body
        return replace(self, path=path, body=body, ids=self.ids | {slot: other})

    def send(self, api: Api, *, key: str | None = None, **options: Any) -> httpx.Response:
        """Send it as `api`; a fresh key unless one is given."""
        options.setdefault("if_match", self.if_match)
        return api.send(self.method, self.path, self.body, key=key, **options)
