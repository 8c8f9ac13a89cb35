"""Text that comes from an AWS account, made safe to show: tags and names are written by anyone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, ANSI escapes among them; tab and newline stay
    "\u202a-\u202e\u2066-\u2069"  # overrides that let a name read backwards
    "\ud800-\udfff"  # halves of a character, which no file can hold
    "\ufffe\uffff]"
)

NAME_LENGTH = 80
TITLE_LENGTH = 200
LISTED = 8


def clean(text: str) -> str:
    """The text with every character that steers a terminal or a reader's eye shown as U+FFFD."""
    return text if text.isprintable() else _UNSAFE.sub(REPLACEMENT, text)  # nothing unsafe is printable


def line(text: str, length: int = TITLE_LENGTH) -> str:
    """The text, clean, as one line of at most `length` characters; the full text stands in `audit.json`."""
    joined = " ".join(clean(text).split())
    return joined if len(joined) <= length else joined[: length - 1] + "…"


def name(text: str) -> str:
    """A resource's name, short enough for a table."""
    return line(text, NAME_LENGTH)


def sentence(text: str) -> str:
    """The text with a capital at its start."""
    return text[:1].upper() + text[1:]


def units(unit: str, count: Decimal | None) -> str:
    """`1 hour`, `730 hours`, `4 GB`: words have a plural, symbols have none."""
    return f"{unit}s" if count != 1 and unit[-1:].islower() else unit


def listing(items: Sequence[str], limit: int = LISTED) -> str:
    """The first items, and how many more there are."""
    shown, more = items[:limit], len(items) - limit
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")


def counted(count: int, singular: str, plural: str = "") -> str:
    """`1 gap`, `1,200 gaps`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def unique(items: Iterable[str]) -> tuple[str, ...]:
    """Each non-empty item once, sorted."""
    return tuple(sorted({item for item in items if item}))
