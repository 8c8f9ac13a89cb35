"""Configuration: options of the command line over `AUDITOR_…` variables over a TOML file over defaults."""

from __future__ import annotations

import os
import re
import tomllib
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

from auditor.aws.settings import (
    CHAINED_MINUTES,
    AccountSettings,
    RoleArn,
    SessionMinutes,
    SessionName,
    UnitId,
)
from auditor.checked import AccountId, Address, RegionName, like
from auditor.delivery.settings import MailSettings, NotifySettings, words
from auditor.errors import UsageError
from auditor.model.attributed import EngineChoice
from auditor.model.constraints import Accepted, Constraints
from auditor.schedules import Schedule

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
    XLSX = "xlsx"
    CSV = "csv"
    MD = "md"


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
    organization: bool = False
    organizational_units: Annotated[tuple[UnitId, ...], NoDecode] = ()
    exclude_accounts: Annotated[tuple[AccountId, ...], NoDecode] = ()
    role: Annotated[str, Field(min_length=1)] | None = None
    external_id: str | None = Field(default=None, repr=False)
    role_chain: Annotated[tuple[RoleArn, ...], NoDecode] = ()
    session_name: SessionName = "auditor"
    session_minutes: SessionMinutes | None = None
    max_api_share: Annotated[int, Field(ge=1, le=100)] = 25
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
    delivery_days: Annotated[int, Field(ge=1, le=365)] = 30
    mail: MailSettings | None = None
    notify: NotifySettings = NotifySettings()
    owners: dict[AccountId, tuple[Address, ...]] = Field(default_factory=dict)
    account: dict[AccountId, AccountSettings] = Field(default_factory=dict)
    schedules: Annotated[tuple[Schedule, ...], NoDecode] = ()

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
    def _organization_is_reached(self) -> Self:
        if self.organizational_units and not self.organization:
            raise ValueError("organizational_units without organization: they choose among its accounts")
        if self.organization and not self.role:
            raise ValueError("organization needs role: the name of the role to assume in its accounts")
        if self.role_chain and (self.session_minutes or 0) > CHAINED_MINUTES:
            raise ValueError("session_minutes with role_chain: AWS lets a role that a role assumed hold 60 at most")
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

    @field_validator("schedules", mode="before")
    @classmethod
    def _schedules(cls, value: Any) -> Any:  # noqa: ANN401 -- whatever TOML or environment give
        if not isinstance(value, list | tuple) or not all(isinstance(one, dict | Schedule) for one in value):
            raise ValueError("schedules stand in a file, each as a table [[schedules]]")
        return value

    @field_validator("schedules")
    @classmethod
    def _each_has_a_name(cls, value: tuple[Schedule, ...]) -> tuple[Schedule, ...]:
        names = [one.name for one in value]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two are called {twice!r}: the store knows the runs of each by its name")
        return value

    @field_validator(
        *("regions", "accounts", "organizational_units", "exclude_accounts", "role_chain"),
        *("formats", "keep_private", "exclude"),
        mode="before",
    )
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
    "account": list(AccountSettings.model_fields),
}
"""The tables of the file that stand once each, and their keys."""

_SEVERAL = {"accepted": tuple(AcceptedFinding.model_fields), "schedules": tuple(Schedule.model_fields)}
"""Those that may stand several times, and their keys."""

_NO_SECRETS = "secrets stand in no file of settings: AUDITOR_SMTP_PASSWORD(_FILE), AUDITOR_NOTIFY_URLS(_FILE)"


def load(path: Path | None = None, **options: Any) -> Config:
    """The configuration; `UsageError` names the file or option, the key, and what is allowed."""
    given = _given(options)
    try:
        return Config(**_values(path, given))
    except ValidationError as error:
        raise UsageError(_explain(error, path, given)) from error


def load_scheduled(schedule: Schedule, path: Path | None = None, **options: Any) -> Config:
    """What the runs of a schedule are asked for: its own keys win over all others, its reports have a folder apart."""
    given = _given(options)
    try:
        config = Config(**schedule.over(_values(path, given)))
    except ValidationError as error:
        raise UsageError(f"schedule {schedule.name!r}: {_explain(error, path, given)}") from error
    return config.model_copy(update={"output": config.output / schedule.name})


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if value not in (None, (), [])}


def _values(path: Path | None, given: dict[str, Any]) -> dict[str, Any]:
    return _with_tables(_from_file(path) | _from_environment() | given)


def _from_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from error


def _from_environment() -> dict[str, Any]:
    names = {f"{ENVIRONMENT_PREFIX}{key.upper()}": key for key in Config.model_fields if key not in _TABLES}
    return {key: os.environ[name] for name, key in names.items() if os.environ.get(name)}


def _with_tables(values: dict[str, Any]) -> dict[str, Any]:
    """The values with `AUDITOR_MAIL_TO` and the like over the keys of the file's tables."""
    for table in ("mail", "notify"):
        names = {f"{ENVIRONMENT_PREFIX}{table}_{key}".upper(): key for key in _TABLES[table]}
        given = {key: os.environ[name] for name, key in names.items() if os.environ.get(name)}
        if given and isinstance(values.get(table, {}), dict):
            values[table] = values.get(table, {}) | given
    return values


def _explain(error: ValidationError, path: Path | None, given: dict[str, Any]) -> str:
    first = error.errors()[0]
    said = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return said
    key = str(first["loc"][0])
    if key in _TABLES:
        return _explain_table(first, said, path)
    if key == "schedules" and len(first["loc"]) == 1:
        return f"[[schedules]] in {path or 'the environment'}: {said}"
    if len(first["loc"]) > 2:  # noqa: PLR2004 -- key, number, key of the table
        return _explain_one_of_several(first, said, path)
    if first["type"] == "extra_forbidden":
        return f"unknown key {key!r} in {path}: known are {', '.join(sorted(Config.model_fields))}"
    option = _OPTIONS.get(key) or f"--{key.replace('_', '-')}"
    where = f"option {option}" if key in given else f"{key} in {path or 'the environment'}"
    return f"{where}: {first['input']!r}: {said}"


def _explain_table(first: ErrorDetails, said: str, path: Path | None) -> str:
    """The same for a key of a table. What stands where a secret does not belong is not repeated."""
    table, key = str(first["loc"][0]), str(first["loc"][1]) if len(first["loc"]) > 1 else ""
    where = path or "the environment"
    if first["type"] == "extra_forbidden":
        known = f"known are {', '.join(sorted(_TABLES[table]))}"
        return f"unknown key {key!r} in [{table}] of {where}: {known}; {_NO_SECRETS}"
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
        return f"unknown key {key!r} in {table} of {path}: known are {', '.join(sorted(_SEVERAL[str(name)]))}"
    if first["type"] == "missing":
        return f"{key} of {table} in {path}: is missing"
    return f"{key} of {table} in {path}: {first['input']!r}: {said}"


def region_here() -> str | None:
    """The region that this process runs in, where AWS itself says so: ECS, Lambda and CloudShell set both."""
    return os.environ.get("AWS_REGION") if os.environ.get("AWS_EXECUTION_ENV") else None
