"""Text files of flow records, unpacked side by side into a few pipes that an SQL engine reads as if they were files.

The engine never sees a gzip file: ISA-L unpacks several times faster than zlib, a file that ends too early or is
damaged gives all records up to there instead of failing the whole scan, and header lines stay out. Whatever can
be opened as bytes can be poured.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from queue import Queue
from types import TracebackType
from typing import BinaryIO, Self, cast

from isal import isal_zlib

_BLOCK = 64 * 1024
_MOST_UNPACKED = 1024 * 1024
_LONGEST_LINE = 1024 * 1024
_PIPE = 1024 * 1024
_BATCH = 256 * 1024
_AHEAD = 8
"""Batches that wait to be read: two megabytes, which stay in the processor's cache."""

GZIP = 31
"""zlib's window bits for a gzip header and trailer, checksum included."""

DAMAGED: tuple[type[Exception], ...] = (OSError, EOFError, cast("type[Exception]", isal_zlib.error))
"""What reading a file may raise."""

GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file of one record a line; `span` is start and end of one of its records, in seconds, if it has any."""

    path: Path
    has_header: bool
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines, content[start:end]: copies of all lines would cost a tenth of the time."""

    content: bytes
    start: int
    end: int

    @property
    def size(self) -> int:
        """In bytes."""
        return self.end - self.start

    @property
    def lines(self) -> memoryview:
        """The lines, not copied."""
        return memoryview(self.content)[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that could not be read, or not to its end; the records before that are counted."""

    path: Path
    reason: str


def unpacked(file: BinaryIO, block: int = _BLOCK) -> Iterator[bytes]:
    """The content of a file, gzip or not; `EOFError` where gzip ends too early, after all that could be unpacked.

    Pieces of at most a megabyte, however well they were packed.
    """
    piece = file.read(block)
    if not piece.startswith(GZIP_MAGIC):
        while piece:
            yield piece
            piece = file.read(block)
        return
    member = isal_zlib.decompressobj(wbits=GZIP)
    while piece:
        yield member.decompress(piece, _MOST_UNPACKED)
        if not member.eof:
            piece = member.unconsumed_tail or file.read(block)
        elif piece := member.unused_data.lstrip(b"\0") or file.read(block).lstrip(b"\0"):
            member = isal_zlib.decompressobj(wbits=GZIP)  # files may be joined, and padded
    if not member.eof:
        raise EOFError("gzip data ends too early")


def blocks(file: TextFile) -> Iterator[Block]:
    """The content up to its last whole line in blocks of whole lines, without the header line.

    A last line without an end gets one, unless it was cut off.
    """
    rest, to_skip = b"", file.has_header
    with file.path.open("rb", buffering=0) as opened:
        for unpacked_block in unpacked(opened):
            block = unpacked_block.replace(b"\r", b"") if b"\r" in unpacked_block else unpacked_block
            first, end = block.find(b"\n") + 1, block.rfind(b"\n") + 1
            if not end:
                rest += block
                if len(rest) > _LONGEST_LINE:
                    raise EOFError("no end of line within a megabyte: not flow records")
                continue
            if not to_skip:
                joined = rest + block[:first]
                yield Block(joined, 0, len(joined))
            if first < end:
                yield Block(block, first, end)
            rest, to_skip = block[end:], False
    if rest and not to_skip:
        yield Block(rest + b"\n", 0, len(rest) + 1)


@dataclass
class Lanes:
    """Files unpacked by `count` threads, their lines ready in a queue for whichever of `count` pipes is read.

    A context; at its end `unreadable` is complete, and what else went wrong in a thread is raised. The queue lets
    the unpacking run ahead of a reader that now reads much and now nothing; an engine may read all pipes at once or
    one after the other.
    """

    files: Iterator[TextFile]
    count: int
    unreadable: list[Unreadable] = field(default_factory=list)
    _ends: list[int] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _faults: list[BaseException] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ready: Queue[list[Block] | None] = field(default_factory=lambda: Queue(_AHEAD))
    _stopped: bool = False

    @property
    def paths(self) -> list[str]:
        """The pipes as files to read."""
        return [f"/dev/fd/{end}" for end in self._ends]

    def __enter__(self) -> Self:
        for _ in range(self.count):
            end, entry = os.pipe()
            with suppress(AttributeError, OSError):  # not on macOS, or more than this user may have: only slower
                fcntl.fcntl(entry, fcntl.F_SETPIPE_SZ, _PIPE)
            self._ends.append(end)
            self._start(self._fill, entry)
            self._start(self._unpack)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopped = True
        for end in self._ends:
            os.close(end)  # who still writes meets a broken pipe
        for thread in self._threads:
            thread.join()
        if self._faults:
            raise self._faults[0]

    def _start(self, target: Callable[..., None], *words: int) -> None:
        thread = threading.Thread(target=self._work, args=(target, *words), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self, target: Callable[..., None], *words: int) -> None:
        try:
            target(*words)
        except BaseException as fault:
            self._faults.append(fault)
            raise

    def _unpack(self) -> None:
        try:
            while (file := self._next()) is not None:
                self._unpack_file(file)
        finally:
            self._ready.put(None)  # one for each pipe, or its reader would wait for ever

    def _unpack_file(self, file: TextFile) -> None:
        try:
            for pieces in batches(blocks(file)):
                self._ready.put(pieces)
                if self._stopped:
                    break
        except DAMAGED as problem:
            self.unreadable.append(Unreadable(file.path, str(problem)))

    def _next(self) -> TextFile | None:
        with self._lock:
            return None if self._stopped else next(self.files, None)

    def _fill(self, entry: int) -> None:
        pieces = chain.from_iterable(iter(self._ready.get, None))
        try:
            with suppress(BrokenPipeError):
                for piece in pieces:
                    write(entry, piece.lines)
        finally:
            os.close(entry)
            deque(pieces, maxlen=0)  # what nobody reads is taken all the same: those who unpack wait for it


def batches(pieces: Iterator[Block]) -> Iterator[list[Block]]:
    """Blocks by a few hundred kilobytes; what is read before damage comes first."""
    batch: list[Block] = []
    damage: Exception | None = None
    try:
        for piece in pieces:
            batch.append(piece)
            if sum(one.size for one in batch) > _BATCH:
                yield batch
                batch = []
    except DAMAGED as problem:
        damage = problem
    if batch:
        yield batch
    if damage:
        raise damage


def write(entry: int, piece: memoryview) -> None:
    """All of the piece, however little the pipe takes at once."""
    rest = piece
    while rest:
        rest = rest[os.write(entry, rest) :]
