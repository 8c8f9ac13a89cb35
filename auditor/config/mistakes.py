"""What is said of a value that cannot be used: where it stands, which key it is, and what is allowed."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.config.model import Config
from auditor.config.origins import SEVERAL, TABLES, variable

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_OPTIONS = {"regions": "--region", "accounts": "--account", "formats": "--format", "window_days": "--window"}
"""Options that are not called like their key."""

_NO_SECRETS = "secrets stand in no file of settings: AUDITOR_SMTP_PASSWORD(_FILE), AUDITOR_NOTIFY_URLS(_FILE)"


def explain(first: ErrorDetails, path: Path | None, given: dict[str, Any]) -> str:
    """One mistake that pydantic found; `given` are the options of the command line."""
    said = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return said
    key = str(first["loc"][0])
    if key in TABLES:
        return _explain_table(first, said, path)
    if key == "schedules" and len(first["loc"]) == 1:
        return f"[[schedules]] in {path or 'the environment'}: {said}"
    if len(first["loc"]) > 2:  # noqa: PLR2004 -- key, number, key of the table
        return _explain_one_of_several(first, said, path)
    if first["type"] == "extra_forbidden":
        return f"unknown key {key!r} in {path}: {_perhaps(key, Config.model_fields)}"
    option = _OPTIONS.get(key) or f"--{key.replace('_', '-')}"
    where = f"option {option}" if key in given else f"{key} in {_origin(path, key)}"
    return f"{where}: {first['input']!r}: {_unquoted(key, first) or said}"


def _origin(path: Path | None, *keys: str) -> object:
    """Where the value that counts stands."""
    return "the environment" if path is None or os.environ.get(variable(*keys)) else path


def _perhaps(key: str, known: Iterable[str]) -> str:
    """What was meant, as far as one can guess, and what there is."""
    names = sorted(known)
    near = difflib.get_close_matches(key, names, 1)
    table = next((name for name, keys in TABLES.items() if key in keys), None)
    guess = f"did you mean {near[0]}? " if near else f"it belongs into [{table}]; " if table else ""
    return f"{guess}known are {', '.join(names)}"


def _unquoted(key: str, first: ErrorDetails) -> str:
    """TOML takes digits for a number; an account id is none: one may begin with 0."""
    number = first["input"]
    is_id = key == "accounts" and isinstance(number, int) and not isinstance(number, bool)
    return f'is a number: an account id stands in quotes, "{number}"' if is_id else ""


def _explain_table(first: ErrorDetails, said: str, path: Path | None) -> str:
    """The same for a key of a table. What stands where a secret does not belong is not repeated."""
    table, key = str(first["loc"][0]), str(first["loc"][1]) if len(first["loc"]) > 1 else ""
    where = _origin(path, table, key)
    if first["type"] == "extra_forbidden":
        return f"unknown key {key!r} in [{table}] of {where}: {_perhaps(key, TABLES[table])}; {_NO_SECRETS}"
    if first["type"] == "missing":
        return f"{key} of [{table}] in {where}: is missing"
    if not key:
        return said if first["type"] == "value_error" else f"[{table}] in {where}: is not a table with keys"
    return f"{key} of [{table}] in {where}: {_without_password(first['input'])}: {said}"


def _without_password(value: object) -> str:
    """What was given, for whoever pastes a URL where a name belongs."""
    return re.sub(r"(?<=://)[^/\s]*@|(?<=://)[^@]*$", "…", repr(value)) if "://" in repr(value) else repr(value)


def _explain_one_of_several(first: ErrorDetails, said: str, path: Path | None) -> str:
    """The same for a key of one of several tables; people count them from 1."""
    name, number, key = first["loc"][:3]
    table = f"{name} {int(number) + 1}"
    if first["type"] == "extra_forbidden":
        return f"unknown key {key!r} in {table} of {path}: {_perhaps(str(key), SEVERAL[str(name)])}"
    if first["type"] == "missing":
        return f"{key} of {table} in {path}: is missing"
    return f"{key} of {table} in {path}: {first['input']!r}: {said}"
