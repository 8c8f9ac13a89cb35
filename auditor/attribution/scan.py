"""Runs the counting over files with DuckDB: lines that were summed before, and Parquet that could not be."""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.attribution.counting import (
    OUTSIDE,
    UNREADABLE,
    USED,
    WEIGHT,
    Part,
    Seconds,
    Times,
    count_query,
    moment_of,
    record_keys,
)
from auditor.attribution.lanes import TextFile, Unreadable
from auditor.attribution.parquet import ParquetSumming
from auditor.attribution.parquet_footers import ParquetFile, plain_files
from auditor.attribution.record_format import RecordFormat, columns
from auditor.attribution.sources import column_kind, parquet_source, text_source, typed_parquet_source
from auditor.attribution.summing import Plan, Summing, library
from auditor.errors import UsageError
from auditor.model.evidence import Window
from auditor.model.resources import NatGateway

if TYPE_CHECKING:
    import duckdb

Row = Mapping[str, str | int | None]
_SUMS = {
    "outcome": "INTEGER",
    "direction": "INTEGER",
    "source": "VARCHAR",
    "destination": "VARCHAR",
    "bytes": "HUGEINT",
    "records": "BIGINT",
    "first_second": "BIGINT",
    "last_second": "BIGINT",
}
_NO_SUMS = f"CREATE TEMP TABLE sums ({', '.join(f'{name} {kind}' for name, kind in _SUMS.items())})"


