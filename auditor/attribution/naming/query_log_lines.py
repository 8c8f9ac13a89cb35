"""Files of Resolver query logs -> answers for the addresses that are wanted: millions of lines, in bounded memory.

A line is JSON: `{"query_name": "kms.eu-central-1.amazonaws.com.", "query_type": "A", "answers": [{"Rdata":
"52.94.1.2", "Type": "A", "Class": "IN"}], …}`. A chain of CNAMEs is one line: the name that was asked for counts.
Source: Route 53 developer guide, "Values that appear in VPC Resolver query logs" (read 2026-11-20).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.attribution.lanes import Lanes, TextFile, Unreadable
from auditor.attribution.naming.dns_answers import Answers

_MEMORY_MB, _MEMORY_MB_PER_THREAD, _MOST_THREADS = 160, 64, 8
_BUFFER = 8 * 1024 * 1024
_ROWS = 10_000

_LINE, _DAMAGED = "line", "damaged"
"""What stands for an address, once for each line, so that lines are counted in the same scan."""

_READ = """
SELECT CASE WHEN address NOT IN ('line', 'damaged') THEN name END AS name, address, COUNT(*) AS lines
FROM (
  SELECT asked[1] AS name, UNNEST(CASE WHEN asked[1] IS NULL THEN ['damaged']
    WHEN asked[2] IN ('A', 'AAAA') THEN list_prepend('line', answers) ELSE ['line'] END) AS address
  FROM (
    SELECT json_extract_string(line, ['$.query_name', '$.query_type']) AS asked,
      json_extract_string(line, '$.answers[*].Rdata') AS answers
    FROM (SELECT CASE WHEN json_valid(line) THEN line END AS line FROM {lines})
  )
)
WHERE address IN ('line', 'damaged') OR address IN (SELECT spelling FROM wanted)
GROUP BY 1, 2
"""


_REJECTED = "SELECT COUNT(*) FROM (SELECT DISTINCT scan_id, file_id, line_byte_position FROM reject_errors)"


@dataclass(frozen=True, slots=True)
class LinesRead:
    """How many lines there were, how many of them are no queries, and files that could not be read to their end."""

    lines: int
    damaged: int
    unreadable: tuple[Unreadable, ...]


def read_lines(paths: Sequence[Path], answers: Answers) -> LinesRead:
    """Add what the files' lines say to the answers; blocks for a second a million lines."""
    import duckdb  # noqa: PLC0415

    if not paths:
        return LinesRead(0, 0, ())
    threads = min(os.cpu_count() or 1, _MOST_THREADS)
    counts = {_LINE: 0, _DAMAGED: 0}
    lanes = Lanes((TextFile(path, has_header=False) for path in paths), min(len(paths), threads))
    with tempfile.TemporaryDirectory(prefix="auditor-") as folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": threads,
            "memory_limit": f"{_MEMORY_MB + _MEMORY_MB_PER_THREAD * threads}MB",
            "temp_directory": folder,
            "preserve_insertion_order": False,
        }
        with duckdb.connect(config=config) as connection, lanes:
            wanted = "CREATE TEMP TABLE wanted AS SELECT UNNEST($1::VARCHAR[]) AS spelling"
            connection.execute(wanted, [answers.spellings])
            found = connection.execute(_READ.format(lines=_as_lines(lanes.paths)))
            while rows := found.fetchmany(_ROWS):
                for name, address, count in rows:
                    if address in counts:
                        counts[address] += count
                    else:
                        answers.add(name, [address])
            counts[_DAMAGED] += connection.execute(_REJECTED).fetchall()[0][0]
    return LinesRead(sum(counts.values()), counts[_DAMAGED], tuple(lanes.unreadable))


def _as_lines(paths: Sequence[str]) -> str:
    """The lines of files as a table of one column: no line of JSON holds the character that would part it in two."""
    return (
        f"read_csv({list(paths)}, columns = {{'line': 'VARCHAR'}}, auto_detect = false, header = false, delim = '\x01',"
        " quote = '', escape = '', comment = '', compression = 'none', store_rejects = true, rejects_limit = 0,"
        f" buffer_size = {_BUFFER}, max_line_size = {_BUFFER // 4})"
    )
