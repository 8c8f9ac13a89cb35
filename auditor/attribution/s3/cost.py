"""What reading objects from S3 costs.

Requests at the list prices of us-east-1 (Amazon S3 pricing page, November 2026). The first 100 GB a month to the
internet, which are free, are not taken off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from auditor.model.money import BYTES_PER_GB, EXACT, ZERO

_PER_LIST = Decimal("0.000005")
_TO_OTHER_REGION = Decimal("0.02")
_TO_INTERNET = {
    **dict.fromkeys(("ap-southeast-5", "ap-southeast-7"), Decimal("0.108")),
    "ap-east-2": Decimal("0.1083"),
    **dict.fromkeys(("ap-south-1", "ap-south-2"), Decimal("0.1093")),
    **dict.fromkeys(("il-central-1", "me-central-1"), Decimal("0.11")),
    **dict.fromkeys(("ap-northeast-1", "ap-northeast-3", "ap-southeast-2", "ap-southeast-4"), Decimal("0.114")),
    "me-south-1": Decimal("0.117"),
    **dict.fromkeys(("ap-east-1", "ap-southeast-1"), Decimal("0.12")),
    "ap-northeast-2": Decimal("0.126"),
    "ap-southeast-3": Decimal("0.132"),
    "sa-east-1": Decimal("0.15"),
    "af-south-1": Decimal("0.154"),
    **dict.fromkeys(("us-gov-east-1", "us-gov-west-1"), Decimal("0.155")),
}
_TO_INTERNET_FROM_THE_WEST = Decimal("0.09")
_WEST = ("us-", "ca-", "eu-", "mx-")
_DEAREST = Decimal("0.155")
"""USD a GB of the first tier (AWS's data-transfer feed, 2025-06-18). To another region costs $0.02 from North America
and Europe; elsewhere rates differ by destination, and the one to the internet bounds them. So does the dearest where a
region's is not known."""
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
    transfer = _transfer(place)
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


def _transfer(place: Place) -> Decimal:
    """USD a GB on the way here, at the most."""
    if place.here == place.region:
        return ZERO
    is_west = place.region.startswith(_WEST)
    if place.here and is_west:
        return _TO_OTHER_REGION
    return _TO_INTERNET.get(place.region, _TO_INTERNET_FROM_THE_WEST if is_west else _DEAREST)
