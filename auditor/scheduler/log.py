"""What the service says: lines on a terminal, JSON elsewhere, one record an event. All text is cleaned."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from auditor.errors import UsageError
from auditor.report.text import clean

_log = logging.getLogger("auditor.scheduler")

Value = str | int | float | bool | datetime | None
Fields = Mapping[str, Value]


class LogFormat(StrEnum):
    """How a record looks; `auto` is lines on a terminal and JSON elsewhere."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How to log, here and in the process of a run."""

    form: LogFormat = LogFormat.AUTO
    verbose: bool = False

    @classmethod
    def of(cls, form: str, *, verbose: bool) -> Self:
        """As the options say; `UsageError` names the formats."""
        if form not in list(LogFormat):
            raise UsageError(f"option --log-format: {form!r}: is not one of {', '.join(LogFormat)}")
        return cls(LogFormat(form), verbose)

    def apply(self) -> None:
        """Log to standard error from now on; `verbose` names each call of AWS."""
        is_text = sys.stderr.isatty() if self.form is LogFormat.AUTO else self.form is LogFormat.TEXT
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_Lines() if is_text else _Json())
        logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
        _log.setLevel(logging.INFO)
        logging.getLogger("auditor").setLevel(logging.INFO if self.verbose else logging.WARNING)


def say(event: str, level: int = logging.INFO, of: Fields | None = None, **more: Value) -> None:
    """Log an event and what belongs to it; fields without a value are left out."""
    fields = {**(of or {}), **more}
    _log.log(level, event, extra={"fields": {name: one for name, one in fields.items() if one is not None}})


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON: time, level, logger, message, and the fields of the event."""
        told = {
            "time": _time(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": clean(record.getMessage()),
            **{name: _plain(value) for name, value in _fields(record).items()},
        }
        if record.exc_info:
            told["traceback"] = clean(self.formatException(record.exc_info))
        return json.dumps(told)


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One line: local time, level, event, fields; a traceback below it."""
        at = datetime.fromtimestamp(record.created, UTC).astimezone()
        words = " ".join(f"{name}={_plain(value)}" for name, value in _fields(record).items())
        text = " ".join(clean(f"{record.getMessage()} {words}").split())
        more = f"\n{clean(self.formatException(record.exc_info))}" if record.exc_info else ""
        return f"{at:%Y-%m-%d %H:%M:%S} {record.levelname:<7} {text}{more}"


def _fields(record: logging.LogRecord) -> dict[str, Value]:
    fields: dict[str, Value] = getattr(record, "fields", {})
    return fields


def _plain(value: Value) -> Value:
    if isinstance(value, datetime):
        return _time(value)
    return clean(value) if isinstance(value, str) else value


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
