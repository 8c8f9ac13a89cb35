"""Text files -> a table of rows that are grouped by all that the counting reads; odd lines are counted from a file.

Threads unpack and split, each a file at a time; what they split goes into a table of the engine, which groups it and
spills. Nothing here knows what a record means: `rows` has the records' own columns, and a weight.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from auditor.attribution.counting import NAMING, WEIGHT
from auditor.attribution.lanes import DAMAGED, TextFile, Unreadable, batches, lines
from auditor.attribution.plain_lines import ACTIONS, STATES, STATUSES, Carried, Extent, Split, Splitter
from auditor.attribution.record_format import RecordFormat
from auditor.attribution.words import BACK, CODED, FRONT, Ints

if TYPE_CHECKING:
    import duckdb

_BLOCK = 2 * 1024 * 1024
_MOST_WAITING = 500_000
_MOST_UNGROUPED = 1_000_000
_MOST_ODD = 64 * 1024 * 1024
_MOST_THREADS = 8
_LARGE = 31 * 1024 * 1024

_TEXT = f"translate(reverse(to_hex({{code}})), '{'123456789ABCDEF'[: len(CODED)]}0', '{CODED}')"
"""An address's last character is its code's highest digit; the digit 0 is no character."""


@dataclass
class Grouping:
    """Reads text files of one format, once; `count_odd` is called with a file of lines and their number."""

    connection: duckdb.DuckDBPyConnection
    splitter: Splitter
    count_odd: Callable[[Path, int], None]
    unreadable: list[Unreadable] = field(default_factory=list)
    _others: Ints = field(default_factory=lambda: np.zeros(STATES, np.int64))
    _extent: Extent = (None, None)
    _waiting: list[Carried] = field(default_factory=list)
    _rows_waiting: int = 0
    _ungrouped: int = 0
    _grouped: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_stopped: bool = False

    def __post_init__(self) -> None:
        codes = "".join(f", {name} UBIGINT" for name in self._codes)
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE plain (kind BIGINT{codes}, bytes HUGEINT, {WEIGHT} BIGINT)"
        )

    def read(self, files: Sequence[TextFile]) -> None:
        """All of them; blocks."""
        _keep_freed_memory()
        count = min(len(files), os.cpu_count() or 1, _MOST_THREADS)
        left = iter(files)
        with tempfile.NamedTemporaryFile(prefix="auditor-", suffix=".log") as odd, ThreadPoolExecutor(count) as pool:
            try:
                for thread in [pool.submit(self._work, left, odd) for _ in range(count)]:
                    thread.result()
            finally:
                self._is_stopped = True
            self._count_odd(odd)
        self._insert()
        self._group()
        self._add_others()

    @property
    def form(self) -> RecordFormat:
        """The columns of `rows`: those that the counting reads, with one naming field for all of them."""
        fields = self.splitter.form.fields
        naming = next(name for name in fields if name in NAMING)
        more = (name for name in ("bytes", "start", "end", "action", "log-status") if name in fields)
        return RecordFormat((naming, *self.splitter.addresses, *more, WEIGHT))

    def rows(self) -> str:
        """What was read, as a query in brackets."""
        naming, *_ = self.form.fields
        outside = self.splitter.window[1] if self.splitter.window else 0
        first, last = (f"CASE WHEN kind & 1 = 1 THEN {outside} ELSE {_number(one)} END" for one in self._extent)
        meaning = {naming: f"{_texts(self.splitter.known)}[kind // {STATES}]"}
        meaning |= dict(zip(self.splitter.addresses, (_TEXT.format(code=code) for code in self._codes), strict=True))
        meaning |= {"bytes": "CASE WHEN kind & 2 = 2 THEN bytes END", "start": first, "end": last}
        meaning |= {"action": f"{_texts(ACTIONS)}[1 + (kind >> 4) % 4]"}
        meaning |= {"log-status": f"{_texts(STATUSES)}[1 + (kind >> 2) % 4]", WEIGHT: WEIGHT}
        chosen = (f'{meaning[name]} AS "{name.replace("-", "_")}"' for name in self.form.fields)
        return f"(SELECT {', '.join(chosen)} FROM plain)"  # noqa: S608

    @property
    def count(self) -> int:
        """How many records the rows stand for."""
        return int(self.connection.execute(f"SELECT COALESCE(SUM({WEIGHT}), 0) FROM plain").fetchall()[0][0])  # noqa: S608

    @property
    def _codes(self) -> list[str]:
        return [f"code{number}" for number in range(len(self.splitter.addresses))]

    def _work(self, files: Iterator[TextFile], odd: IO[bytes]) -> None:
        while (file := self._next(files)) is not None:
            for block in self._blocks(file):
                split = self.splitter.split(block)
                with self._lock:
                    self._add(split, odd)
                if self._is_stopped:
                    return

    def _next(self, files: Iterator[TextFile]) -> TextFile | None:
        with self._lock:
            return None if self._is_stopped else next(files, None)

    def _blocks(self, file: TextFile) -> Iterator[bytes]:
        try:
            for pieces in batches(lines(file), _BLOCK):
                yield b"".join((FRONT, *pieces, BACK))
        except DAMAGED as problem:
            self.unreadable.append(Unreadable(file.path, str(problem)))

    def _add(self, split: Split, odd: IO[bytes]) -> None:
        self._others += split.others
        self._extent = _wider(self._extent, split.extent)
        if split.carried:
            self._waiting.append(split.carried)
            self._rows_waiting += split.carried[0].size
        if self._rows_waiting > _MOST_WAITING:
            self._insert()
        if odd.write(split.odd) and odd.tell() > _MOST_ODD:
            self._count_odd(odd)

    def _insert(self) -> None:
        """Move what waits into the table, and group that when it has grown to twice its size."""
        if self._waiting:
            names = ["kind", *self._codes, "bytes"]
            columns = (np.concatenate(parts) for parts in zip(*self._waiting, strict=True))
            self.connection.register("waiting", dict(zip(names, columns, strict=True)))
            self.connection.execute("INSERT INTO plain SELECT *, 1 FROM waiting")
            self.connection.unregister("waiting")
        self._ungrouped += self._rows_waiting
        self._waiting, self._rows_waiting = [], 0
        if self._ungrouped > _MOST_UNGROUPED + self._grouped:
            self._group()

    def _group(self) -> None:
        names = ", ".join(["kind", *self._codes])
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE plain AS SELECT {names}, SUM(bytes) AS bytes,"  # noqa: S608
            f" CAST(SUM({WEIGHT}) AS BIGINT) AS {WEIGHT} FROM plain GROUP BY ALL"
        )
        self._grouped, self._ungrouped = self.connection.execute("SELECT COUNT(*), 0 FROM plain").fetchall()[0]

    def _add_others(self) -> None:
        """Records that are no NAT gateway's, or tell nothing."""
        zeros = ", 0" * len(self._codes)
        for state in np.flatnonzero(self._others).tolist():
            values = f"({state}{zeros}, 0, {self._others[state]})"
            self.connection.execute(f"INSERT INTO plain VALUES {values}")  # noqa: S608

    def _count_odd(self, odd: IO[bytes]) -> None:
        """Count the lines in the file and empty it."""
        odd.flush()
        path = Path(odd.name)
        with path.open("rb") as file:
            count = sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b""))
        if count:
            self.count_odd(path, count)
        odd.seek(0)
        odd.truncate()


def _keep_freed_memory() -> None:
    """Let blocks reuse the memory of those before them.

    The C library gives large arrays back to the system at once, and taking them again costs a third of the time; after
    it has seen one of this size freed, it keeps those that are smaller.
    """
    np.empty(_LARGE, np.uint8)


def _wider(one: Extent, other: Extent) -> Extent:
    firsts, lasts = ([value for value in pair if value is not None] for pair in zip(one, other, strict=True))
    return min(firsts, default=None), max(lasts, default=None)


def _number(value: int | None) -> str:
    return "CAST(NULL AS BIGINT)" if value is None else str(value)


def _texts(texts: Sequence[str]) -> str:
    quoted = ("'" + text.replace("'", "''") + "'" for text in texts if text)
    return f"CAST([{', '.join(quoted)}] AS VARCHAR[])"
