"""`itertools.batched`, which Python 3.11 does not have yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batched(values: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Tuples of at most `size` values, in order."""
    rest = iter(values)
    while batch := tuple(islice(rest, size)):
        yield batch
