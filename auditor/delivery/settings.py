"""What the configuration says about messages. Secrets are not among it: they come from the environment or files."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from auditor.checked import Address, HostName, RegionName
from auditor.errors import UsageError

SMTP_PASSWORD = "AUDITOR_SMTP_PASSWORD"  # noqa: S105 -- the name of a variable
NOTIFY_URLS = "AUDITOR_NOTIFY_URLS"

MB = 2**20
SMTP_LIMIT_MB = 10
"""What most mail servers take; Gmail 25, Exchange Online 35, many firms 10."""
SES_LIMIT_MB = 40
"""SES API v2, encoded: "Service quotas in Amazon SES", read 2026-11-20."""


class Tls(StrEnum):
    """How a connection to a mail server is protected."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


_PORTS = {Tls.STARTTLS: 587, Tls.IMPLICIT: 465, Tls.NONE: 25}


class When(StrEnum):
    """Which runs are told of. Failed runs, and such that saw less than the last one, always are."""

    ALWAYS = "always"
    CHANGES = "changes"


class MailSettings(BaseModel):
    """The table `[mail]`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    sender: Address = Field(alias="from")
    to: tuple[Address, ...] = ()
    when: When = When.ALWAYS
    smtp_host: HostName | None = None
    smtp_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    smtp_user: Annotated[str, Field(min_length=1)] | None = None
    smtp_tls: Tls = Tls.STARTTLS
    smtp_timeout: Annotated[int, Field(ge=1, le=600)] = 60
    ses_region: RegionName | None = None
    size_limit_mb: Annotated[int, Field(ge=1, le=SES_LIMIT_MB)] | None = None
    owner_tag: Annotated[str, Field(min_length=1, max_length=128)] | None = None

    @field_validator("to", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:  # noqa: ANN401 -- whatever TOML or environment give
        return words(value)

    @model_validator(mode="after")
    def _has_one_way(self) -> Self:
        if (self.smtp_host is None) == (self.ses_region is None):
            raise ValueError("[mail] needs one of smtp_host and ses_region: by what it sends")
        if self.smtp_tls is Tls.NONE and self.smtp_user:
            raise ValueError("[mail] smtp_user with smtp_tls none would send a password that anybody can read")
        return self

    @property
    def port(self) -> int:
        """The port of the server: the usual one of its protection where none is given."""
        return self.smtp_port or _PORTS[self.smtp_tls]

    @property
    def size_limit(self) -> int:
        """Bytes that an encoded message may have."""
        return MB * (self.size_limit_mb or (SMTP_LIMIT_MB if self.smtp_host else SES_LIMIT_MB))


class NotifySettings(BaseModel):
    """The table `[notify]`; the URLs hold tokens and stand elsewhere."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    when: When = When.ALWAYS


def words(value: Any) -> Any:  # noqa: ANN401 -- whatever TOML or environment give
    """`a,b` as a list, each once: the environment knows no lists. What is neither is left for pydantic to refuse."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        return value
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def secret(name: str) -> SecretStr | None:
    """A secret from the variable, or from the file that `<variable>_FILE` names; `UsageError` names neither's content.

    A newline at the end of the file is not part of it. `None` where neither is set.
    """
    given, file = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if given and file:
        raise UsageError(f"{name} and {name}_FILE are both set: which is meant?")
    if not file:
        return SecretStr(given) if given else None
    try:
        text = Path(file).read_text("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(f"{name}_FILE: cannot read {file}: {why}") from None
    if not text:
        raise UsageError(f"{name}_FILE: {file} is empty")
    return SecretStr(text)
