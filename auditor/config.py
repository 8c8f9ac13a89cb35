"""Configuration: options of the command line over `AUDITOR_…` variables over a TOML file over defaults."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from auditor.checked import AccountId, Address, RegionName, like
from auditor.delivery.settings import MailSettings, NotifySettings, words
from auditor.errors import UsageError
from auditor.model.attributed import EngineChoice
from auditor.model.constraints import Accepted, Constraints

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

ENVIRONMENT_PREFIX = "AUDITOR_"

_OPTIONS = {"regions": "--region", "accounts": "--account", "formats": "--format", "window_days": "--window"}
"""Options that are not called like their key."""


class Format(StrEnum):
    """Report formats; evidence.json is always written beside them."""

    HTML = "html"
    PDF = "pdf"
    JSON = "json"

    @property
    def file(self) -> str:
        """What the report of this format is called."""
        return "audit.json" if self is Format.JSON else f"report.{self}"


class FlowLogs(StrEnum):
    """Whether the records of flow logs are read."""

    AUTO = "auto"
    OFF = "off"


ServiceName = Annotated[
    str, like(r"(?!com\.amazonaws\.(?!vpce\.))[a-z0-9][a-z0-9.-]*", "a service's short name such as kms or ecr.api")
]
LeftOut = Annotated[
    str, like(r"(vpc|nat|vpce)-[A-Za-z0-9-]+", "the id of a VPC, a NAT gateway or an endpoint: vpc-…, nat-…, vpce-…")
]
Words = Annotated[str, like(r"(?s).*\S.*", "a text: it must say something")]


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("is not a date such as 2027-01-31")


class AcceptedFinding(BaseModel):
    """One `[[accepted]]` of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    finding: Words
    owner: Words
    reason: Words
    expires: Annotated[date, BeforeValidator(_day)] | None = None


