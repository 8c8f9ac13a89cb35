"""`auditor config check`: every mistake of a configuration at once, and where each value comes from."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.config.loading import read
from auditor.config.origins import ENVIRONMENT_PREFIX, EXTERNAL_ID, from_file, variables
from auditor.delivery.settings import NOTIFY_URLS, SMTP_PASSWORD, secret
from auditor.errors import UsageError

_SECRETS = (SMTP_PASSWORD, NOTIFY_URLS)
_HIDDEN = "a secret, not shown"


@dataclass(frozen=True, slots=True)
class Setting:
    """A key that is set, its value as text, where that stands, and what it overrides."""

    key: str
    value: str
    origin: str
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What is set, what is wrong with it (empty: nothing), and variables that nothing reads."""

    settings: tuple[Setting, ...]
    mistakes: tuple[str, ...]
    warnings: tuple[str, ...]


def check(path: Path | None) -> Checked:
    """Everything that can be said of the file and the environment without calling anybody."""
    try:
        _, found = read(path)
        settings = tuple(_settings(from_file(path), path))
    except UsageError as error:
        found, settings = [str(error)], ()
    return Checked(settings, (*found, *_broken_secrets()), tuple(_ignored()))


def _settings(file: dict[str, Any], path: Path | None) -> Iterator[Setting]:
    in_file = dict(_flat(file))
    named = {keys: name for name, keys in variables().items() if os.environ.get(name)}
    for keys in sorted({*in_file, *named}):
        old = str(in_file[keys]) if keys in in_file else ""
        if name := named.get(keys):
            value = _HIDDEN if EXTERNAL_ID.fullmatch(name) else os.environ[name]
            yield Setting(".".join(keys), value, name, old)
        else:
            yield Setting(".".join(keys), old, str(path))
    yield from (Setting(name, _HIDDEN, "the environment") for name in _variables_of_secrets() if os.environ.get(name))


def _flat(file: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Keys of tables beside those of none; what a secret's key holds never gets here: it is a mistake."""
    for key, value in file.items():
        if isinstance(value, dict):
            yield from (((key, inner), one) for inner, one in value.items())
        else:
            yield (key,), value


def _broken_secrets() -> Iterator[str]:
    for name in _SECRETS:
        try:
            secret(name)
        except UsageError as error:
            yield str(error)


def _variables_of_secrets() -> list[str]:
    own = (name for name in os.environ if EXTERNAL_ID.fullmatch(name) and name not in variables())
    return [*(f"{name}{form}" for name in _SECRETS for form in ("", "_FILE")), *own]


def _ignored() -> Iterator[str]:
    """Not mistakes: Kubernetes makes variables such as AUDITOR_PORT for a service that is called auditor."""
    known = [*variables(), *_variables_of_secrets()]
    for name in sorted(os.environ):
        if name.startswith(ENVIRONMENT_PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            yield f"nothing reads the variable {name}{f': did you mean {near[0]}?' if near else ''}"
