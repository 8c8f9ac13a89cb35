"""Long lists of a page: what the reader can sort and filter them by, and where each entry's markup waits.

The first entries are part of the page, so it can be read without script. The markup of the others is packed:
10,000 findings are megabytes that nobody scrolls through, and a browser should not have to hold them as elements.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from decimal import Decimal

IN_PAGE = 200
"""Entries that are part of the page; more than anybody reads, and less than a browser feels."""

PAGE_CHARACTERS = 1_000_000
"""Of their markup: less entries are part of the page where they are long."""

OUR_WORDS = frozenset({"Severity", "Status"})
"""Filters whose values are words and no names of an account: they are shown as their marks are."""

IN_CHUNK = 20
"""Entries packed together: like ones shrink each other, and what is not shown is not unpacked."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its anchor, a value for each filter, a key for each order, what a search looks through, its markup.

    Keys are ranks of the exact amounts, since a browser's numbers are not exact.
    """

    anchor: str
    values: tuple[str, ...]
    amounts: tuple[Decimal | int | None, ...]
    text: str
    markup: Callable[[], str] = field(repr=False)

    @property
    def searched(self) -> str:
        """The text without the words that the anchor holds, which is searched too."""
        return " ".join(word for word in self.text.lower().split() if word not in self.anchor)


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter with the values that occur, each with its count and the words for it."""

    label: str
    options: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort: by the amount of that index, or by the value of a filter where `by_value`."""

    label: str
    index: int
    by_value: bool = False


@dataclass(frozen=True)
class Catalog:
    """A list with its filters and orders; the entries come in the order in which they are first shown."""

    id: str
    noun: str
    labels: tuple[str, ...]
    orders: tuple[Order, ...]
    entries: tuple[Entry, ...]
    page_characters: int = PAGE_CHARACTERS

    @cached_property
    def in_page(self) -> tuple[Markup, ...]:
        """The markup of the first entries, escaped by the templates; one at the least."""
        found, characters = [], 0
        for entry in self.entries[:IN_PAGE]:
            found.append(Markup(entry.markup()))  # noqa: S704 -- the templates' own output, which they escaped
            characters += len(found[-1])
            if characters > self.page_characters:
                break
        return tuple(found)

    @property
    def packed(self) -> int:
        """How many entries are not part of the page."""
        return len(self.entries) - len(self.in_page)

    @property
    def chunks(self) -> Iterator[str]:
        """The markup of the others, `IN_CHUNK` a piece: a JSON list, packed by gzip, in base 64."""
        for start in range(len(self.in_page), len(self.entries), IN_CHUNK):
            markups = [entry.markup() for entry in self.entries[start : start + IN_CHUNK]]
            yield base64.b64encode(gzip.compress(json.dumps(markups).encode(), 6, mtime=0)).decode()

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """The filters with the values that occur."""
        columns = ([entry.values[n] for entry in self.entries] for n in range(len(self.labels)))
        return tuple(Choice(label, _options(label, values)) for label, values in zip(self.labels, columns, strict=True))

    @property
    def index(self) -> dict[str, object]:
        """What the script filters and sorts by; values are told by their places, since they are the same for many."""
        values = [[value for value, _, _ in choice.options] for choice in self.choices]
        places = [{value: place for place, value in enumerate(column)} for column in values]
        ranks = _ranks([entry.amounts for entry in self.entries])
        rows = [
            [entry.anchor, [places[n][value] for n, value in enumerate(entry.values)], keys, entry.searched]
            for entry, keys in zip(self.entries, ranks, strict=True)
        ]
        return {"inPage": len(self.in_page), "inChunk": IN_CHUNK, "values": values, "rows": rows}


def _options(label: str, values: Sequence[str]) -> tuple[tuple[str, str, int], ...]:
    words = (lambda value: value.replace("-", " ").capitalize()) if label in OUR_WORDS else str
    return tuple((value, words(value) or "none", count) for value, count in sorted(Counter(values).items()))


def _ranks(rows: Sequence[Sequence[Decimal | int | None]]) -> list[list[int]]:
    """Each column's amounts as their places in order, 0 for what is not known; equal amounts have equal ranks."""
    columns = zip(*rows, strict=True)
    places = [
        {amount: place for place, amount in enumerate(sorted({x for x in column if x is not None}), start=1)}
        for column in columns
    ]
    return [[0 if x is None else places[n][x] for n, x in enumerate(row)] for row in rows]
