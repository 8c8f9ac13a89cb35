"""Small JSON documents of the store: written from dataclasses, read back strictly or not at all."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from auditor.model.plain import to_json

T = TypeVar("T")


def to_bytes(value: object) -> bytes:
    """A dataclass as JSON."""
    return to_json(value).encode()


def parsed(kind: type[T], content: bytes) -> T | None:
    """The document, or `None` where it is not one: damaged, foreign, or of a later major version."""
    try:
        found: T = _adapter(kind).validate_json(content, strict=True)
    except ValidationError:
        return None
    return found


_ADAPTERS: dict[type, TypeAdapter[Any]] = {}
"""To make one takes a hundred times as long as to read a document by it, and a store has many documents."""


def _adapter(kind: type) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
