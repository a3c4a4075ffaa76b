"""Schemas of the API document: the wire models as JSON Schema, exact about what the ledger refuses (VAL-1 to 3)."""

from __future__ import annotations

import re
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter

from branchtui.contract.problem import Problem

REFERENCE: Final = "#/components/schemas/{model}"
TRIMMED: Final = "x-trimmed"

# Of what `ledger.texts` refuses: control and direction characters, breaks of lines and invisible signs. Private and unassigned code
# points are told in words: as a class they are a million characters, and no pattern knows what Unicode gives out next.
_UNSAFE: Final = r"\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
_SPACES: Final = r"\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_BOUNDS: Final = {"ge": "minimum", "le": "maximum"}
TEXT_PATTERN: Final = f"^[^{_UNSAFE}]*$"
TRIMMED_PATTERN: Final = f"^[^{_UNSAFE}]*[^{_UNSAFE}{_SPACES}][^{_UNSAFE}]*$"

_EXTRA: Final[dict[str, Any]] = {
    "current": {
        "type": "object",
        "description": "With `precondition-failed`: the resource as it stands now.",
    },
    "changed_fields": {
        "type": "array",
        "items": {"type": "object"},
        "description": "With `precondition-failed`: who changed what since the version that was sent, and when.",
    },
    "existing": {
        "type": ["object", "null"],
        "description": "What holds the place already; null where it is not the caller's to see.",
    },
    "duplicate_of": {"type": "object", "description": "With `possible-duplicate`: what it looks like."},
    "approval": {
        "type": "string",
        "description": "The `action` that `POST /v1/approvals` may be asked for instead.",
    },
    "offset": {"type": "integer", "description": "With `upload-offset`: the byte to go on with."},
    "secret": {"type": "string", "description": "With `otp-enrol`: the seed to enter into a device."},
    "otpauth_uri": {"type": "string", "description": "With `otp-enrol`: the same as a URI."},
}


class Schemas:
    """Collects the models that a document names, each once."""

    def __init__(self) -> None:
        self._found: dict[str, Any] = {}

    @property
    def found(self) -> dict[str, Any]:
        """The schemas by name."""
        return dict(sorted(self._found.items()))

    def answer(self, model: Any) -> dict[str, Any]:
        """A reference to what the ledger says."""
        return self._reference(model, "serialization")

    def asked(self, model: Any) -> dict[str, Any]:
        """A reference to what a client may send."""
        return self._reference(model, "validation")

    def parameter(self, annotation: Any) -> dict[str, Any]:
        """The schema of one parameter: absent rather than null."""
        schema: dict[str, Any] = _as_asked(_plain(self._taken_in(TypeAdapter(annotation), "validation")))
        default = schema.pop("default", None)
        kept = [each for each in schema.pop("anyOf", ()) if each != {"type": "null"}]
        if len(kept) > 1:
            schema["anyOf"] = kept
        for each in kept if len(kept) == 1 else ():
            schema |= each
        return schema if default is None else schema | {"default": default}

    def problem(self) -> dict[str, Any]:
        """A reference to every refusal; what else a code brings stands beside its members."""
        if "Problem" not in self._found:
            self.answer(Problem)
            schema = self._found["Problem"]
            del schema["properties"]["extra"]
            schema["properties"] |= _EXTRA
            schema["required"] = sorted({*schema["properties"]} - {*_EXTRA})
        return {"$ref": REFERENCE.format(model="Problem")}

    def union(self, model: type[BaseModel], tag: str, forms: dict[str, tuple[str, Any]]) -> dict[str, Any]:
        """A reference to one of several forms of a model, told apart by the member `tag`.

        `forms` maps a value of the tag to the member that differs and the model it has there; a model without
        members may be left out.
        """
        whole = _as_asked(_plain(self._taken_in(TypeAdapter(model), "validation")))
        mapping = {}
        for value, (member, inner) in forms.items():
            name = model.__name__ + "".join(part.capitalize() for part in re.split(r"[^a-z]+", value))
            own = {tag: {"const": value, "type": "string"}, member: self.asked(inner)}
            needed = {*whole["required"], *([member] if inner.model_fields else ())}
            self._found[name] = whole | {"properties": whole["properties"] | own, "required": sorted(needed)}
            mapping[value] = REFERENCE.format(model=name)
        self._found[model.__name__] = {
            "oneOf": [{"$ref": reference} for reference in mapping.values()],
            "discriminator": {"propertyName": tag, "mapping": mapping},
        }
        return {"$ref": REFERENCE.format(model=model.__name__)}

    def _reference(self, model: Any, mode: Any) -> dict[str, Any]:
        name = re.sub(r"[^A-Za-z0-9_]+", "_", getattr(model, "__name__", str(model))).strip("_")
        if name not in self._found:
            schema = _plain(self._taken_in(TypeAdapter(model), mode))
            self._found[name] = _as_asked(schema) if mode == "validation" else _as_answered(schema)
        return {"$ref": REFERENCE.format(model=name)}

    def _taken_in(self, adapter: TypeAdapter[Any], mode: Any) -> dict[str, Any]:
        schema = adapter.json_schema(mode=mode, ref_template=REFERENCE)
        tidied = _as_asked if mode == "validation" else _as_answered
        for name, each in schema.pop("$defs", {}).items():
            if name not in self._found:
                self._found[name] = tidied(_plain(each))
        return schema


def _plain(schema: Any) -> Any:
    """Without titles, which repeat the names, and without `other`: a terminal's word for what it does not know."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        name: {each: _plain(value) for each, value in inner.items()}
        if name == "properties"
        else _plain(inner)
        for name, inner in schema.items()
        if not (name == "title" and isinstance(inner, str))
    }
    if "other" in found.get("enum", ()):
        found["enum"] = [value for value in found["enum"] if value != "other"]
    return found


def _as_asked(schema: Any) -> Any:
    """What is sent: every text says what it may not hold."""
    if isinstance(schema, list):
        return [_as_asked(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    # Bounds of a value that a function reads first are written by pydantic under its own names.
    found = {_BOUNDS.get(name, name): _as_asked(inner) for name, inner in schema.items()}
    free = found.get("type") == "string" and not found.keys() & {"pattern", "enum", "const"}
    if free and found.get("format") in {None, "password"}:
        found["pattern"] = TRIMMED_PATTERN if found.get(TRIMMED) else TEXT_PATTERN
    return found


def _as_answered(schema: Any) -> Any:
    """What is answered: tokens are shown, whatever a model hides from logs."""
    if isinstance(schema, list):
        return [_as_answered(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    hidden = {"writeOnly"} | ({"format"} if schema.get("format") == "password" else set())
    return {name: _as_answered(inner) for name, inner in schema.items() if name not in hidden}


def is_model(answer: Any, kind: type[BaseModel]) -> bool:
    """Whether an endpoint answers one object of this kind."""
    return isinstance(answer, type) and issubclass(answer, kind)
