"""Small JSON documents of the store: written from dataclasses, read back strictly or not at all."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from auditor.model.plain import to_json

T = TypeVar("T")

_adapters: dict[object, TypeAdapter[Any]] = {}


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


def _adapter(kind: type[T]) -> TypeAdapter[T]:
    """Made once: that takes longer than reading a document by it."""
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]
