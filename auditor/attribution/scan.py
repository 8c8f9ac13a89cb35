"""Runs the counting over files with DuckDB: many text files through pipes, Parquet directly."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.attribution.counting import Part, count_query
from auditor.attribution.lanes import Lanes, TextFile, Unreadable
from auditor.attribution.record_format import RecordFormat, columns
from auditor.errors import UsageError
from auditor.model.network import NatGateway

if TYPE_CHECKING:
    import duckdb

REGIONAL = "regional"
_NUMBERS = frozenset({"bytes", "start", "end"})
_USED = _NUMBERS | {
    *("interface-id", "resource-id", "srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr", "action", "log-status")
}
_NO_SUMS = """
CREATE TEMP TABLE sums (outcome INTEGER, direction INTEGER, source VARCHAR, destination VARCHAR, bytes HUGEINT,
  records BIGINT, first_second BIGINT, last_second BIGINT)
"""
_BUFFER = 8 * 1024 * 1024


@dataclass
class Scan:
    """Adds the sums of files to the table `sums` of a connection, and keeps what could not be read."""

    connection: duckdb.DuckDBPyConnection
    gateways: Sequence[NatGateway]
    unreadable: list[Unreadable] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        keys = [
            (key, number, one.mode == REGIONAL)
            for number, one in enumerate(self.gateways)
            for key in {one.id, *(a.interface_id for a in one.addresses if a.interface_id)}
        ]
        self.connection.execute(_NO_SUMS)
        self.connection.execute(
            "CREATE TEMP TABLE gateways AS SELECT UNNEST($1::VARCHAR[]) AS record_key,"
            " UNNEST($2::INTEGER[]) AS gateway, UNNEST($3::BOOLEAN[]) AS regional",
            [list(column) for column in zip(*keys, strict=True)],
        )

    def text(self, files: Mapping[RecordFormat, Sequence[TextFile]]) -> None:
        """Text files, gzip or not, by their format."""
        for form, group in files.items():
            if self._is_enough(form, group[0].path, len(group)):
                lanes = Lanes(iter(group), min(len(group), os.cpu_count() or 1))
                with lanes:
                    self._count(form, _read_csv(lanes.paths, form), Part.ALL)
                self.unreadable += lanes.unreadable

    def parquet(self, paths: Sequence[Path]) -> None:
        """Parquet files, by their columns."""
        groups = defaultdict(list)
        for path in paths:
            if names := self._columns(path):
                groups[names].append(path)
        for names, group in groups.items():
            if self._is_enough(columns(names), group[0], len(group)):
                self._count_parquet(names, group)

    @property
    def rejected_lines(self) -> int:
        """Lines that are no records."""
        tables = self.connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'").fetchall()
        lines = "SELECT COUNT(*) FROM (SELECT DISTINCT scan_id, file_id, line_byte_position FROM reject_errors)"
        return int(self.connection.execute(lines).fetchall()[0][0]) if tables else 0

    def _is_enough(self, form: RecordFormat, example: Path, count: int) -> bool:
        """Whether the format can tell any of the NAT gateways; for the others a note says what it lacks."""
        modes = {one.mode == REGIONAL for one in self.gateways}
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
            schema = self.connection.execute("DESCRIBE SELECT * FROM read_parquet($1)", [str(path)]).fetchall()
        except duckdb.Error as error:
            self.unreadable.append(Unreadable(path, str(error).partition("\n")[0]))
            return ()
        return tuple(row[0] for row in schema)

    def _count_parquet(self, names: tuple[str, ...], paths: list[Path]) -> None:
        """All at once; where that fails, in halves, until the file that cannot be read is alone."""
        import duckdb  # noqa: PLC0415

        try:
            with self._all_or_nothing():
                for part in (Part.OF_GATEWAYS, Part.OTHERS):
                    self._count(columns(names), _read_parquet(paths, names), part)
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

    def _count(self, form: RecordFormat, records: str, part: Part) -> None:
        self.connection.execute(f"INSERT INTO sums {count_query(form, records, 'gateways', part)}")


def _read_csv(paths: Sequence[str], form: RecordFormat) -> str:
    """Only the columns that are used keep their names, so no name out of a file becomes SQL."""
    kinds = {
        (name.replace("-", "_") if name in _USED else f"_{number}"): "BIGINT" if name in _NUMBERS else "VARCHAR"
        for number, name in enumerate(form.fields)
    }
    return (
        f"read_csv({_texts(paths)}, columns = {kinds}, auto_detect = false, header = false, delim = ' ', quote = '',"
        f" escape = '', comment = '', nullstr = '-', compression = 'none', store_rejects = true, rejects_limit = 0,"
        f" buffer_size = {_BUFFER}, max_line_size = {_BUFFER // 4})"
    )


def _read_parquet(paths: Sequence[Path], names: Sequence[str]) -> str:
    used = {name.replace("_", "-"): name for name in names if name.replace("_", "-") in _USED}
    chosen = ", ".join(f'{_parquet_column(field, name)} AS "{field.replace("-", "_")}"' for field, name in used.items())
    return f"(SELECT {chosen} FROM read_parquet({_texts(map(str, paths))}))"  # noqa: S608


def _parquet_column(field: str, name: str) -> str:
    if field in _NUMBERS:
        return f'TRY_CAST("{name}" AS BIGINT)'
    return f"NULLIF(\"{name}\", '-')" if field == "interface-id" else f'"{name}"'


def _texts(texts: Iterable[str]) -> str:
    return "[" + ", ".join("'" + text.replace("'", "''") + "'" for text in texts) + "]"
