"""Text files -> files of far fewer lines, each with a weight; lines about which anything is in doubt stay as they are.

Threads unpack and sum, each a file at a time. The summing is compiled (`lines.c`, `summing.c`); without a compiler at
installation every line is in doubt, and all is as exact but slower. Nothing here knows what a record means.
"""

from __future__ import annotations

import ctypes
import os
import re
import secrets
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import IO, Self, TypeVar

from auditor.attribution.counting import NAMING, USED, WEIGHT, Seconds, moment_of
from auditor.attribution.lanes import DAMAGED, Block, TextFile, Unreadable, blocks
from auditor.attribution.record_format import RecordFormat

File = TypeVar("File")

LIBRARY = Path(__file__).with_name("_summing.so")
ADDRESSES = ("srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr")

_MORE = {"bytes": "b", "start": "s", "end": "e", "action": "c", "log-status": "l"}
_LETTERS = _MORE | {name: str(number) for number, name in enumerate(NAMING, start=1)} | dict.fromkeys(ADDRESSES, "a")
"""What `summing.c` calls the fields that it looks at."""

_KEY = re.compile(r"[!-~]{1,64}")
_MOST_FIELDS = 64
_MOST_ODD = 64 * 1024 * 1024
_MOST_THREADS = 8
_ALL_TIME = (-sys.maxsize - 1, sys.maxsize)

UNPACKER = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t
)
"""Unpacks what `parquet.c` cannot: by this codec, from here, so many bytes, to there, so many; 0 where it did."""


@cache
def library() -> ctypes.CDLL | None:
    """The compiled part, where there is one."""
    if not LIBRARY.exists():
        return None
    found = ctypes.CDLL(str(LIBRARY), use_errno=True)
    text, number, place = ctypes.c_char_p, ctypes.c_int64, ctypes.c_int
    found.sums_new.argtypes = [text, text, ctypes.c_uint64, number, number, place, place, place]
    found.sums_new.restype = ctypes.c_void_p
    found.sums_add.argtypes = [ctypes.c_void_p, text, ctypes.c_size_t, ctypes.c_size_t, text]
    found.sums_add.restype = number
    found.sums_records.argtypes, found.sums_records.restype = [ctypes.c_void_p], ctypes.c_uint64
    found.sums_flush.argtypes, found.sums_flush.restype = [ctypes.c_void_p], ctypes.c_int
    found.sums_forget.argtypes, found.sums_forget.restype = [ctypes.c_void_p], None
    found.sums_free.argtypes, found.sums_free.restype = [ctypes.c_void_p], None
    found.parquet_new.argtypes, found.parquet_new.restype = [ctypes.c_void_p, text, UNPACKER], ctypes.c_void_p
    found.parquet_add.argtypes = [ctypes.c_void_p, ctypes.c_int, number, ctypes.POINTER(number)]
    found.parquet_add.restype = ctypes.c_int
    found.parquet_free.argtypes, found.parquet_free.restype = [ctypes.c_void_p], None
    return found


@dataclass(frozen=True, slots=True)
class Plan:
    """What to sum: lines of a format, by the keys that name NAT gateways.

    With `skips_private` records between two addresses that begin with 10. are as good as another interface's.
    """

    form: RecordFormat
    keys: tuple[str, ...]
    window: Seconds | None = None
    skips_private: bool = False

    @property
    def summed(self) -> RecordFormat:
        """The fields of a line that stands for several: those that the counting reads, one naming field for all."""
        fields = self.form.fields
        naming = next(name for name in fields if name in NAMING)
        addresses = (name for name in fields if name in ADDRESSES)
        return RecordFormat((naming, *addresses, *(name for name in _MORE if name in fields), WEIGHT))

    @property
    def is_summable(self) -> bool:
        """Whether lines of this format can be read here at all: each field once, and not hundreds."""
        used = [name for name in self.form.fields if name in USED]
        return len(set(used)) == len(used) and len(self.form.fields) <= _MOST_FIELDS

    @property
    def letters(self) -> bytes:
        """What each field is to the compiled part."""
        return "".join(_LETTERS.get(name, "-") for name in self.form.fields).encode()

    def table(self, compiled: ctypes.CDLL, file: IO[bytes]) -> int:
        """A new table of the compiled part, which writes to the file; `MemoryError` where there is no room."""
        fields = self.form.fields
        keys = "".join(f"{key}\n" for key in dict.fromkeys(self.keys) if _KEY.fullmatch(key) and key != "-")
        private = [fields.index(name) for name in _told(fields)] if self.skips_private else [-1, -1]
        window = self.window if self.window and moment_of(fields) else _ALL_TIME
        table = compiled.sums_new(self.letters, keys.encode(), secrets.randbits(64), *window, *private, file.fileno())
        if not table:
            raise MemoryError("no room for a table of flow-log sums")
        return int(table)


