"""Files of a run: evidence saved and read back, and any file written whole or not at all."""

from __future__ import annotations

import gzip
import os
import secrets
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from auditor.errors import UsageError
from auditor.model.evidence import EVIDENCE_VERSION, Evidence
from auditor.model.plain import json_pieces

if TYPE_CHECKING:
    from auditor.model.audit import Audit

_DIGITS_OF_A_PRICE = 20
"""Before or after the point: ten times what any price of AWS has."""


@dataclass(frozen=True, slots=True)
class _Header:
    version: int


def save_evidence(path: Path, evidence: Evidence) -> None:
    """Write the evidence as JSON; `UsageError` where the folder cannot be written."""
    write_atomically(path, (piece.encode() for piece in json_pieces(evidence)))


def packed(evidence: Evidence) -> bytes:
    """The evidence as compressed JSON, in a tenth of the time that the published form takes: parts of a run."""
    return gzip.compress(_evidence().dump_json(evidence, ensure_ascii=True), compresslevel=1, mtime=0)


def unpacked(content: bytes, name: str) -> Evidence:
    """The evidence that was packed; `UsageError` names it with its first problem."""
    try:
        plain = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"{name} is damaged: {error}") from error
    return parse_evidence(plain, Path(name))


def load_evidence(path: Path) -> Evidence:
    """The evidence as it was saved; `UsageError` with file and first problem for every fault of the file."""
    return parse_evidence(read_file(path), path)


def parse_evidence(content: bytes, path: Path) -> Evidence:
    """The same for the content of a file, whose path is only named."""
    _check_version(path, content)
    try:
        evidence = _evidence().validate_json(content, strict=True)
    except ValidationError as error:
        raise UsageError(f"{path} is not saved evidence: {_first(error)}") from error
    torn = next((one for one in evidence.series.values() if len(one.days) != len(one.values)), None)
    if torn:
        raise UsageError(f"{path} is not saved evidence: {torn.resource_id} {torn.metric}: days without their values")
    odd = next((row for row in evidence.prices.rows if abs(row.usd.adjusted()) > _DIGITS_OF_A_PRICE), None)
    if odd:
        raise UsageError(f"{path} is not saved evidence: {odd.item} in {odd.region}: no price is {odd.usd}")
    naive = next((name for name, time in _times(evidence) if time and time.tzinfo is None), None)
    if naive:
        raise UsageError(f"{path} is not saved evidence: {naive}: a time without a time zone")
    return evidence


def read_file(path: Path) -> bytes:
    """The file; `UsageError` where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror}") from error


def parse_audit(content: bytes, name: str) -> Audit:
    """An `audit.json` of this or an earlier version; `UsageError` names it with its first problem."""
    try:
        return _audit().validate_json(content, strict=True)
    except ValidationError as error:
        raise UsageError(f"{name} is not an audit: {_first(error)}") from error


def write_atomically(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write the file, or its pieces, whole or not at all, making its folder; `UsageError` where that cannot be."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write_through(temporary, content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"Cannot write {path.name} in {path.parent}: {error.strerror}") from error


def require_writable(folder: Path) -> None:
    """Make sure now that reports can be written there later; `UsageError` if not."""
    probe = folder / f".probe.{secrets.token_hex(4)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(f"Cannot write reports to {folder}: {error.strerror}") from error


def _write_through(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a new file down to the disk: a rename after a power cut must not publish an empty one."""
    with path.open("xb") as file:
        file.writelines((content,) if isinstance(content, bytes) else content)
        file.flush()
        os.fsync(file.fileno())


def _check_version(path: Path, content: bytes) -> None:
    try:
        version = TypeAdapter(_Header).validate_json(content, strict=True).version
    except ValidationError as error:
        raise UsageError(f"{path} is not saved evidence: {_first(error)}") from error
    if version > EVIDENCE_VERSION:
        raise UsageError(
            f"{path} has evidence version {version}, this Auditor reads up to {EVIDENCE_VERSION}: update it"
        )
    if version < EVIDENCE_VERSION:
        raise UsageError(f"{path} has evidence version {version}, which no Auditor writes")


@cache
def _evidence() -> TypeAdapter[Evidence]:
    return TypeAdapter(Evidence)


@cache
def _audit() -> TypeAdapter[Audit]:
    from auditor.model.audit import Audit  # takes as long to import as all that evidence needs

    return TypeAdapter(Audit)


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    return f"{place}: {problem['msg']}" if place else problem["msg"]


def _times(evidence: Evidence) -> Iterator[tuple[str, datetime | None]]:
    """Every time in the evidence with its place: arithmetic on times needs their zones."""
    yield "generated_at", evidence.generated_at
    yield "window.start", evidence.window.start
    yield "window.end", evidence.window.end
    for scope in evidence.scopes:
        yield from ((f"{nat.id}.created", nat.created) for nat in scope.network.nat_gateways)
        yield from ((f"{endpoint.id}.created", endpoint.created) for endpoint in scope.network.endpoints)
