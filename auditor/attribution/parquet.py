"""Parquet files -> lines with a weight, as `summing` makes them of text.

DuckDB reads the footers, compiled code (`parquet.c`) the pages. Files about which anything is in doubt, whatever that
is, are left to DuckDB altogether: it judges, and it finds what is damaged.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any, Self

from isal import isal_zlib

from auditor.attribution.lanes import DAMAGED, GZIP
from auditor.attribution.parquet_footers import CODECS, ParquetFile, RowGroup
from auditor.attribution.summing import UNPACKER, Plan, Shared, Sums, side_by_side

_ODD, _PLAIN = 0, 1


@cache
def _unpacker() -> Any:  # noqa: ANN401 -- a class that ctypes makes at run time
    """For pages that `parquet.c` cannot unpack; kept for good, for it is called from there."""
    return UNPACKER(_unpack)


def _unpack(codec: int, source: int, size: int, target: int, room: int) -> int:
    if codec != CODECS["GZIP"]:
        return 1
    member = isal_zlib.decompressobj(wbits=GZIP)
    try:
        content = member.decompress((ctypes.c_char * size).from_address(source), room + 1)
    except DAMAGED:
        return 1
    if len(content) != room or not member.eof or member.unused_data:
        return 1
    ctypes.memmove(target, content, room)
    return 0


class ParquetSums:
    """A table of sums of Parquet files that one thread fills, and what of it is in the file for good; a context."""

    def __init__(self, plan: Plan, compiled: ctypes.CDLL, file: IO[bytes]) -> None:
        self._compiled, self._file, self._sums = compiled, file, Sums(plan, file)
        self._reader = compiled.parquet_new(self._sums.table, plan.letters, _unpacker())
        self._kept = self.count = 0
        if not self._reader:
            raise MemoryError("no room to read Parquet")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._compiled.parquet_free(self._reader)
        self._sums.__exit__(*error)

    def add(self, file: ParquetFile) -> bool:
        """Add all of it; false where anything in it is in doubt, and it has to be forgotten."""
        try:
            opened = file.path.open("rb")
        except OSError:
            return False
        with opened:
            return all(self._add(opened.fileno(), group) for group in file.groups)

    def _add(self, file: int, group: RowGroup) -> bool:
        numbers = (ctypes.c_int64 * len(group.chunks))(*group.chunks)
        added = self._compiled.parquet_add(self._reader, file, group.rows, numbers)
        if added not in (_ODD, _PLAIN):
            failed = ctypes.get_errno()
            raise OSError(failed, os.strerror(failed))
        return bool(added == _PLAIN)

    def keep(self) -> None:
        """What was added is in the file for good."""
        self.count += self._sums.flush()
        self._kept = os.lseek(self._file.fileno(), 0, os.SEEK_CUR)

    def forget(self) -> None:
        """What was added since is as if it had not been."""
        self._sums.forget()
        os.ftruncate(self._file.fileno(), self._kept)
        os.lseek(self._file.fileno(), self._kept, os.SEEK_SET)


@dataclass
class ParquetSumming:
    """Reads Parquet files with the same columns into files in `folder`; `odd` are those left to another reader."""

    plan: Plan
    compiled: ctypes.CDLL
    folder: Path
    odd: list[Path] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, files: Sequence[ParquetFile]) -> None:
        """All of them; blocks."""
        side_by_side(files, self._work)

    def _work(self, files: Shared[ParquetFile]) -> None:
        with (
            tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as made,
            ParquetSums(self.plan, self.compiled, made) as sums,
        ):
            odd = sum_files(sums, files)
        with self._lock:
            self.odd += odd
            self.count += sums.count
            self.paths += [Path(made.name)] if sums.count else []


def sum_files(sums: ParquetSums, files: Iterable[ParquetFile]) -> list[Path]:
    """Those that are odd, of which nothing stays in the table.

    Where one is found, those before it are read again, and then kept: so none is read more than twice.
    """
    odd: list[Path] = []
    added: list[ParquetFile] = []
    for file in files:
        added.append(file)
        if not sums.add(file):
            odd.append(added.pop().path)
            sums.forget()
            odd += _add_again(sums, added)
            added = []
    sums.keep()
    return odd


def _add_again(sums: ParquetSums, files: Sequence[ParquetFile]) -> list[Path]:
    """All of them, unless one has changed meanwhile."""
    if all(sums.add(file) for file in files):
        sums.keep()
        return []
    sums.forget()
    return [file.path for file in files]