class Shared(Iterator[File]):
    """What is left for any of several threads."""

    def __init__(self, files: Iterable[File]) -> None:
        self._files = iter(files)
        self._lock = threading.Lock()
        self.is_stopped = False

    def __next__(self) -> File:
        with self._lock:
            if self.is_stopped:
                raise StopIteration
            return next(self._files)


def side_by_side(files: Sequence[File], work: Callable[[Shared[File]], None]) -> None:
    """Let threads work off the files; the first that fails stops all."""
    threads = max(1, min(len(files), os.cpu_count() or 1, _MOST_THREADS))
    left = Shared(files)
    with ThreadPoolExecutor(threads) as pool:
        try:
            for thread in [pool.submit(work, left) for _ in range(threads)]:
                thread.result()
        finally:
            left.is_stopped = True


class Sums:
    """A table of sums that one thread fills; a context. Without a compiled part all lines are odd."""

    def __init__(self, plan: Plan, file: IO[bytes]) -> None:
        self._compiled = library() if plan.is_summable else None
        self.table = plan.table(self._compiled, file) if self._compiled else None
        self._odd = ctypes.create_string_buffer(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._compiled:
            self._compiled.sums_free(self.table)
        self._compiled = None

    def add(self, block: Block) -> bytes:
        """Add whole lines; the odd ones are given back. `OSError` where the file cannot be written."""
        if self._compiled is None:
            return bytes(block.lines)
        if len(self._odd) < block.size:
            self._odd = ctypes.create_string_buffer(block.size)
        size = self._compiled.sums_add(self.table, block.content, block.start, block.end, self._odd)
        if size < 0:
            raise OSError(-size, os.strerror(-size))
        return ctypes.string_at(self._odd, size)

    def forget(self) -> None:
        """As if nothing had been added since the table was flushed; the file may hold some of it."""
        if self._compiled:
            self._compiled.sums_forget(self.table)

    def flush(self) -> int:
        """Write what is left; how many records were summed since the table was last flushed."""
        if self._compiled is None:
            return 0
        if failed := self._compiled.sums_flush(self.table):
            raise OSError(failed, os.strerror(failed))
        return int(self._compiled.sums_records(self.table))


@dataclass
class Summing:
    """Reads text files of one format, once, into files in `folder`.

    `count_odd` is called with a file of lines and their number.
    """

    plan: Plan
    folder: Path
    count_odd: Callable[[Path, int], None]
    unreadable: list[Unreadable] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, files: Sequence[TextFile]) -> None:
        """All of them; blocks."""
        with tempfile.NamedTemporaryFile(dir=self.folder) as odd:
            side_by_side(files, partial(self._work, odd))
            self._count_odd(odd)

    def _work(self, odd: IO[bytes], files: Shared[TextFile]) -> None:
        with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as made, Sums(self.plan, made) as sums:
            for file in files:
                for block in self._blocks(file):
                    self._keep_odd(sums.add(block), odd)
                    if files.is_stopped:
                        return
            count = sums.flush()
        with self._lock:
            self.count += count
            self.paths += [Path(made.name)] if count else []

    def _blocks(self, file: TextFile) -> Iterator[Block]:
        try:
            yield from blocks(file)
        except DAMAGED as problem:
            self.unreadable.append(Unreadable(file.path, str(problem)))

    def _keep_odd(self, lines: bytes, odd: IO[bytes]) -> None:
        if not lines:
            return
        with self._lock:
            odd.write(lines)
            if odd.tell() > _MOST_ODD:
                self._count_odd(odd)

    def _count_odd(self, odd: IO[bytes]) -> None:
        """Count the lines in the file and empty it."""
        odd.flush()
        path = Path(odd.name)
        if count := _lines_in(path):
            self.count_odd(path, count)
        odd.seek(0)
        odd.truncate()


def _lines_in(path: Path) -> int:
    with path.open("rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1024 * 1024), b""))


def _told(fields: Iterable[str]) -> tuple[str, str]:
    """The addresses that the counting looks at where it cannot tell legs apart."""
    return ("srcaddr", "dstaddr") if "srcaddr" in fields else ("pkt-srcaddr", "pkt-dstaddr")
