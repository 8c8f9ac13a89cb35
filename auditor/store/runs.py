"""The store of runs: written so that a run is there whole or not at all, read so that no damage spreads.

    runs/<UTC time>-<short id>/begun.json, parts/…, evidence.json.gz, audit.json, report.html …, run.json

The manifest `run.json` comes last. A run without one is unfinished: ignored, and cleaned away when it is so old that
nobody can be writing it. What Auditor did not write is skipped with a warning and never deleted.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from auditor.errors import StoreError
from auditor.model.letter import Link
from auditor.model.shard import Shard
from auditor.store.deliveries import Delivery, folder_of, standings
from auditor.store.documents import parsed, to_bytes
from auditor.store.lease import SKEW
from auditor.store.manifest import (
    BEGUN,
    MANIFEST,
    MANIFEST_VERSION,
    PRODUCT,
    Begun,
    Draft,
    Header,
    Manifest,
    Reading,
    StoredFile,
    is_name,
    manifest_of,
    new_name,
)
from auditor.store.parts import RESUMABLE, Parts, is_part
from auditor.store.place import Entry, Place

COMPRESSED_FROM = 64 * 1024
"""Bytes of JSON from which a file is compressed: evidence shrinks to a tenth, a page of HTML is read as it is."""

_PIECE = 2**20
"""Bytes of a file that are read at once."""

_GZIP = zlib.MAX_WBITS | 16
"""How zlib is told to write gzip's format."""

