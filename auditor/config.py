"""Configuration: options of the command line over `AUDITOR_…` variables over a TOML file over defaults."""

from __future__ import annotations

import os
import re
import tomllib
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from auditor.errors import UsageError
from auditor.model.attributed import EngineChoice

ENVIRONMENT_PREFIX = "AUDITOR_"

_OPTIONS = {"regions": "--region", "accounts": "--account", "formats": "--format", "window_days": "--window"}
"""Options that are not called like their key."""


class Format(StrEnum):
    """Report formats; evidence.json is always written beside them."""

    HTML = "html"
    PDF = "pdf"
    JSON = "json"


class FlowLogs(StrEnum):
    """Whether the records of flow logs are read."""

    AUTO = "auto"
    OFF = "off"


def _like(pattern: str, meaning: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"is not {meaning}")
        return value

    return AfterValidator(check)


AccountId = Annotated[str, _like(r"\d{12}", "an account id of twelve digits (quote it in TOML)")]
RegionName = Annotated[str, _like(r"[a-z]{2,4}(-[a-z]+)+-\d", "a region's name such as eu-west-1")]


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

    @model_validator(mode="after")
    def _athena_is_named(self) -> Self:
        if self.scan_with is EngineChoice.ATHENA and self.athena_workgroup is None:
            raise ValueError("scan_with athena needs athena_workgroup: the workgroup whose cutoff bounds a query")
        return self

    @field_validator("regions", "accounts", "formats", mode="before")
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


def load(path: Path | None = None, **options: Any) -> Config:
    """The configuration; `UsageError` names the file or option, the key, and what is allowed."""
    given = {key: value for key, value in options.items() if value not in (None, (), [])}
    values = _from_file(path) | _from_environment() | given
    try:
        return Config(**values)
    except ValidationError as error:
        raise UsageError(_explain(error, path, given)) from error


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
    names = {f"{ENVIRONMENT_PREFIX}{key.upper()}": key for key in Config.model_fields}
    return {key: os.environ[name] for name, key in names.items() if os.environ.get(name)}


def _explain(error: ValidationError, path: Path | None, given: dict[str, Any]) -> str:
    first = error.errors()[0]
    said = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return said
    key = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        return f"unknown key {key!r} in {path}: known are {', '.join(sorted(Config.model_fields))}"
    option = _OPTIONS.get(key) or f"--{key.replace('_', '-')}"
    where = f"option {option}" if key in given else f"{key} in {path or 'the environment'}"
    return f"{where}: {first['input']!r}: {said}"
