"""What reading objects from S3 costs, at the list prices of us-east-1 (Amazon S3 pricing page, November 2026).

Few regions are dearer. The first 100 GB a month to the internet, which are free, are not taken off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from auditor.model.money import BYTES_PER_GB, EXACT, ZERO

_PER_LIST = Decimal("0.000005")
_FROM_OTHER_REGION = Decimal("0.02")
_FROM_INTERNET = Decimal("0.09")
_NOT_IN_USD = "aws-cn"

KEYS_PER_PAGE = 1000
"""What one ListObjectsV2 answers at most (S3 API reference, read 2026-11-20)."""

ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
"""Storage classes whose objects cannot be read before they are restored."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """USD to read from a storage class: for a GET, and for a GB that is retrieved."""

    get: Decimal
    gb: Decimal = ZERO


_STANDARD = _Reading(Decimal("0.0000004"))
_READING = {
    "STANDARD_IA": _Reading(Decimal("0.000001"), Decimal("0.01")),
    "ONEZONE_IA": _Reading(Decimal("0.000001"), Decimal("0.01")),
    "GLACIER_IR": _Reading(Decimal("0.00001"), Decimal("0.03")),
}


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as ListObjectsV2 tells it; its size in bytes."""

    key: str
    size: int
    etag: str = ""
    storage_class: str = "STANDARD"

    @property
    def is_archived(self) -> bool:
        """Whether it must be restored before it can be read."""
        return self.storage_class in ARCHIVED


@dataclass(frozen=True, slots=True)
class Place:
    """Where objects are and where they go: the bucket's partition and region, and the region that we run in.

    `here` is `None` where that is not known: then we are taken to be outside AWS.
    """

    partition: str
    region: str
    here: str | None


def pages(keys: int) -> int:
    """How many requests list so many keys."""
    return max(1, -(-keys // KEYS_PER_PAGE))


def cost(place: Place, lists: int, objects: Iterable[StoredObject]) -> Decimal | None:
    """USD for so many LIST requests and to read the objects, exactly; `None` where AWS charges in another currency."""
    if place.partition == _NOT_IN_USD:
        return None
    transfer = ZERO if place.here == place.region else _FROM_OTHER_REGION if place.here else _FROM_INTERNET
    total = EXACT.multiply(_PER_LIST, Decimal(lists))
    gets, sizes = Counter[str](), Counter[str]()
    for one in objects:
        gets[one.storage_class] += 1
        sizes[one.storage_class] += one.size
    for storage_class, count in gets.items():
        reading = _READING.get(storage_class, _STANDARD)
        gigabytes = EXACT.divide(Decimal(sizes[storage_class]), Decimal(BYTES_PER_GB))
        total = EXACT.add(total, EXACT.multiply(reading.get, Decimal(count)))
        total = EXACT.add(total, EXACT.multiply(gigabytes, EXACT.add(transfer, reading.gb)))
    return total
