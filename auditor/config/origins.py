"""Where values of the configuration stand: keys of a TOML file, and the `AUDITOR_…` variables over them."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from auditor.aws.settings import AccountSettings
from auditor.config.model import AcceptedFinding, Config
from auditor.delivery.settings import MailSettings, NotifySettings
from auditor.errors import UsageError
from auditor.schedules import Schedule

ENVIRONMENT_PREFIX = "AUDITOR_"

EXTERNAL_ID = re.compile(r"AUDITOR_EXTERNAL_ID(?:_([0-9]{12}))?")
"""Variables that hold an external id: that of all accounts, or of one."""

TABLES = {
    "mail": [field.alias or key for key, field in MailSettings.model_fields.items()],
    "notify": list(NotifySettings.model_fields),
    "owners": ["account ids"],
    "account": list(AccountSettings.model_fields),
}
"""The tables of the file that stand once each, and their keys."""

SEVERAL = {"accepted": tuple(AcceptedFinding.model_fields), "schedules": tuple(Schedule.model_fields)}
"""Those that may stand several times, and their keys."""

_SECRET_KEYS = (
    ("external_id", "give it as AUDITOR_EXTERNAL_ID, or that of one account as AUDITOR_EXTERNAL_ID_123456789012"),
    ("aws_.*", "AWS's own environment or profiles hold credentials"),
    ("urls?|.*_urls?|webhooks?", "give them as AUDITOR_NOTIFY_URLS, or name their file in AUDITOR_NOTIFY_URLS_FILE"),
    ("(.*_)?(pass|password|passwd|secret|token)", "give it as AUDITOR_SMTP_PASSWORD, or its file in ..._FILE"),
)
"""Keys that people try, and where such a secret belongs instead."""


def from_file(path: Path | None) -> dict[str, Any]:
    """What the file says; `UsageError` where it is not TOML."""
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from error


def from_environment() -> dict[str, Any]:
    """What variables say of the keys that stand in no table."""
    names = {variable(key): key for key in Config.model_fields if key not in TABLES}
    return {key: os.environ[name] for name, key in names.items() if os.environ.get(name)}


def variable(*keys: str) -> str:
    """The variable over a key, or over a key of a table."""
    return f"{ENVIRONMENT_PREFIX}{'_'.join(keys)}".upper()


def variables() -> dict[str, tuple[str, ...]]:
    """Every variable that sets a key, with the table, where there is one, and the key."""
    plain = {variable(key): (key,) for key in Config.model_fields if key not in (*TABLES, "accepted")}
    return plain | {variable(table, key): (table, key) for table in ("mail", "notify") for key in TABLES[table]}


def secrets_in(values: dict[str, Any], path: Path | None, table: str = "") -> Iterator[str]:
    """Secrets in the file, which are taken out of it: they are refused, and never repeated."""
    for key in list(values):
        if table != "owners" and isinstance(values[key], dict):
            yield from secrets_in(values[key], path, key)
        elif where := next((told for pattern, told in _SECRET_KEYS if re.fullmatch(pattern, key.lower())), None):
            del values[key]
            yield f"{key}{f' of [{table}]' if table else ''} in {path}: a secret stands in no file of settings: {where}"
        elif isinstance(values[key], list):
            for one in values[key]:
                yield from secrets_in(one, path, key) if isinstance(one, dict) else ()


def with_tables(values: dict[str, Any]) -> dict[str, Any]:
    """The values with `AUDITOR_MAIL_TO` and the like over the keys of the file's tables."""
    for table in ("mail", "notify"):
        names = {variable(table, key): key for key in TABLES[table]}
        given = {key: os.environ[name] for name, key in names.items() if os.environ.get(name)}
        if given and isinstance(values.get(table, {}), dict):
            values[table] = values.get(table, {}) | given
    return _with_external_ids(values)


def _with_external_ids(values: dict[str, Any]) -> dict[str, Any]:
    """`AUDITOR_EXTERNAL_ID_123456789012`: that of one account, which is a secret too."""
    named = ((EXTERNAL_ID.fullmatch(name), value) for name, value in os.environ.items() if value)
    found = {match[1]: value for match, value in named if match and match[1]}
    accounts = values.get("account", {})
    if found and isinstance(accounts, dict):
        values["account"] = accounts | {one: accounts.get(one, {}) | {"external_id": found[one]} for one in found}
    return values


def region_here() -> str | None:
    """The region that this process runs in, where AWS itself says so: ECS, Lambda and CloudShell set both."""
    return os.environ.get("AWS_REGION") if os.environ.get("AWS_EXECUTION_ENV") else None
