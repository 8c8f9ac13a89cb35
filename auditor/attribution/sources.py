"""SQL that reads flow records from files with DuckDB."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from auditor.attribution.counting import USED, WEIGHT, typed_columns
from auditor.attribution.record_format import RecordFormat

_NUMBERS = frozenset({"bytes", "start", "end", WEIGHT})
_PATTERN = re.compile(r"([\[*?])")
_BUFFER = 8 * 1024 * 1024
_WITH_ERRORS = "store_rejects = true, rejects_limit = 0"
_SILENTLY = "ignore_errors = true"


def column_kind(name: str) -> str:
    """The SQL type of a field."""
    return "BIGINT" if name in _NUMBERS else "VARCHAR"


def text_source(paths: Sequence[Path], form: RecordFormat, *, keeps_errors: bool) -> str:
    """Files of records, one a line; lines that are none are left out, and kept as errors if wanted: a kilobyte each.

    Only the columns that are used keep their names, so no name out of a file becomes SQL.
    """
    kinds = {
        (name.replace("-", "_") if name in USED or name == WEIGHT else f"_{number}"): column_kind(name)
        for number, name in enumerate(form.fields)
    }
    return (
        f"read_csv({literal(paths)}, columns = {kinds}, auto_detect = false, header = false, delim = ' ', quote = '',"
        f" escape = '', comment = '', nullstr = '-', compression = 'none',"
        f" {_WITH_ERRORS if keeps_errors else _SILENTLY},"
        f" buffer_size = {_BUFFER}, max_line_size = {_BUFFER // 4})"
    )


def typed_parquet_source(paths: Sequence[Path], names: Sequence[str]) -> str:
    """The columns that are used, of files that all have these."""
    chosen = typed_columns(name.replace("_", "-") for name in names)
    return f"(SELECT {chosen} FROM {parquet_source(paths)})"  # noqa: S608


def parquet_source(paths: Iterable[Path]) -> str:
    """These very files: a path is no pattern, and `action=REJECT/` in it is no column."""
    return f"read_parquet({literal(paths)}, hive_partitioning = false)"


def literal(paths: Iterable[Path]) -> str:
    """A list of files for SQL; a path is no pattern."""
    texts = (_PATTERN.sub(r"[\1]", str(path)).replace("'", "''") for path in paths)
    return "[" + ", ".join(f"'{text}'" for text in texts) + "]"
