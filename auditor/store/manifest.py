"""`run.json`, the last file of a run: what the run was, which files it has, and what it could see."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import AwareDatetime

from auditor.errors import Exit
from auditor.model.audit import ScopeSummary
from auditor.model.evidence import Gap
from auditor.model.letter import Addressee

MANIFEST, BEGUN = "run.json", "begun.json"
PRODUCT = "auditor"
MANIFEST_VERSION = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
"""No path, and as long as the name of an execution of Step Functions can be."""

_REPORTED = frozenset({Exit.REPORTED, Exit.GAPS, Exit.NOT_DELIVERED, Exit.ABOVE_LIMIT})


@dataclass(frozen=True, slots=True)
class Draft:
    """A run that is over and not yet stored; files by name, or where they are. Without a message it has the run's name.

    `name` is that of a run which was begun part by part; others get one.
    """

    started: datetime
    finished: datetime
    exit_code: int
    files: Mapping[str, bytes | Path]
    schedule: str | None = None
    due: datetime | None = None
    scopes: tuple[ScopeSummary, ...] = ()
    gaps: tuple[Gap, ...] = ()
    message: str = ""
    recipients: tuple[Addressee, ...] = ()
    reason: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """What every version of a manifest has."""

    schema_version: int


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that decides which evidence a run has; all processes of the run must agree on it."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What the parts of a run have in common: its moment, in how many shards it is read, and its settings."""

    generated_at: AwareDatetime
    shards: int
    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True)
class Begun:
    """`begun.json`, the first file of a run: which files are to come. Without it nothing in a folder is ours.

    `reading` is that of a run which is written part by part while it is read; of others it is `None`.
    """

    schema_version: int
    product: str
    at: AwareDatetime
    files: tuple[str, ...]
    message: str = ""
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a run: its name, and that of the object which holds it (`.gz` where compressed).

    Size in bytes and SHA-256 are those of the object.
    """

    name: str
    stored_as: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A finished run. `due` is the moment for which its schedule asked; `None` where nobody scheduled it.

    `recipients` are those whom it owes a message: they stand here so that a run and its debts are there together or
    not at all. `message` is what these messages are known by, the same for all runs of one occasion. `exit_code` is
    that before anything was sent, `reason` says why a run made no report.
    """

    schema_version: int
    run: str
    started: AwareDatetime
    finished: AwareDatetime
    schedule: str | None
    due: AwareDatetime | None
    exit_code: int
    files: tuple[StoredFile, ...]
    scopes: tuple[ScopeSummary, ...]
    gaps: tuple[Gap, ...]
    message: str = ""
    recipients: tuple[Addressee, ...] = ()
    reason: str | None = None

    @property
    def moment(self) -> datetime:
        """When it was due, or began where nobody scheduled it."""
        return self.due or self.started

    @property
    def is_good(self) -> bool:
        """Whether it has an audit with which later ones can be compared."""
        return self.exit_code in _REPORTED and any(file.name == "audit.json" for file in self.files)


def manifest_of(name: str, draft: Draft, files: tuple[StoredFile, ...]) -> Manifest:
    """What a run is to be in the store, under that name, with these files."""
    return Manifest(
        schema_version=MANIFEST_VERSION,
        run=name,
        started=draft.started,
        finished=draft.finished,
        schedule=draft.schedule,
        due=draft.due,
        exit_code=int(draft.exit_code),  # an enum would be written as a word
        files=files,
        scopes=draft.scopes,
        gaps=draft.gaps,
        message=draft.message or name,
        recipients=draft.recipients,
        reason=draft.reason,
    )


def new_name(started: datetime) -> str:
    """`20261116T090000Z-3fa1c2`: sorts by time, and no two replicas choose the same."""
    return f"{started.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def is_name(text: str) -> bool:
    """Whether a folder can be a run of ours by its name."""
    return _NAME.fullmatch(text) is not None
