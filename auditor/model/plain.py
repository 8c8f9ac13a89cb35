"""Any value of the model as JSON: exact, stable, in the order in which the dataclasses name their fields.

Decimals become plain decimal strings (no exponent, no trailing zeros, the exact value), datetimes ISO 8601 in
UTC with `Z`, dates ISO 8601, enums their values, tuples lists, dataclasses objects; `None` stays null.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed import DataclassInstance

Plain: TypeAlias = "str | int | list[Plain] | dict[str, Plain] | None"
"""What JSON can say without a fraction: exact numbers are strings, so that no reader makes them floats."""


_quoted = json.JSONEncoder().encode
_AS_IT_IS = frozenset({str, int, bool})


def plain(value: object) -> Plain:
    """`value` of lists, objects, strings, integers, booleans and null; `TypeError` for anything else."""
    if value is None or type(value) in _AS_IT_IS:
        return cast("Plain", value)
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _names(type(value))}
    return _text(value)


def to_json(value: object) -> str:
    """`value` as JSON with one space of indent and a newline at its end.

    All but ASCII is escaped: a terminal that shows the file meets no control sequence out of a tag. Written here,
    because with an indent the standard library keeps the pieces of the whole text: ten times its size.
    """
    return _json(value, "\n") + "\n"


def json_pieces(value: object) -> Iterator[str]:
    """The same in pieces, of which each holds one item of one of its fields: what is large is never one text."""
    kind: type = type(value)
    heads = _heads(kind)
    if not heads:
        yield to_json(value)
        return
    opening = "{"
    for name, head in heads:
        yield f"{opening}\n {head}"
        yield from _items(getattr(value, name))
        opening = ","
    yield "\n}\n"


def _items(value: object) -> Iterator[str]:
    if not isinstance(value, tuple) or not value:
        yield _json(value, "\n ")
        return
    opening = "["
    for item in value:
        yield f"{opening}\n  " + _json(item, "\n  ")
        opening = ","
    yield "\n ]"


def _json(value: object, margin: str) -> str:
    """`margin` is a line's end and the indent of the next."""
    kind: type = type(value)
    written = _WRITTEN.get(kind)
    if written:
        return written(value)
    inner = margin + " "
    if isinstance(value, tuple):
        return _nested("[", [_json(item, inner) for item in value], "]", margin)
    heads = _heads(kind)
    if heads:
        return _nested("{", [head + _json(getattr(value, name), inner) for name, head in heads], "}", margin)
    return _quoted(plain(value))


def _nested(opening: str, members: list[str], closing: str, margin: str) -> str:
    return f"{opening}{margin} {f',{margin} '.join(members)}{margin}{closing}" if members else opening + closing


@cache
def _heads(kind: type) -> tuple[tuple[str, str], ...]:
    """The names of a dataclass's fields, and how each begins; of any other type none."""
    return tuple((name, f'"{name}": ') for name in _names(kind)) if is_dataclass(kind) else ()


def _text(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Decimal):
        return _digits(value)
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"not a value of the model: {type(value).__name__}")


def _digits(value: Decimal) -> str:
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if value.is_zero() else text


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise TypeError(f"a time without a time zone: {value.isoformat()}")
    return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


@cache
def _names(kind: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


_WRITTEN: dict[type, Callable[[Any], str]] = {
    str: _quoted,
    int: int.__repr__,
    NoneType: {None: "null"}.__getitem__,
    date: cache(lambda day: _quoted(day.isoformat())),
    Decimal: lambda amount: f'"{_digits(amount)}"',
}
"""Short ways for what there is a million of: the days of all series, for one, are the same few."""