class Config(BaseSettings):
    """What a run is asked for; frozen."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, frozen=True, extra="forbid")

    profile: str | None = None
    regions: Annotated[tuple[RegionName, ...], NoDecode] = ()
    accounts: Annotated[tuple[AccountId, ...], NoDecode] = ()
    role: Annotated[str, Field(min_length=1)] | None = None
    external_id: str | None = Field(default=None, repr=False)
    window_days: Annotated[int, Field(ge=1, le=455)] = 30
    formats: Annotated[tuple[Format, ...], NoDecode] = (Format.HTML, Format.PDF, Format.JSON)
    output: Path = Path("auditor-report")
    store: Annotated[str, Field(min_length=1)] | None = None
    keep_runs: Annotated[int, Field(ge=1)] | None = None
    keep_days: Annotated[int, Field(ge=1)] | None = None
    live_prices: bool = True
    flow_logs: FlowLogs = FlowLogs.AUTO
    budget: Annotated[Decimal, Field(ge=0)] = Decimal(1)
    scan_with: EngineChoice = EngineChoice.AUTO
    athena_workgroup: Annotated[str, Field(min_length=1)] | None = None
    athena_database: Annotated[str, Field(min_length=1)] = "default"
    athena_above_gb: Annotated[int, Field(ge=0)] = 50
    ip_ranges: Path | None = None
    public_lookups: bool = True
    fail_above: Annotated[Decimal, Field(ge=0)] | None = None
    allow_gaps: bool = False
    keep_private: Annotated[tuple[ServiceName, ...], NoDecode] = ()
    min_endpoint_azs: Annotated[int, Field(ge=1, le=6)] = 2
    exclude: Annotated[tuple[LeftOut, ...], NoDecode] = ()
    min_saving: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    accepted: Annotated[tuple[AcceptedFinding, ...], NoDecode] = ()
    delivery_attempts: Annotated[int, Field(ge=1, le=20)] = 5
    mail: MailSettings | None = None
    notify: NotifySettings = NotifySettings()
    owners: dict[AccountId, tuple[Address, ...]] = Field(default_factory=dict)

    @property
    def constraints(self) -> Constraints:
        """What the user has decided, as the analyzer takes it."""
        accepted = tuple(Accepted(**dict(one)) for one in self.accepted)
        return Constraints(self.keep_private, self.min_endpoint_azs, self.exclude, self.min_saving, accepted)

    @model_validator(mode="after")
    def _athena_is_named(self) -> Self:
        if self.scan_with is EngineChoice.ATHENA and self.athena_workgroup is None:
            raise ValueError("scan_with athena needs athena_workgroup: the workgroup whose cutoff bounds a query")
        return self

    @model_validator(mode="after")
    def _mail_goes_to_somebody(self) -> Self:
        if self.mail and not (self.mail.to or self.mail.owner_tag or self.owners):
            raise ValueError("[mail] needs to, owner_tag, or a table [owners]: whom it goes to")
        if not self.mail and self.owners:
            raise ValueError("[owners] without [mail]: by what should they get mail?")
        return self

    @field_validator("owners", mode="before")
    @classmethod
    def _owners(cls, value: Any) -> Any:  # noqa: ANN401 -- whatever TOML gives
        return {account: words(one) for account, one in value.items()} if isinstance(value, dict) else value

    @field_validator("accepted", mode="before")
    @classmethod
    def _tables(cls, value: Any) -> Any:  # noqa: ANN401 -- whatever TOML or environment give
        if not isinstance(value, list | tuple) or not all(isinstance(one, dict | AcceptedFinding) for one in value):
            raise ValueError("accepted findings stand in a file, each as a table [[accepted]]")
        return value

    @field_validator("regions", "accounts", "formats", "keep_private", "exclude", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:  # noqa: ANN401 -- whatever TOML, environment or command line give
        """Accept `a,b` where a list is meant, as the environment and the command line write it."""
        parts = [value] if isinstance(value, str) else value
        if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
            return value
        words = [word.strip() for part in parts for word in part.split(",")]
        if words and not any(words):
            raise ValueError("names nothing: leave it out for the default")
        return tuple(dict.fromkeys(word for word in words if word))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the caller merged: `load` alone decides the order."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


_TABLES = {
    "mail": [field.alias or key for key, field in MailSettings.model_fields.items()],
    "notify": list(NotifySettings.model_fields),
    "owners": ["account ids"],
}
"""The tables of the file that stand once each, and their keys."""

_NO_SECRETS = "secrets stand in no file of settings: AUDITOR_SMTP_PASSWORD(_FILE), AUDITOR_NOTIFY_URLS(_FILE)"

_SECRET_KEYS = (
    ("external_id", "give it as AUDITOR_EXTERNAL_ID"),
    ("aws_.*", "AWS's own environment or profiles hold credentials"),
    ("urls?|.*_urls?|webhooks?", "give them as AUDITOR_NOTIFY_URLS, or name their file in AUDITOR_NOTIFY_URLS_FILE"),
    ("(.*_)?(pass|password|passwd|secret|token)", "give it as AUDITOR_SMTP_PASSWORD, or its file in ..._FILE"),
)
"""Keys that people try, and where such a secret belongs instead."""


def load(path: Path | None = None, **options: Any) -> Config:
    """The configuration; `UsageError` names the file or option, the key, and what is allowed."""
    given = {key: value for key, value in options.items() if value not in (None, (), [])}
    config, mistakes = read(path, **given)
    if config is None:
        raise UsageError(mistakes[0])
    return config


def read(path: Path | None = None, **given: Any) -> tuple[Config | None, list[str]]:
    """The configuration, or every mistake in it; `UsageError` where the file cannot be read at all."""
    file = from_file(path)
    mistakes = list(_secrets_in(file, path))
    try:
        config = Config(**_with_tables(file | from_environment() | given))
    except ValidationError as error:
        return None, mistakes + [_explain(one, path, given) for one in error.errors()]
    return (None if mistakes else config), mistakes


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
    names = {variable(key): key for key in Config.model_fields if key not in _TABLES}
    return {key: os.environ[name] for name, key in names.items() if os.environ.get(name)}


def variable(*keys: str) -> str:
    """The variable over a key, or over a key of a table."""
    return f"{ENVIRONMENT_PREFIX}{'_'.join(keys)}".upper()


def variables() -> dict[str, tuple[str, ...]]:
    """Every variable that sets a key, with the table, where there is one, and the key."""
    plain = {variable(key): (key,) for key in Config.model_fields if key not in (*_TABLES, "accepted")}
    return plain | {variable(table, key): (table, key) for table in ("mail", "notify") for key in _TABLES[table]}


def _secrets_in(values: dict[str, Any], path: Path | None, table: str = "") -> Iterator[str]:
    """Secrets in the file, which are taken out of it: they are refused, and never repeated."""
    for key in list(values):
        if table != "owners" and isinstance(values[key], dict):
            yield from _secrets_in(values[key], path, key)
        elif where := next((told for pattern, told in _SECRET_KEYS if re.fullmatch(pattern, key.lower())), None):
            del values[key]
            yield f"{key}{f' of [{table}]' if table else ''} in {path}: a secret stands in no file of settings: {where}"


def _with_tables(values: dict[str, Any]) -> dict[str, Any]:
    """The values with `AUDITOR_MAIL_TO` and the like over the keys of the file's tables."""
    for table in ("mail", "notify"):
        names = {variable(table, key): key for key in _TABLES[table]}
        given = {key: os.environ[name] for name, key in names.items() if os.environ.get(name)}
        if given and isinstance(values.get(table, {}), dict):
            values[table] = values.get(table, {}) | given
    return values


def _explain(first: ErrorDetails, path: Path | None, given: dict[str, Any]) -> str:
    said = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return said
    key = str(first["loc"][0])
    if key in _TABLES:
        return _explain_table(first, said, path)
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
    table = next((name for name, keys in _TABLES.items() if key in keys), None)
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
        return f"unknown key {key!r} in [{table}] of {where}: {_perhaps(key, _TABLES[table])}; {_NO_SECRETS}"
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
        return f"unknown key {key!r} in {table} of {path}: {_perhaps(str(key), AcceptedFinding.model_fields)}"
    if first["type"] == "missing":
        return f"{key} of {table} in {path}: is missing"
    return f"{key} of {table} in {path}: {first['input']!r}: {said}"
