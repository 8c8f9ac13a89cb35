"""Answers of services that speak JSON, decoded in one go: what is left to do are times, and names of members."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from auditor.aws.shapes import UnusualError, members_of
from auditor.aws.times import parse_time

if TYPE_CHECKING:
    from botocore.model import Shape

Read = Callable[[Any], Any]
"""A decoded value, as its shape says."""


class JsonReader:
    """Reads the answers of one operation; its output's shape says what stands in them."""

    def __init__(self, shape: Shape) -> None:
        self._read = _structure(shape)

    def __call__(self, body: bytes) -> dict[str, Any]:
        """The answer by the names of its members; `UnusualError` or what Python raises for what is not of its shape."""
        found: dict[str, Any] = self._read(from_json(body))
        return found


class _Members(dict[str, tuple[str, Read | None] | None]):
    """Name in the answer → member's name and how it is read, filled as they are met; `None` for what is no member."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self._shapes = members_of(shape)

    def __missing__(self, key: str) -> tuple[str, Read | None] | None:
        name, shape = self._shapes.get(key, ("", None))
        self[key] = found = None if shape is None else (name, _value(shape))
        return found


def _value(shape: Shape) -> Read | None:
    """`None` where a value is what it is, as all but times are."""
    if shape.type_name == "structure":
        return _structure(shape)
    if shape.type_name == "list":
        return _list(_value(shape.member))
    if shape.type_name in {"map", "blob"}:
        raise UnusualError
    return parse_time if shape.type_name == "timestamp" else None


def _structure(shape: Shape) -> Read:
    members = _Members(shape)

    def read(value: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, inner in value.items():
            if inner is not None and (member := members[key]):
                name, read_member = member
                found[name] = read_member(inner) if read_member else inner
        return found

    return read


def _list(read_item: Read | None) -> Read:
    def read(values: list[Any]) -> list[Any]:
        if not isinstance(values, list):
            raise UnusualError
        if read_item is parse_time:
            return list(_moments(tuple(values)))
        return list(map(read_item, values)) if read_item else values

    return read


@lru_cache(256)
def _moments(values: tuple[Any, ...]) -> tuple[datetime, ...]:
    """All metrics of a window have the same ones."""
    return tuple(map(parse_time, values))
