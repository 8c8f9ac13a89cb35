"""A record that several writers change, one at a time: each version is a new object that only one can create.

    leases/weekly/000000000007.json, 000000000008.json …

The highest number is the record. Whoever creates the next number has changed it; whoever finds it there has not, and
reads again. That needs nothing of a store but "create unless it is there", which disks and S3 both have.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditor.errors import StoreError
from auditor.store.place import Place

_KEPT = 2
"""Versions: the last one, and the one before for whoever has just listed it and is about to read it."""

_ATTEMPTS = 5
_NUMBER = re.compile(r"(\d{12})\.json")


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a record; number 0 is that of a record which is not there yet."""

    number: int
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Chain:
    """The versions of one record, in a folder of their own."""

    place: Place
    folder: str

    def latest(self) -> Version:
        """The record as it is; number 0 where nobody has written it."""
        for _ in range(_ATTEMPTS):
            numbers = self._numbers()
            if not numbers:
                return Version(0)
            content = self.place.get(self._path(numbers[-1]))
            if content is not None:
                return Version(numbers[-1], content)
        raise StoreError(f"{self.folder} in the store {self.place.where} changes faster than it can be read")

    def follow(self, version: Version, content: bytes) -> Version | None:
        """Change the record from that version on; `None` where somebody else has. Contents must be unique."""
        number = version.number + 1
        if not self.place.create(self._path(number), content):
            return None
        numbers = self._numbers()
        if numbers and numbers[-1] > number:  # a number that had been cleaned away: we were asleep for long
            return None
        self.place.delete(self._path(old) for old in numbers if old <= number - _KEPT)
        return Version(number, content)

    def _numbers(self) -> list[int]:
        names = (entry.path.removeprefix(f"{self.folder}/") for entry in self.place.entries(self.folder))
        return sorted(int(match[1]) for name in names if (match := _NUMBER.fullmatch(name)))

    def _path(self, number: int) -> str:
        return f"{self.folder}/{number:012d}.json"
