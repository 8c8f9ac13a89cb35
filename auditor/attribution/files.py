"""Paths -> files of flow records, each once, sorted by what they are: text by its fields, Parquet by its columns."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from auditor.attribution.lanes import DAMAGED, TextFile, Unreadable, unpacked
from auditor.attribution.record_format import RecordFormat, guess, header
from auditor.errors import UsageError

_SUFFIXES = frozenset({".gz", ".log", ".txt", ".parquet", ""})
"""What counts as a flow log in a folder; a file that is named itself may have any name."""

_PARQUET_MAGIC = b"PAR1"
_FIRST_LINES = 64 * 1024


@dataclass
class FlowLogFiles:
    """Files to read: text by its format, Parquet apart (its columns are in the file), and what cannot be read."""

    text: dict[RecordFormat, list[TextFile]] = field(default_factory=lambda: defaultdict(list))
    parquet: list[Path] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)


def find_files(paths: Sequence[str], log_format: RecordFormat | None) -> FlowLogFiles:
    """All files below the paths, one of each content; `UsageError` for a path that is not there or holds none."""
    found = FlowLogFiles()
    for path in unique(expand(paths)):
        try:
            _sort_in(found, path, log_format)
        except DAMAGED as problem:
            found.unreadable.append(Unreadable(path, str(problem)))
    return found


def expand(paths: Sequence[str]) -> Iterator[Path]:
    """The files at and below the paths."""
    for text in paths:
        path = Path(text)
        if not path.exists():
            raise UsageError(f"{text}: no such file or folder")
        files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if _is_flow_log(one))
        if not files:
            raise UsageError(f"{text}: no flow-log files there (.gz, .log, .txt, .parquet)")
        yield from files


def _is_flow_log(path: Path) -> bool:
    return path.suffix in _SUFFIXES and not path.name.startswith((".", "_")) and path.is_file()


def unique(paths: Iterable[Path]) -> Iterator[Path]:
    """Each file once, also where two paths, links or copies hold the same content."""
    alike: dict[tuple[int, bytes], list[Path]] = defaultdict(list)
    firsts: dict[Path, None] = {}
    for path in paths:
        real = path.resolve()
        if real not in firsts:
            firsts[real] = None
            alike[_fingerprint(real)].append(path)
    kept = {path for group in alike.values() for path in _distinct(group)}
    yield from (path for group in alike.values() for path in group if path in kept)


def _distinct(group: Sequence[Path]) -> Iterable[Path]:
    """The first of each content; only files that may be alike are read whole, each once."""
    if len(group) == 1:
        return group
    return {_content(path): path for path in reversed(group)}.values()


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return str(path).encode()


def _fingerprint(path: Path) -> tuple[int, bytes]:
    """Size and last bytes: of a gzip file these are the checksum and length of its content."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(max(0, size - 8))
            return size, file.read(8)
    except OSError:
        return -1, str(path).encode()


def _sort_in(found: FlowLogFiles, path: Path, log_format: RecordFormat | None) -> None:
    with path.open("rb") as file:
        if file.read(len(_PARQUET_MAGIC)) == _PARQUET_MAGIC:
            found.parquet.append(path)
            return
    first, second = first_lines(path)
    named = header(first)
    form = named or log_format or guess(first)
    if form is not None:
        record = second if named else first
        found.text[form].append(TextFile(path, has_header=named is not None, span=form.span_of(record)))
    elif first:
        raise UsageError(f"{path}: has no header line that names its fields: say them with --log-format")


def first_lines(path: Path) -> tuple[str, str]:
    """The first two lines of a text file, unpacked; empty for those that are not there."""
    start = b""
    with path.open("rb") as file:
        try:
            for block in unpacked(file):
                start += block
                if start.count(b"\n") > 1 or len(start) > _FIRST_LINES:
                    break
        except EOFError:
            pass  # its beginning is enough here; whoever reads it all meets the error again
    first, second, *_ = [*start.split(b"\n", 2), b""]
    return first.decode("utf-8", "replace").strip(), second.decode("utf-8", "replace").strip()
