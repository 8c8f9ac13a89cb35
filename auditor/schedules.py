"""`[[schedules]]` of the configuration: when a run is due, and what it is asked for instead of the rest of the file."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from auditor.checked import like
from auditor.moments import Moments

ScheduleName = Annotated[
    str, like(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", "a name of up to 40 small letters, digits and hyphens")
]


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("is not a time zone of the IANA database such as Europe/Berlin or UTC")
    return name


class Schedule(BaseModel):
    """One `[[schedules]]` of the file. What it asks for is checked with the key of the file that it stands for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ScheduleName
    cron: str
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    longest_hours: Annotated[int, Field(ge=1, le=168)] = 24
    accounts: Any = None
    organization: Any = None
    organizational_units: Any = None
    exclude_accounts: Any = None
    role: Any = None
    regions: Any = None
    window_days: Any = None
    flow_logs: Any = None
    budget: Any = None
    formats: Any = None
    fail_above: Any = None
    allow_gaps: Any = None
    exclude: Any = None
    min_saving: Any = None
    mail_to: Any = None
    mail_owners: bool | None = None
    when: Any = None

    @field_validator("cron")
    @classmethod
    def _can_be_understood(cls, value: str) -> str:
        Moments(value, ZoneInfo("UTC"))
        return value

    @property
    def moments(self) -> Moments:
        """When its runs are due."""
        return Moments(self.cron, ZoneInfo(self.timezone))

    def over(self, values: dict[str, Any]) -> dict[str, Any]:
        """The values of a configuration with those of this schedule over them."""
        own = {"name", "cron", "timezone", "longest_hours", "mail_to", "mail_owners", "when"}
        changed = values | self.model_dump(exclude=own, exclude_none=True)
        mail = {key: one for key, one in (("to", self.mail_to), ("when", self.when)) if one is not None}
        if mail and (isinstance(changed.get("mail"), dict) or self.mail_to is not None):
            changed["mail"] = changed.get("mail", {}) | mail
        if self.when is not None:
            changed["notify"] = changed.get("notify", {}) | {"when": self.when}
        return _without_owners(changed) if self.mail_owners is False else changed


def _without_owners(values: dict[str, Any]) -> dict[str, Any]:
    mail = values.get("mail", {})
    return values | {"owners": {}, "mail": {key: one for key, one in mail.items() if key != "owner_tag"} or None}
