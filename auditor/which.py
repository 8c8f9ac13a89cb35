"""The words by which a run is named on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from auditor.errors import UsageError
from auditor.model.shard import Named, Shard


@dataclass(frozen=True, slots=True)
class Which:
    """Which run `auditor run` makes: a new one where nothing is named, and all of it where no shard is."""

    named: Named | None = None
    shard: Shard | None = None

    @classmethod
    def of(cls, resume: str | None, name: str | None, shard: str | None, *, reports: bool) -> Self:
        """From the options; `UsageError` for those that do not go together. `reports`: more than reading is asked."""
        if resume and (name or shard):
            raise UsageError("option --resume: not with --run or --shard: a shard goes on by the same call as before")
        if shard and not name:
            raise UsageError("option --shard: needs --run NAME, the same for all shards of the run")
        if shard and reports:
            raise UsageError("option --shard: not with --mail or --dry-run: a shard is read, auditor report reports")
        named = Named(resume, is_begun=True) if resume else Named(name) if name else None
        return cls(named, _shard(shard) if shard else None)


def run_in(text: str) -> tuple[str | None, str] | None:
    """Store and name of a run: `STORE/RUN`, `STORE/runs/RUN`, or `RUN` of the store that is set; `None` for a file."""
    if Path(text).is_file():
        return None
    where, _, name = text.rstrip("/").rpartition("/")
    where = where.removesuffix("/runs")
    if where.startswith("s3://") or (where and (Path(where) / "runs").is_dir()):
        return where, name
    return None if where else (None, name)


def _shard(text: str) -> Shard:
    try:
        return Shard.parse(text)
    except ValueError as error:
        raise UsageError(f"option --shard: {text!r}: {error}") from error
