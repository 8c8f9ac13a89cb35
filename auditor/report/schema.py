"""The JSON Schema of `audit.json`, made from the dataclasses; published as `docs/audit.schema.json`.

Every field is there in every audit. Further fields may come with a minor version, so readers must allow them.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeAlias, get_args, get_origin, get_type_hints

from auditor.model.audit import Audit
from auditor.report.descriptions import FIELDS, TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

Schema: TypeAlias = dict[str, Any]

SCALARS: dict[object, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
    Decimal: {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
    datetime: {"type": "string", "format": "date-time", "pattern": "Z$"},
    date: {"type": "string", "format": "date"},
}


def schema() -> Schema:
    """The schema; `KeyError` for a type or a field that nobody has described."""
    types = dict.fromkeys(_types(Audit))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Auditor audit",
        **_object(Audit),
        "$defs": {kind.__name__: _object(kind) for kind in types if kind is not Audit},
    }


def schema_text() -> str:
    """The schema as the published file holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _object(kind: type[Any]) -> Schema:
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    described = {name: {**_of(hints[name]), "description": FIELDS[f"{kind.__name__}.{name}"]} for name in names}
    return {
        "description": TYPES[kind.__name__],
        "type": "object",
        "properties": described,
        "required": names,
        "additionalProperties": True,
    }


def _of(hint: Any) -> Schema:  # noqa: ANN401 -- type hints have no type of their own
    if hint in SCALARS:
        return SCALARS[hint]
    if get_origin(hint) is UnionType:
        return {"anyOf": [_of(argument) for argument in get_args(hint)]}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _of(get_args(hint)[0])}
    if issubclass(hint, Enum):
        return {"type": "string", "enum": [member.value for member in hint]}
    return {"$ref": f"#/$defs/{hint.__name__}"}


def _types(hint: Any) -> Iterator[type[Any]]:  # noqa: ANN401 -- type hints have no type of their own
    """Every dataclass that a value of this type may hold, itself first."""
    if is_dataclass(hint) and isinstance(hint, type):
        yield hint
        for inner in get_type_hints(hint).values():
            yield from _types(inner)
    for argument in get_args(hint):
        yield from _types(argument)
