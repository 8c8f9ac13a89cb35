"""A run on its way: the evidence of each account in a file of its own, written as soon as it is read.

    runs/<name>/begun.json, parts/accounts-1-of-1.json, parts/123456789012.json.gz …, parts/rest-1-of-1.json.gz

A part is evidence like any other: what all of them hold, joined, is the evidence of the run. Several processes may
write one run, each its shard of the accounts. `rest-…` comes last of a shard and holds what belongs to no account.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from auditor.aws.failures import may_pass
from auditor.aws.operations import ASSUME_ROLE
from auditor.errors import StoreError, UsageError
from auditor.model.evidence import NOT_READ, STOPPED, Evidence, Gap, Source
from auditor.model.joining import Days, joined, with_shared_days
from auditor.model.shard import WHOLE, Shard, shards
from auditor.store.documents import parsed, to_bytes
from auditor.store.files import packed, unpacked
from auditor.store.manifest import BEGUN
from auditor.store.place import Place

FOLDER = "parts"
RESUMABLE = timedelta(days=7)
"""How long after its last part a run can be continued: then the next one is due in most schedules."""

_AT_ONCE = 8
_NAMES = re.compile(rf"{FOLDER}/(?:(\d{{12}})\.json\.gz|accounts-\d+-of-\d+\.json|rest-\d+-of-\d+\.json\.gz)")


@dataclass(frozen=True, slots=True)
class Accounts:
    """All accounts of a run, of whatever shard, as one of its processes knows them."""

    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a run, for the process that reads one shard of it.

    `begun` is what says that the run was begun; empty where another process, or this one, has said so.
    """

    place: Place
    run: str
    shard: Shard = WHOLE
    begun: bytes = b""

    def expect(self, accounts: tuple[str, ...]) -> frozenset[str]:
        """Write down all accounts of the run; those of them that need not be read (again)."""
        if self.begun:
            self.place.put(f"runs/{self.run}/{BEGUN}", self.begun)
        self.place.put(self._path(f"accounts-{_named(self.shard)}.json"), to_bytes(Accounts(accounts)))
        there = _accounts_of(self._names())
        own = [one for one in accounts if one in there and self.shard.holds(one)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return frozenset(one for one, stays in zip(own, pool.map(self._is_settled, own), strict=True) if stays)

    async def keep(self, account_id: str, part: Evidence) -> None:
        """Write an account that is read, without holding up the others."""
        await asyncio.to_thread(self._put, account_id, part)

    def finish(self, rest: Evidence) -> None:
        """Write what belongs to no account: the shard is read."""
        self._put(f"rest-{_named(self.shard)}", rest)

    def read(self) -> Evidence:
        """All that is there, joined; with a gap for each account of which there is no part."""
        names = self._names()
        pieces = self._all(name for name in names if name.endswith(".gz"))
        if not pieces:
            raise UsageError(f"run {self.run} in the store {self.place.where} has no part yet: no account is read")
        told = {gap.account_id for piece in pieces for gap in piece.gaps}
        missing = self._expected(names) - _accounts_of(names) - told
        return joined((*pieces, self._missing(pieces[0], missing)))

    def size(self) -> int:
        """Bytes of all parts as they are stored."""
        return sum(entry.size for entry in self.place.entries(f"runs/{self.run}/{FOLDER}"))

    def are_there(self) -> bool:
        """Whether anything is."""
        return bool(self._names())

    def is_settled(self, evidence: Evidence) -> bool:
        """Whether there is nothing that another attempt may add."""
        return not any(_may_change(gap) for gap in evidence.all_gaps)

    def drop(self) -> None:
        """Delete all parts: the evidence of the run holds them."""
        self.place.delete(list(self.paths()))

    def paths(self) -> Iterator[str]:
        """Everything that belongs to the parts, or may: an account may have left half a file without a name here."""
        names = self._names()
        yield from (self._path(f"{account}.json.gz") for account in sorted(self._expected(names)))
        yield from (self._path(name) for name in names)

    def unfinished(self) -> tuple[Shard, ...]:
        """Shards that are not read to their end."""
        names = set(self._names())
        return tuple(one for one in shards(self.shard.of) if f"rest-{_named(one)}.json.gz" not in names)

    def progress(self) -> tuple[int, int]:
        """How many accounts there are parts of, and how many there are to be as far as that is known."""
        names = self._names()
        there = _accounts_of(names)
        return len(there), len(self._expected(names) | there)

    def _missing(self, like: Evidence, accounts: Iterable[str]) -> Evidence:
        gaps = (Gap(one, "", Source.ACCOUNT, ASSUME_ROLE.action, self._why_missing(one)) for one in sorted(accounts))
        return Evidence(like.version, like.generated_at, like.window, gaps=tuple(gaps))

    def _why_missing(self, account_id: str) -> str:
        if self.shard.of == 1:
            return STOPPED
        shard = next(one for one in shards(self.shard.of) if one.holds(account_id))
        return f"shard {shard} of run {self.run} {NOT_READ}"

    def _expected(self, names: Iterable[str]) -> set[str]:
        found = (self.place.get(self._path(name)) for name in names if name.startswith("accounts-"))
        listed = (parsed(Accounts, content or b"") for content in found)
        return {account for one in listed if one for account in one.accounts}

    def _is_settled(self, account_id: str) -> bool:
        """Whether the part can stay: it is whole, and no gap is worth another attempt; to ask for a role is cheap."""
        try:
            part = self._get(f"{account_id}.json.gz")
        except StoreError:
            return False
        return self.is_settled(part) and not any(gap.source is Source.ACCOUNT for gap in part.gaps)

    def _names(self) -> list[str]:
        start = f"runs/{self.run}/"
        found = (entry.path.removeprefix(start) for entry in self.place.entries(f"{start}{FOLDER}"))
        return [name.removeprefix(f"{FOLDER}/") for name in found if is_part(name)]

    def _all(self, names: Iterable[str]) -> list[Evidence]:
        known: dict[Days, Days] = {}
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(lambda name: with_shared_days(self._get(name), known), names))

    def _get(self, name: str) -> Evidence:
        content = self.place.get(self._path(name)) or b""
        try:
            return unpacked(content, name)
        except UsageError as error:
            raise StoreError(f"Run {self.run} in the store {self.place.where}: {error}: resume the run") from error

    def _put(self, name: str, part: Evidence) -> None:
        self.place.put(self._path(f"{name}.json.gz"), packed(part))

    def _path(self, name: str) -> str:
        return f"runs/{self.run}/{FOLDER}/{name}"


def _accounts_of(names: Iterable[str]) -> set[str]:
    """Those that have a part."""
    return {name.partition(".")[0] for name in names if name[0].isdigit()}


def is_part(name: str) -> bool:
    """Whether a file below the folder of a run is one of its parts, by its name."""
    return _NAMES.fullmatch(name) is not None


def _may_change(gap: Gap) -> bool:
    return gap.reason == STOPPED or gap.reason.endswith(NOT_READ) or may_pass(gap.reason)


def _named(shard: Shard) -> str:
    return f"{shard.number}-of-{shard.of}"
