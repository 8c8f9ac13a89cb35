"""How a run becomes one of those that the store knows: why it is made, what it told, and that it failed."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from auditor.collectors.progress import Progress
from auditor.config import Config
from auditor.errors import AuditorError, Exit, StoreError
from auditor.report.text import clean

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.model.audit import Audit
    from auditor.model.letter import Addressee
    from auditor.store.manifest import Draft
    from auditor.store.runs import Run, Store

    Recipients = tuple[Addressee, ...]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Occasion:
    """Why and when a run was made: by which schedule, for which moment of it, and when it began."""

    started: datetime
    schedule: str | None = None
    due: datetime | None = None
    token: str = field(default_factory=lambda: secrets.token_hex(8), compare=False)

    @property
    def message(self) -> str:
        """What its messages are known by: the same for all processes that a schedule starts for one moment."""
        if self.schedule is None or self.due is None:
            return f"{_stamp(self.started)}-{self.token}"
        return f"{_stamp(self.due)}-{hashlib.sha256(self.schedule.encode()).hexdigest()[:16]}"

    @property
    def message_of_failure(self) -> str:
        """The same for the message that there is no report, which is no double of a later attempt's report."""
        return f"{self.message}-failed"

    @property
    def run_id(self) -> str:
        """The same for every attempt at one moment of a schedule: messages are told as doubles by it."""
        at = f"{(self.due or self.started).astimezone(UTC):%Y%m%dT%H%M%SZ}"
        return f"{self.schedule}-{at}" if self.schedule else at


@dataclass(frozen=True)
class Recording:
    """A run on its way into the store, with what it told on the way; `run` is its name where it was begun by parts."""

    occasion: Occasion
    run: str | None = None
    log: list[str] = field(default_factory=list)

    def heard(self, progress: Progress) -> Progress:
        """Told as before, and kept for the log."""

        def report(total: int, done: int, text: str) -> None:
            if text:
                self.log.append(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} [{done}/{total}] {clean(text)}\n")
            if progress.report:
                progress.report(total, done, text)

        return Progress(report)

    def keep(
        self,
        store: Store,
        audit: Audit,
        files: Mapping[str, bytes | Path],
        exit_code: Exit,
        recipients: Recipients = (),
    ) -> Run:
        """Store the run, and whom it owes a message; `StoreError` where the store cannot take it."""
        draft = replace(self._draft(exit_code, files, recipients), scopes=audit.scopes, gaps=audit.gaps)
        return store.keep(replace(draft, message=self.occasion.message, name=self.run))

    def keep_failure(self, store: Store, reason: str, exit_code: Exit, recipients: Recipients = ()) -> Run:
        """Store that a run made no report, and why: a year later too nobody must guess what the silence was."""
        draft = self._draft(exit_code, {}, recipients)
        return store.keep(replace(draft, message=self.occasion.message_of_failure, reason=clean(reason)))

    def _draft(self, exit_code: Exit, files: Mapping[str, bytes | Path], recipients: Recipients) -> Draft:
        from auditor.store.manifest import Draft

        return Draft(
            started=self.occasion.started,
            finished=max(datetime.now(UTC), self.occasion.started),
            exit_code=exit_code,
            files={**files, "log.txt": "".join(self.log).encode()},
            schedule=self.occasion.schedule,
            due=self.occasion.due,
            recipients=recipients,
        )


class Failing:
    """Around a run: whatever ends it other than a user who stops it is told of, and then goes on its way."""

    def __init__(self, tell: Callable[[str, Exit], object]) -> None:
        self._tell = tell

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None or not issubclass(kind, Exception):
            return
        bug = f"a fault of Auditor itself ({kind.__name__}): its log holds more"
        told = (str(error), error.exit_code) if isinstance(error, AuditorError) else (bug, Exit.BUG)
        self._tell(*told)


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def kept_failure(config: Config, recording: Recording, to: Recipients, reason: str, code: Exit) -> Run | None:
    """The failed run in the store, for the history; `None` where there is none, or it is the store that fails."""
    from auditor.past import store_of

    if config.store is None:
        return None
    try:
        return recording.keep_failure(store_of(config), reason, code, to)
    except StoreError as error:
        _log.warning("%s", clean(f"that the run failed is not stored: {error}"))
        return None
