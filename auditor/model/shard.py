"""How several processes, at once or one after the other, come to read the same run."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Self

_TEXT = re.compile(r"([1-9]\d{0,3})/([1-9]\d{0,3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `of` shares of all accounts, counted from 1."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`3/16`; `ValueError` for everything else."""
        match = _TEXT.fullmatch(text)
        if match is None or int(match[1]) > int(match[2]):
            raise ValueError("is not a shard such as 3/16")
        return cls(int(match[1]), int(match[2]))

    def holds(self, account_id: str) -> bool:
        """Whether the account is in this share. Only its own id decides: another account moves none."""
        digest = hashlib.sha256(account_id.encode()).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


@dataclass(frozen=True, slots=True)
class Named:
    """A run by its name: one that is to be begun unless it was, or one that was begun and is to be continued."""

    run: str
    is_begun: bool = False


WHOLE = Shard(1, 1)
"""All accounts."""


def shards(of: int) -> tuple[Shard, ...]:
    """All shards of a run."""
    return tuple(Shard(number, of) for number in range(1, of + 1))
