"""The keys of the configuration: what each may be, and what only goes together."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

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
from auditor.model.attributed import EngineChoice
from auditor.model.constraints import Accepted, Constraints
from auditor.schedules import Schedule


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


class Config(BaseModel):
    """What a run is asked for; frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: str | None = None
    regions: tuple[RegionName, ...] = ()
    accounts: tuple[AccountId, ...] = ()
    organization: bool = False
    organizational_units: tuple[UnitId, ...] = ()
    exclude_accounts: tuple[AccountId, ...] = ()
    role: Annotated[str, Field(min_length=1)] | None = None
    external_id: str | None = Field(default=None, repr=False)
    role_chain: tuple[RoleArn, ...] = ()
    session_name: SessionName = "auditor"
    session_minutes: SessionMinutes | None = None
    max_api_share: Annotated[int, Field(ge=1, le=100)] = 25
    window_days: Annotated[int, Field(ge=1, le=455)] = 30
    formats: tuple[Format, ...] = (Format.HTML, Format.PDF, Format.JSON)
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
    keep_private: tuple[ServiceName, ...] = ()
    min_endpoint_azs: Annotated[int, Field(ge=1, le=6)] = 2
    exclude: tuple[LeftOut, ...] = ()
    min_saving: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    accepted: tuple[AcceptedFinding, ...] = ()
    delivery_attempts: Annotated[int, Field(ge=1, le=20)] = 5
    delivery_days: Annotated[int, Field(ge=1, le=365)] = 30
    mail: MailSettings | None = None
    notify: NotifySettings = NotifySettings()
    owners: dict[AccountId, tuple[Address, ...]] = Field(default_factory=dict)
    account: dict[AccountId, AccountSettings] = Field(default_factory=dict)
    schedules: tuple[Schedule, ...] = ()

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
