"""Small JSON documents of the store: written from dataclasses, read back strictly or not at all."""

from __future__ import annotations

from functools import cache
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


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401 -- a type is hashable, which mypy does not see
    """Made once: that takes longer than reading a document by it."""
    return TypeAdapter(kind)
