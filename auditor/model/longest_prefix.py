"""Which of several IPv4 CIDRs holds an address: the longest, prepared once, found by bisection.

Source of the rule: VPC guide, "Route priority" (read 2026-11-29).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from ipaddress import IPv4Network
from itertools import pairwise
from typing import Generic, TypeVar

T = TypeVar("T")
ADDRESSES = 2**32
"""How many IPv4 addresses there are."""


@dataclass(frozen=True, slots=True)
class Held(Generic[T]):
    """What holds an address, by a CIDR of that length; `None` and 0 where nothing does."""

    value: T | None = None
    length: int = 0


@dataclass(frozen=True)
class LongestPrefix(Generic[T]):
    """All addresses in ranges: from `starts[i]` up to the next start, `held[i]` holds them."""

    starts: tuple[int, ...]
    held: tuple[Held[T], ...]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, T]]) -> LongestPrefix[T]:
        """Of CIDRs and what they lead to, the preferred one of equal CIDRs first; what is no IPv4 CIDR is left out."""
        cidrs: dict[IPv4Network, T] = {}
        for text, value in pairs:
            cidr = ipv4(text)
            if cidr:
                cidrs.setdefault(cidr, value)
        changes = list(_changes(cidrs))
        last = {start: held for start, held in changes if start < ADDRESSES}
        return cls(tuple(last), tuple(last.values()))

    def at(self, address: int) -> Held[T]:
        """What holds an address."""
        return self.held[bisect_right(self.starts, address) - 1]

    def within(self, start: int, end: int) -> Iterator[tuple[int, Held[T]]]:
        """The first address of each range that meets `start` up to `end` (excluded), and what holds it."""
        first = bisect_right(self.starts, start) - 1
        for begin, held in zip(self.starts[first:], self.held[first:], strict=True):
            if begin >= end:
                return
            yield max(begin, start), held

    @cached_property
    def usual(self) -> Held[T]:
        """What holds most addresses."""
        sizes: Counter[Held[T]] = Counter()
        for held, (start, end) in zip(self.held, pairwise((*self.starts, ADDRESSES)), strict=True):
            sizes[held] += end - start
        return sizes.most_common(1)[0][0]


@lru_cache(4096)
def ipv4(text: str) -> IPv4Network | None:
    """The CIDR, if it is one of IPv4."""
    try:
        return IPv4Network(text, strict=False)
    except ValueError:
        return None


def span(cidr: IPv4Network) -> tuple[int, int]:
    """Its first address, and the first one after it."""
    start = int(cidr.network_address)
    return start, start + cidr.num_addresses


def _changes(cidrs: dict[IPv4Network, T]) -> Iterator[tuple[int, Held[T]]]:
    """Where another CIDR begins to hold addresses; of several changes at one address the last counts.

    CIDRs nest or are apart, so those that hold an address are a stack.
    """
    yield 0, Held()
    open_: list[tuple[int, Held[T]]] = [(ADDRESSES, Held())]
    for cidr in sorted(cidrs, key=lambda one: (int(one.network_address), one.prefixlen)):
        start, end = span(cidr)
        while open_[-1][0] <= start:
            closed, _ = open_.pop()
            yield closed, open_[-1][1]
        open_.append((end, Held(cidrs[cidr], cidr.prefixlen)))
        yield start, open_[-1][1]
    while len(open_) > 1:
        closed, _ = open_.pop()
        yield closed, open_[-1][1]