@dataclass
class Scan:
    """Adds the sums of files to the table `sums` of a connection, and keeps what could not be read."""

    connection: duckdb.DuckDBPyConnection
    gateways: Sequence[NatGateway]
    unreadable: list[Unreadable] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    window: Window | None = None

    def __post_init__(self) -> None:
        self.connection.execute(_NO_SUMS)
        self.connection.execute(
            "CREATE TEMP TABLE gateways AS SELECT UNNEST($1::VARCHAR[]) AS record_key,"
            " UNNEST($2::INTEGER[]) AS gateway, UNNEST($3::BOOLEAN[]) AS regional",
            _columns(record_keys(self.gateways), 3),
        )
        self.connection.execute(
            "CREATE TEMP TABLE own AS SELECT UNNEST($1::INTEGER[]) AS gateway, UNNEST($2::VARCHAR[]) AS address",
            _columns(_own_addresses(self.gateways), 2),
        )

    def text(self, files: Mapping[RecordFormat, Sequence[TextFile]]) -> None:
        """Text files, gzip or not, by their format."""
        for form, group in files.items():
            if self._is_enough(form, group[0].path, len(group)):
                self._count_text(form, group)

    def parquet(self, paths: Sequence[Path]) -> None:
        """Parquet files, by their columns."""
        plain = {file.path: file for file in plain_files(self.connection, paths)}
        groups = defaultdict(list)
        for path in paths:
            if names := plain[path].names if path in plain else self._columns(path):
                groups[names].append(path)
        for names, group in groups.items():
            if self._is_enough(columns(names), group[0], len(group)):
                odd = self._sum_parquet(names, [plain[path] for path in group if path in plain])
                if left := [path for path in group if path not in plain or path in odd]:
                    self._count_parquet(names, left)

    def sums(self, path: Path) -> None:
        """What `count_query` gave elsewhere, as CSV with a header."""
        self.connection.execute(
            "INSERT INTO sums SELECT * FROM read_csv($1, header = true, auto_detect = false, delim = ',', quote = '\"',"  # noqa: S608
            f" escape = '\"', nullstr = '', columns = {_SUMS})",
            [str(path)],
        )

    def rows(self, form: RecordFormat, rows: Sequence[Row]) -> None:
        """Rows grouped elsewhere; `records` says how many records a row stands for."""
        weighted = RecordFormat((*(name for name in form.fields if name in USED), WEIGHT))
        names = ["records" if name == WEIGHT else name for name in weighted.fields]
        values = [[None if row.get(name) == "-" else row.get(name) for row in rows] for name in names]
        chosen = (
            f"UNNEST(${number}::{column_kind(name)}[]) AS {name.replace('-', '_')}"
            for number, name in enumerate(weighted.fields, start=1)
        )
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE grouped AS SELECT {', '.join(chosen)}", values)
        self._count(weighted, "grouped", Part.ALL)

    @property
    def rejected_lines(self) -> int:
        """Lines that are no records."""
        tables = self.connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'").fetchall()
        lines = "SELECT COUNT(*) FROM (SELECT DISTINCT scan_id, file_id, line_byte_position FROM reject_errors)"
        return int(self.connection.execute(lines).fetchall()[0][0]) if tables else 0

    def _is_enough(self, form: RecordFormat, example: Path, count: int) -> bool:
        """Whether the format can tell any of the NAT gateways; for the others a note says what it lacks."""
        modes = {one.mode == "regional" for one in self.gateways}
        lacks = {regional: form.lacks(regional=regional) for regional in sorted(modes)}
        if all(lacks.values()):
            raise UsageError(f"{example}: its format lacks {' and '.join(lacks.values())}: nothing can be counted")
        for regional, missing in lacks.items():
            if missing:
                kind = "regional" if regional else "zonal"
                self.notes.append(f"{example} ({count} files of this format) lacks {missing}: no {kind} NAT gateway")
        return True

    def _columns(self, path: Path) -> tuple[str, ...]:
        import duckdb  # noqa: PLC0415

        try:
            schema = self.connection.execute(f"DESCRIBE SELECT * FROM {parquet_source([path])}").fetchall()  # noqa: S608
        except duckdb.Error as error:
            self.unreadable.append(Unreadable(path, str(error).partition("\n")[0]))
            return ()
        return tuple(row[0] for row in schema)

    def _sum_parquet(self, names: tuple[str, ...], files: list[ParquetFile]) -> set[Path]:
        """Those that could not be summed."""
        form = columns(names)
        plan = Plan(form, self._keys, self._seconds, skips_private=not form.names_clients)
        compiled = library()
        if not files or compiled is None or not plan.is_summable:
            return {file.path for file in files}
        with tempfile.TemporaryDirectory(prefix="auditor-") as folder:
            summing = ParquetSumming(plan, compiled, Path(folder))
            summing.read(files)
            if summing.paths:
                records = text_source(summing.paths, plan.summed, keeps_errors=False)
                self._count_lines(plan.summed, records, summing.count, None)
            return set(summing.odd)

    def _count_parquet(self, names: tuple[str, ...], paths: list[Path]) -> None:
        """All at once; where that fails, in halves, until the file that cannot be read is alone."""
        import duckdb  # noqa: PLC0415

        try:
            with self._all_or_nothing():
                before, records = self._looked_at(), typed_parquet_source(paths, names)
                for part in (Part.CARRYING, Part.EMPTY):
                    self._count(columns(names), records, part)
                count, *extent = self._extent(names, records)
                self._pass_over(count - (self._looked_at() - before), extent)
        except duckdb.Error as error:
            if len(paths) == 1:
                self.unreadable.append(Unreadable(paths[0], str(error).partition("\n")[0]))
                return
            middle = len(paths) // 2
            for half in (paths[:middle], paths[middle:]):
                self._count_parquet(names, half)

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        self.connection.begin()
        try:
            yield
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()

    def _count_text(self, form: RecordFormat, group: Sequence[TextFile]) -> None:
        span = self._span(group)
        plan = Plan(form, self._keys, self._seconds, skips_private=bool(span) and not form.names_clients)
        with tempfile.TemporaryDirectory(prefix="auditor-") as folder:
            summing = Summing(plan, Path(folder), partial(self._count_odd, form, span))
            summing.read(group)
            self.unreadable += summing.unreadable
            if summing.paths:
                records = text_source(summing.paths, plan.summed, keeps_errors=False)
                self._count_lines(plan.summed, records, summing.count, span)

    def _count_odd(self, form: RecordFormat, span: Seconds | None, path: Path, count: int) -> None:
        records = text_source([path], form, keeps_errors=bool(span))
        self._count_lines(form, records, count, span)

    def _count_lines(self, form: RecordFormat, records: str, count: int, span: Seconds | None) -> None:
        """Most records tell nothing and need not be looked at, if the first start and the last end are nearly known."""
        before = self._looked_at()
        # Without a span perhaps not one line is a record of this format, and the engine would keep each with its error.
        self._count(form, records, Part.TELLING if span else Part.ALL, span)
        missed = count - (self._looked_at() - before)
        self._pass_over(missed, span or (None, None), None if span else UNREADABLE)

    def _span(self, group: Sequence[TextFile]) -> Seconds | None:
        """From the least start to the greatest end of one record a file."""
        first, end = self._seconds or (0, sys.maxsize)
        spans = [file.span for file in group if file.span and first <= file.span[0] < end]
        return (min(start for start, _ in spans), max(end for _, end in spans)) if spans else None

    def _looked_at(self) -> int:
        found = self.connection.execute("SELECT COALESCE(SUM(records), 0) FROM sums").fetchall()
        return int(found[0][0]) + self.rejected_lines

    def _pass_over(self, others: int, extent: Sequence[int | None], outcome: int | None = None) -> None:
        """Records that no query looked at count all the same; those outside the window do not."""
        self.connection.execute("DELETE FROM sums WHERE outcome = $1", [OUTSIDE])
        self.connection.execute(
            "INSERT INTO sums VALUES ($1, 0, NULL, NULL, 0, $2, $3, $4)", [outcome, others, *extent]
        )

    def _extent(self, names: Sequence[str], records: str) -> tuple[int, int | None, int | None]:
        """How many records there are; the first start and the last end of those in the window."""
        start, end = (f'"{name}"' if name in names else "CAST(NULL AS BIGINT)" for name in ("start", "end"))
        moment = start if "start" in names else end
        inside = f"{moment} >= {self._seconds[0]} AND {moment} < {self._seconds[1]}" if self._seconds else "TRUE"
        (count,) = self.connection.execute(f"SELECT COUNT(*) FROM {records}").fetchall()[0]  # noqa: S608
        bounds = f"SELECT MIN({start}), MAX({end}) FROM {records} WHERE {inside}"  # noqa: S608
        return count, *self.connection.execute(bounds).fetchall()[0]

    @property
    def _keys(self) -> tuple[str, ...]:
        return tuple(key for key, _, _ in record_keys(self.gateways))

    @property
    def _seconds(self) -> Seconds | None:
        if self.window is None:
            return None
        return int(self.window.start.timestamp()), int(self.window.end.timestamp())

    def _count(self, form: RecordFormat, records: str, part: Part, span: Seconds | None = None) -> None:
        times = Times(self._seconds if moment_of(form.fields) else None, span)
        self.connection.execute(f"INSERT INTO sums {count_query(form, records, 'gateways', part, times)}")


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[number] for row in rows] for number in range(width)]


def _own_addresses(gateways: Sequence[NatGateway]) -> list[tuple[int, str]]:
    own = ((number, a) for number, one in enumerate(gateways) for a in one.addresses)
    return [(number, ip) for number, a in own for ip in (a.private_ip, a.public_ip) if ip]
