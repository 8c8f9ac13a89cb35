"""What is told to people who did not ask: the text of a message, what changed, where the report is, how it went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from auditor.model.evidence import Gap
from auditor.model.history import SavingChange, SinceLast


class Told(Protocol):
    """A finding, of this audit or of an earlier one."""

    @property
    def account_id(self) -> str:
        """Where it stands."""

    @property
    def title(self) -> str:
        """What it says."""


class Unseen(Protocol):
    """An account in a region that could not be read."""

    @property
    def account_id(self) -> str:
        """The account."""

    @property
    def region(self) -> str:
        """The region."""

    @property
    def reason(self) -> str | None:
        """Why, if that is known."""


@dataclass(frozen=True, slots=True)
class Since:
    """What is different from an earlier run, as history tells it.

    `less_seen` are scopes that were read then and now are not; `new_gaps` are gaps that were not there then.
    """

    last_run: datetime
    new: tuple[Told, ...] = ()
    resolved: tuple[Told, ...] = ()
    came_back: tuple[Told, ...] = ()
    less_seen: tuple[Unseen, ...] = ()
    new_gaps: tuple[Gap, ...] = ()
    saving_changes: tuple[SavingChange, ...] = ()

    @classmethod
    def of(cls, past: SinceLast | None) -> Since | None:
        """What an audit says of the run before; `None` where there was none."""
        if past is None or past.at is None:
            return None
        return cls(past.at, past.new, past.resolved, past.came_back, past.lost, past.new_gaps, past.saving_changes)

    @property
    def saw_less(self) -> bool:
        """Whether something can be missing now that was there then."""
        return bool(self.less_seen or self.new_gaps)

    @property
    def is_quiet(self) -> bool:
        """Whether all is as before."""
        return not (self.new or self.resolved or self.came_back or self.saving_changes or self.saw_less)


@dataclass(frozen=True, slots=True)
class Failed:
    """A run that made no report: when it began, why it ended in one line, and the last run that made one.

    `is_late` where this could not be told then.
    """

    at: datetime
    reason: str
    last_run: datetime | None = None
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A URL of our own that opens a file of the report for whoever has it.

    `until` is when it ends at the latest. `may_end_sooner` where it was signed by credentials whose end is not known:
    it ends with them.
    """

    url: str
    until: datetime
    may_end_sooner: bool = False


@dataclass(frozen=True, slots=True)
class Undelivered:
    """An earlier message that somebody did not get: that of which moment, to whom, and why."""

    of: datetime
    recipient: str
    problem: str


@dataclass(frozen=True, slots=True)
class Enclosure:
    """Where the reader finds the whole report.

    `place` is a folder or an S3 URI; `size` are the PDF's bytes, `None` without one.
    """

    place: str
    size: int | None = None
    is_attached: bool = False
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as words, in both forms; `brief` is what a chat shows."""

    subject: str
    html: str
    text: str
    brief: str


class Channel(StrEnum):
    """By what a message goes."""

    MAIL = "mail"
    NOTIFICATION = "notification"


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a run's message goes to: by what, and of which accounts; `None` where it is of the whole run."""

    channel: Channel
    recipient: str
    accounts: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one recipient's message went. `problem` and `next_step` are `None` where it was delivered.

    `message_id` is the same whenever the same run goes to the same recipient. `of` is the moment of an earlier run
    whose message this is. `may_pass` says that the problem may pass by itself.
    """

    channel: Channel
    recipient: str
    message_id: str
    attempts: int
    problem: str | None = None
    next_step: str | None = None
    may_pass: bool = False
    of: datetime | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the message was taken."""
        return self.problem is None