WRITTEN_WITHIN = timedelta(hours=1)
"""No run takes longer to write; what is older and has no manifest will never get one."""


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run in a store."""

    place: Place
    manifest: Manifest

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.manifest.run

    @property
    def where(self) -> str:
        """Its folder, as people find it."""
        return self.place.address(f"runs/{self.name}")

    def deliveries(self) -> tuple[Delivery, ...]:
        """How its messages stand, in the order of its recipients."""
        recipients = (one.recipient for one in self.manifest.recipients)
        return standings(self.place, self.manifest.message, recipients)

    def link(self, name: str) -> Link | None:
        """A URL under which a file of it opens for a while; `None` where there is none, or no such file."""
        file = next((one for one in self.manifest.files if one.name == name), None)
        return self.place.link(f"runs/{self.name}/{file.stored_as}") if file else None

    def read(self, name: str) -> bytes:
        """A file of the run as it was written; `StoreError` where it is not there, or damaged."""
        file = next((one for one in self.manifest.files if one.name == name), None)
        if file is None:
            raise StoreError(f"Run {self.name} in the store {self.place.where} has no {name}")
        content = self.place.get(f"runs/{self.name}/{file.stored_as}")
        if content is None or _sha256(content) != file.sha256:
            raise StoreError(f"{name} of run {self.name} in the store {self.place.where} is damaged; use another run")
        return gzip.decompress(content) if file.stored_as != file.name else content


@dataclass(frozen=True, slots=True)
class Listing:
    """All finished runs, the oldest first, and a warning for everything else that is not being written now."""

    runs: tuple[Run, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Store:
    """The runs in a place."""

    place: Place

    def keep(self, draft: Draft) -> Run:
        """Store a run: its files, then its manifest. Parts of it stay."""
        reading = self._withdrawn(draft.name) if draft.name else None
        name = draft.name or new_name(draft.finished)
        stored = [_stored(*file) for file in draft.files.items()]
        manifest = manifest_of(name, draft, tuple(file for file, _ in stored))
        names = tuple(file.stored_as for file, _ in stored)
        begun = Begun(MANIFEST_VERSION, PRODUCT, draft.finished, names, manifest.message, reading)
        self._put(name, BEGUN, to_bytes(begun))
        for file, content in stored:
            self._put(name, file.stored_as, content)
        if problem := _problem(manifest, self._folders().get(name, [])):
            raise StoreError(f"Cannot write run {name} to the store {self.place.where}: {problem}; run it again")
        self._put(name, MANIFEST, to_bytes(manifest))
        return Run(self.place, manifest)

    def listing(self) -> Listing:
        """The finished runs and what is wrong with the rest."""
        runs: list[Run] = []
        warnings: list[str] = []
        for name, entries in sorted(self._folders().items()):
            found = self._finished(name, entries)
            if isinstance(found, Run):
                runs.append(found)
            elif found:
                warnings.append(f"skipped runs/{name} in the store {self.place.where}: {found}")
        return Listing(tuple(sorted(runs, key=lambda run: run.manifest.finished)), tuple(warnings))

    def last_good(self, schedule: str | None = None) -> Run | None:
        """The newest run of that schedule with an audit; `None` where there is none."""
        good = [run for run in self.listing().runs if run.manifest.is_good and run.manifest.schedule == schedule]
        return good[-1] if good else None

    def clean(self, now: datetime, keep_runs: int | None = None, keep_days: int | None = None) -> tuple[str, ...]:
        """Delete what retention does not keep and what was never finished; the names of what was deleted.

        The newest good run of each schedule stays, and so does one that awaits a delivery.
        """
        runs = self.listing().runs
        gone = [run.manifest.run for run in self._superfluous(runs, now, keep_runs, keep_days)]
        owned = {run.manifest.message for run in runs if run.name not in gone}
        for run in runs:
            if run.name in gone:
                self._delete(run.name, (file.stored_as for file in run.manifest.files), {run.manifest.message} - owned)
        for name, entries in self._folders().items():
            if (begun := self._unfinished(name, entries)) and _is_abandoned(begun, entries, now):
                self._delete(name, begun.files, {begun.message} - owned - {""})
                gone.append(name)
            elif _has(entries, MANIFEST):
                self._forget_parts(name, entries, now)
        return tuple(gone)

    def resumable(self) -> tuple[tuple[Parts, Reading], ...]:
        """Runs that can be continued: begun part by part, and not at their end, or not whole then."""
        found = []
        for name, entries in sorted(self._folders().items()):
            reading = self._reading(name)
            if reading and (not _has(entries, MANIFEST) or any(is_part(_file_name(entry)) for entry in entries)):
                found.append((Parts(self.place, name, Shard(1, reading.shards)), reading))
        return tuple(found)

    def discard(self, name: str) -> None:
        """Delete a run that was begun and is not to be continued."""
        self._delete(name, (), ())

    def _superfluous(
        self, runs: tuple[Run, ...], now: datetime, keep_runs: int | None, keep_days: int | None
    ) -> Iterator[Run]:
        newest = {run.manifest.schedule: run.name for run in runs if run.manifest.is_good}
        for rank, run in enumerate(reversed(runs)):
            is_old = keep_days is not None and run.manifest.finished < now - timedelta(days=keep_days)
            is_one_too_many = keep_runs is not None and rank >= keep_runs
            if (is_old or is_one_too_many) and run.name not in newest.values() and not _awaits_delivery(run):
                yield run

    def _folders(self) -> dict[str, list[Entry]]:
        folders: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.place.entries("runs"):
            folders[entry.path.split("/")[1]].append(entry)
        return folders

    def _finished(self, name: str, entries: list[Entry]) -> Run | str:
        """The run, or why it is none; an empty reason for one that may still be under way."""
        if not is_name(name):
            return "not a run"
        content = self.place.get(f"runs/{name}/{MANIFEST}") if _has(entries, MANIFEST) else None
        if content is None:
            return "" if _has(entries, BEGUN) else "not a run"
        header = parsed(Header, content)
        if header and header.schema_version > MANIFEST_VERSION:
            return f"{MANIFEST} has version {header.schema_version}, this Auditor reads up to {MANIFEST_VERSION}"
        manifest = parsed(Manifest, content)
        if manifest is None or manifest.run != name:
            return f"{MANIFEST} is damaged"
        return _problem(manifest, entries) or Run(self.place, manifest)

    def _unfinished(self, name: str, entries: list[Entry]) -> Begun | None:
        """What a run of ours without a manifest was to be; `None` for everything else."""
        if not is_name(name) or _has(entries, MANIFEST) or not _has(entries, BEGUN):
            return None
        begun = parsed(Begun, self.place.get(f"runs/{name}/{BEGUN}") or b"")
        return begun if begun and begun.product == PRODUCT else None

    def _withdrawn(self, name: str) -> Reading | None:
        """What the parts of a run have in common. A report that was made of fewer of them makes way for the next."""
        earlier = self._finished(name, self._folders().get(name, []))
        if isinstance(earlier, Run):
            files = (file.stored_as for file in earlier.manifest.files)
            self._delete_report(name, files, {earlier.manifest.message})
        return self._reading(name)

    def _reading(self, name: str) -> Reading | None:
        begun = parsed(Begun, self.place.get(f"runs/{name}/{BEGUN}") or b"") if is_name(name) else None
        return begun.reading if begun and begun.product == PRODUCT else None

    def _forget_parts(self, name: str, entries: list[Entry], now: datetime) -> None:
        """Parts of a run that has its report stay as long as they may be completed."""
        written = [entry.written for entry in entries if is_part(_file_name(entry))]
        if written and now > max(written) + RESUMABLE + SKEW:
            Parts(self.place, name).drop()

    def _delete(self, name: str, files: Iterable[str], messages: Iterable[str]) -> None:
        """The manifest goes first, the mark that it is ours last: whatever is left is cleaned away another time.

        `messages` are those of no other run: without their records a run would owe again what was delivered.
        """
        self._delete_report(name, files, messages)
        Parts(self.place, name).drop()
        self.place.delete([f"runs/{name}/{BEGUN}"])

    def _delete_report(self, name: str, files: Iterable[str], messages: Iterable[str]) -> None:
        self.place.delete([f"runs/{name}/{MANIFEST}"])
        self.place.delete(f"runs/{name}/{file}" for file in files if file not in {MANIFEST, BEGUN})
        for message in messages:
            self.place.delete(entry.path for entry in self.place.entries(folder_of(message)))

    def _put(self, run: str, name: str, content: bytes) -> None:
        self.place.put(f"runs/{run}/{name}", content)


def _awaits_delivery(run: Run) -> bool:
    return any(not delivery.is_over for delivery in run.deliveries())


def _stored(name: str, content: bytes | Path) -> tuple[StoredFile, bytes]:
    """A file as the store holds it."""
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    is_compressed = name.endswith(".json") and size >= COMPRESSED_FROM
    whole = _compressed if is_compressed else b"".join
    stored = whole((content,) if isinstance(content, bytes) else _pieces(content))
    return StoredFile(name, f"{name}.gz" if is_compressed else name, len(stored), _sha256(stored)), stored


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(partial(file.read, _PIECE), b"")


def _compressed(pieces: Iterable[bytes]) -> bytes:
    """As gzip has it: evidence of an organization is never in memory as the text that it is on the disk."""
    packer = zlib.compressobj(wbits=_GZIP)
    return b"".join([*map(packer.compress, pieces), packer.flush()])


def _is_abandoned(begun: Begun, entries: list[Entry], now: datetime) -> bool:
    """Nothing of it was written for so long that nobody is at it, or will come back to it."""
    within = RESUMABLE if begun.reading else WRITTEN_WITHIN
    return now > max(begun.at, *(entry.written for entry in entries)) + within + SKEW


def _problem(manifest: Manifest, entries: list[Entry]) -> str:
    """Which file of a run is not there as it was written; empty where all are."""
    sizes = {_file_name(entry): entry.size for entry in entries}
    broken = next((file.name for file in manifest.files if sizes.get(file.stored_as) != file.size), None)
    return f"{broken} is missing or not whole" if broken else ""


def _has(entries: list[Entry], name: str) -> bool:
    return any(_file_name(entry) == name for entry in entries)


def _file_name(entry: Entry) -> str:
    """The path of an object below the folder of its run."""
    return entry.path.split("/", 2)[-1]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
