"""What the configuration says about single accounts, and how ids and ARNs of AWS are written."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from auditor.checked import RegionName, like

RoleArn = Annotated[
    str, like(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+", "a role's ARN: arn:aws:iam::123456789012:role/Name")
]
UnitId = Annotated[
    str,
    like(r"ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32}", "the id of an organizational unit or root: ou-…, r-…"),
]
SessionName = Annotated[str, like(r"[\w+=,.@-]{2,64}", "a session's name: 2 to 64 letters, digits and +=,.@-_")]
SessionMinutes = Annotated[int, Field(ge=15, le=720)]
"""How long a role's credentials can hold: STS API reference, AssumeRole, read 2026-11-20."""

CHAINED_MINUTES = 60
"""The most that they hold where one role assumes another."""


class AccountSettings(BaseModel):
    """One table `[account.123456789012]`: what differs there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Annotated[str, Field(min_length=1)] | None = None
    external_id: str | None = Field(default=None, repr=False)
    regions: tuple[RegionName, ...] = ()
