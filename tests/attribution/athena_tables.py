"""What Athena's engine does with a query, a catalog and buckets: each SerDe's reading, and results as CSV."""

from __future__ import annotations

import csv
import gzip
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
TYPES = {"string": "VARCHAR", "bigint": "BIGINT"}
NULL = r"\N"
PHYSICAL = {"string": {"BYTE_ARRAY"}, "bigint": {"INT64"}}


class BadDataError(Exception):
    """A reason as Athena gives it."""


def run(query: str, glue: Any, s3: Any) -> tuple[int, bytes]:  # noqa: ANN401 -- boto3's
    """Bytes scanned and the result."""
    tree = sqlglot.parse_one(query, read="athena")
    scanned = 0
    with duckdb.connect() as connection, tempfile.TemporaryDirectory() as folder:
        for table in [one for one in tree.find_all(exp.Table) if one.db]:
            described = glue.get_table(DatabaseName=table.db, Name=table.name)["Table"]
            reading = Reading(connection, f'"{table.db}"."{table.name}"', described, Path(folder))
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{table.db}"')
            connection.execute(f"CREATE TABLE {reading.table} ({_columns(described)})")
            for partition in _partitions(glue, table.db, table.name):
                for path, content in _objects(s3, partition["StorageDescriptor"]["Location"]):
                    scanned += len(content)
                    reading.add(partition["StorageDescriptor"], content, [*partition["Values"], path])
            reading.finish()
        result = connection.execute(tree.sql(dialect="duckdb"))
        return scanned, _csv([str(column[0]) for column in result.description], result.fetchall())


def _columns(described: dict[str, Any]) -> str:
    columns = [*described["StorageDescriptor"]["Columns"], *described["PartitionKeys"]]
    named = ", ".join(f'"{one["Name"]}" {TYPES[one["Type"]]}' for one in columns)
    return f'{named}, "$path" VARCHAR'


def _partitions(glue: Any, database: str, table: str) -> list[dict[str, Any]]:  # noqa: ANN401 -- boto3's
    pages = glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table)
    return [one for page in pages for one in page["Partitions"]]


def _objects(s3: Any, location: str) -> Iterator[tuple[str, bytes]]:  # noqa: ANN401 -- boto3's
    """All below a location, whatever their names."""
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for one in page.get("Contents", ()):
            yield f"s3://{bucket}/{one['Key']}", _content(s3, bucket, one["Key"], one["ETag"])


@lru_cache(maxsize=1000)
def _content(s3: Any, bucket: str, key: str, tag: str) -> bytes:  # noqa: ANN401 -- boto3's
    """Read once as long as it stays the same: queries at once over one folder each scan all of it."""
    content: bytes = s3.get_object(Bucket=bucket, Key=key, IfMatch=tag)["Body"].read()
    return content


@dataclass(frozen=True)
class Reading:
    """Rows of objects on their way into a table; `beside` are the partition's value and the object's path."""

    connection: duckdb.DuckDBPyConnection
    table: str
    described: dict[str, Any]
    folder: Path
    rows: list[list[str | None]] = field(default_factory=list)

    def add(self, stored: dict[str, Any], content: bytes, beside: list[str]) -> None:
        if stored["SerdeInfo"]["SerializationLibrary"] == PARQUET:
            self._add_parquet(stored["Columns"], content, beside)
        else:
            assert stored["SerdeInfo"]["SerializationLibrary"] == LAZY
            self._add_text(stored, content, beside)

    def _add_text(self, stored: dict[str, Any], content: bytes, beside: list[str]) -> None:
        """By position; what a line lacks is NULL, what it has too much is dropped, a number that is none is NULL."""
        try:
            text = (gzip.decompress(content) if beside[-1].endswith(".gz") else content).decode()
        except EOFError as problem:
            raise BadDataError("HIVE_CURSOR_ERROR: Unexpected end of input stream") from problem
        lines = text.splitlines()[int(self.described["Parameters"].get("skip.header.line.count", "0")) :]
        delimiter, columns = stored["SerdeInfo"]["Parameters"]["field.delim"], stored["Columns"]
        split = [[*line.split(delimiter), *[None] * len(columns)] for line in lines]
        self.rows.extend(
            [*(_lazy(value, one["Type"]) for value, one in zip(values, columns, strict=False)), *beside]
            for values in split
        )

    def finish(self) -> None:
        """Bring in the rows of text all at once: one by one takes the engine minutes."""
        with (path := self.folder / "rows.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([NULL if value is None else value for value in row] for row in self.rows)
        how = f"HEADER false, AUTO_DETECT false, NULLSTR '{NULL}', QUOTE '\"', ESCAPE '\"'"
        self.connection.execute(f"COPY {self.table} FROM '{path}' (FORMAT csv, {how})")

    def _add_parquet(self, columns: list[dict[str, str]], content: bytes, beside: list[str]) -> None:
        """By name; a column that the file lacks is NULL, one of another type is an error."""
        path = self.folder / "object.parquet"
        path.write_bytes(content)
        schema = "SELECT name, type FROM parquet_schema($1) WHERE type IS NOT NULL"
        there = dict(self.connection.execute(schema, [str(path)]).fetchall())
        for one in columns:
            if there.get(one["Name"], "") not in {"", *PHYSICAL[one["Type"]]}:
                raise BadDataError(f"HIVE_BAD_DATA: Field {one['Name']}'s type is incompatible with {one['Type']}")
        chosen = ", ".join(f'"{one["Name"]}"' if one["Name"] in there else "NULL" for one in columns)
        insert = f"INSERT INTO {self.table} SELECT {chosen}, $1, $2 FROM read_parquet('{path}')"  # noqa: S608
        self.connection.execute(insert, beside)


def _lazy(text: str | None, kind: str) -> str | None:
    is_null = text is None or text == NULL or (kind != "string" and not text.lstrip("-").isdigit())
    return None if is_null else text


def _csv(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """Every value in quotes, NULL as nothing at all."""
    lines = [names, *rows]
    return "".join(",".join(_quoted(value) for value in line) + "\n" for line in lines).encode()


def _quoted(value: object) -> str:
    return "" if value is None else '"' + str(value).replace('"', '""') + '"'
