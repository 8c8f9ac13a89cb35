"""Which column of a flow record is what: from a LogFormat, a header line or the columns of a Parquet file.

Fields are found by name, never by position. Names are AWS's with hyphens; Parquet writes them with underscores.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from auditor.errors import UsageError
from auditor.model.flow_record import DEFAULT_FIELDS, lacks

_TOLD_BY = frozenset({"srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr", "interface-id", "log-status", "bytes"})
"""A line that names one of these is a header; a record cannot."""

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_SECONDS = re.compile(r"[0-9]{1,11}")
_VARIABLE = re.compile(r"\$\{([a-z][a-z0-9_-]*)\}")


@dataclass(frozen=True, slots=True)
class RecordFormat:
    """The fields of a record, in their order."""

    fields: tuple[str, ...]

    @property
    def names_clients(self) -> bool:
        """Whether legs 1 and 4 can be told, which name client and service; else legs 2 and 3 are counted."""
        return {"srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr"} <= set(self.fields)

    def lacks(self, *, regional: bool) -> str:
        """What is missing to count a NAT gateway, in words; empty where nothing is."""
        return lacks(self.fields, regional=regional)

    def span_of(self, line: str) -> tuple[int, int] | None:
        """Start and end of a record, in seconds; `None` where it has them not, or is none of this format."""
        words = line.split()
        values = dict(zip(self.fields, words, strict=True)) if len(words) == len(self.fields) else {}
        start, end = values.get("start", "-"), values.get("end", "-")
        return (int(start), int(end)) if _SECONDS.fullmatch(start) and _SECONDS.fullmatch(end) else None


DEFAULT = RecordFormat(DEFAULT_FIELDS)


def columns(names: Iterable[str]) -> RecordFormat:
    """The format of a file with these columns."""
    return RecordFormat(tuple(name.replace("_", "-") for name in names))


def parse_log_format(text: str) -> RecordFormat:
    """A LogFormat such as `${version} ${pkt-srcaddr}`, or a header line; `UsageError` for anything else."""
    found = columns(_VARIABLE.findall(text)) if "$" in text else header(text)
    if found is None or not _TOLD_BY & set(found.fields):
        raise UsageError(f"not a flow-log format: {text[:100]!r}; expected like '${{version}} ${{interface-id}} ...'")
    return found


def header(line: str) -> RecordFormat | None:
    """The format that a file's first line names, or `None` where that line is a record."""
    names = line.split()
    is_header = all(_NAME.fullmatch(name) for name in names)
    found = columns(names)
    return found if is_header and _TOLD_BY & set(found.fields) else None


def guess(line: str) -> RecordFormat | None:
    """The default format for a record that looks like it, for files without a header line."""
    values = line.split()
    return DEFAULT if len(values) == len(DEFAULT_FIELDS) and values[0] == "2" else None
