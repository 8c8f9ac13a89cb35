"""Options of the command line over `AUDITOR_…` variables over a TOML file over defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from auditor.config.mistakes import explain
from auditor.config.model import Config
from auditor.config.origins import from_environment, from_file, secrets_in, with_tables
from auditor.errors import UsageError
from auditor.schedules import Schedule


def load(path: Path | None = None, **options: Any) -> Config:
    """The configuration; `UsageError` names the file or option, the key, and what is allowed."""
    given = _given(options)
    config, mistakes = read(path, **given)
    if config is None:
        raise UsageError(mistakes[0])
    return config


def read(path: Path | None = None, **given: Any) -> tuple[Config | None, list[str]]:
    """The configuration, or every mistake in it; `UsageError` where the file cannot be read at all."""
    file = from_file(path)
    mistakes = list(secrets_in(file, path))
    try:
        config = Config(**with_tables(file | from_environment() | given))
    except ValidationError as error:
        return None, mistakes + [explain(one, path, given) for one in error.errors()]
    return (None if mistakes else config), mistakes


def load_scheduled(schedule: Schedule, path: Path | None = None, **options: Any) -> Config:
    """What the runs of a schedule are asked for: its own keys win over all others, its reports have a folder apart."""
    given = _given(options)
    try:
        config = Config(**schedule.over(with_tables(from_file(path) | from_environment() | given)))
    except ValidationError as error:
        raise UsageError(f"schedule {schedule.name!r}: {explain(error.errors()[0], path, given)}") from error
    return config.model_copy(update={"output": config.output / schedule.name})


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if value not in (None, (), [])}
