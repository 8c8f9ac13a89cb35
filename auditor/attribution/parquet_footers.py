"""Footers of Parquet files, which DuckDB reads -> where the pages lie that `parquet.c` shall read.

A file about whose footer anything is in doubt is not among them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from auditor.attribution.counting import USED
from auditor.attribution.sources import column_kind, literal

if TYPE_CHECKING:
    import duckdb

CODECS = {"UNCOMPRESSED": 0, "SNAPPY": 1, "GZIP": 2}
"""What `parquet.c` calls them; it unpacks the first two itself."""

_WIDTHS = {("INT32", "INTEGER"): 4, ("INT64", "BIGINT"): 8}
_TEXT = ("BYTE_ARRAY", "VARCHAR")
_UNUSED = (0,) * 5
_AT_ONCE = 1000

_SCHEMA = """
SELECT file_name, name, type, duckdb_type, repetition_type, num_children FROM parquet_schema({files})
ORDER BY file_name, column_id
"""
_CHUNKS = """
SELECT file_name, row_group_id, row_group_num_rows, path_in_schema, compression, num_values,
  COALESCE(LEAST(NULLIF(dictionary_page_offset, 0), data_page_offset), 0),
  COALESCE(total_compressed_size, 0)
FROM parquet_metadata({files}) ORDER BY file_name, row_group_id
"""


class _Column(NamedTuple):
    file: str
    name: str
    kind: str | None
    sql_kind: str | None
    repetition: str | None
    children: int | None

    @property
    def field(self) -> str:
        return self.name.replace("_", "-")

    @property
    def width(self) -> int | None:
        """Of a number in bytes, 0 of text; `None` where it is stored in another way."""
        stored = (self.kind, self.sql_kind)
        if self.repetition not in {"REQUIRED", "OPTIONAL"}:
            return None
        if column_kind(self.field) == "BIGINT":
            return _WIDTHS.get(stored)  # type: ignore[arg-type]
        return 0 if stored == _TEXT else None


class _Chunk(NamedTuple):
    file: str
    group: int
    rows: int
    name: str
    codec: str
    values: int
    at: int
    size: int


_Row = TypeVar("_Row", _Column, _Chunk)


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Its rows, and five numbers for each column of the file: what `parquet.c` calls a chunk."""

    rows: int
    chunks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """A file of which nothing is in doubt so far."""

    path: Path
    names: tuple[str, ...]
    groups: tuple[RowGroup, ...]


def plain_files(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> list[ParquetFile]:
    """Those of the files whose footers say nothing unusual."""
    some = (paths[first : first + _AT_ONCE] for first in range(0, len(paths), _AT_ONCE))
    return [file for group in some for file in _plain_files(connection, group)]


def _plain_files(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> list[ParquetFile]:
    """All at once; where that fails, in halves, until the file that cannot be read is alone."""
    import duckdb  # noqa: PLC0415

    files = literal(paths)
    try:
        schemas = _by_file(_Column, connection.execute(_SCHEMA.format(files=files)).fetchall())
        chunks = _by_file(_Chunk, connection.execute(_CHUNKS.format(files=files)).fetchall())
    except duckdb.Error:
        middle = len(paths) // 2
        return [one for half in (paths[:middle], paths[middle:]) if middle for one in _plain_files(connection, half)]
    found = (_plain_file(path, schemas[str(path)], chunks[str(path)]) for path in paths)
    return [file for file in found if file]


def _by_file(kind: Callable[..., _Row], rows: Iterable[tuple[object, ...]]) -> Mapping[str, list[_Row]]:
    found = defaultdict(list)
    for row in rows:
        one = kind(*row)
        found[one.file].append(one)
    return found


def _plain_file(path: Path, schema: Sequence[_Column], chunks: Sequence[_Chunk]) -> ParquetFile | None:
    """`None` where columns are nested or stored in another way, or a row group's chunks are unusual."""
    columns = schema[1:]
    used = {column.name: column for column in columns if column.field in USED}
    is_flat = bool(columns) and schema[0].children == len(columns)
    is_told = len({column.name.casefold() for column in columns}) == len(columns)
    if not is_flat or not is_told or any(column.width is None for column in used.values()):
        return None
    names = tuple(column.name for column in columns)
    groups = [_group(names, used, list(some)) for _, some in groupby(chunks, attrgetter("group"))]
    plain = tuple(group for group in groups if group)
    return ParquetFile(path, names, plain) if len(plain) == len(groups) else None


def _group(names: Sequence[str], used: Mapping[str, _Column], chunks: Sequence[_Chunk]) -> RowGroup | None:
    found = {chunk.name: chunk for chunk in chunks}
    if any(name not in found or not _is_plain(found[name]) for name in used):
        return None
    numbers = (_numbers(used[name], found[name]) if name in used else _UNUSED for name in names)
    return RowGroup(chunks[0].rows, tuple(number for some in numbers for number in some))


def _is_plain(chunk: _Chunk) -> bool:
    return chunk.codec in CODECS and chunk.values == chunk.rows >= 0 and chunk.at > 0 and chunk.size > 0


def _numbers(column: _Column, chunk: _Chunk) -> tuple[int, ...]:
    return chunk.at, chunk.size, column.width or 0, CODECS[chunk.codec], int(column.repetition == "OPTIONAL")
