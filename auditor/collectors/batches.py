"""Values in batches: `itertools.batched`, which Python 3.11 does not have yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

FILTER_VALUES = 200
"""Values that one EC2 filter may hold (EC2 API reference, "Filtering", read 2026-11-20)."""

T = TypeVar("T")


def batched(values: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Tuples of at most `size` values, in order."""
    rest = iter(values)
    while batch := tuple(islice(rest, size)):
        yield batch
