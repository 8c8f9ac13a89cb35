"""What became of each message of a run: one of several senders sends it, and a later run what was not taken.

    deliveries/<message>/<recipient key>/<version>.json

Whom a run owes a message stands in its manifest; a recipient without a record here has not been tried. Between
"being sent" and "delivered" a process can die, and nobody can know whether the message is out. Such a record says so
(`unclear`); the sender that claims it next uses the same message id.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime

from auditor.errors import StoreError
from auditor.store.chain import Chain, Version
from auditor.store.documents import parsed, to_bytes
from auditor.store.lease import SKEW
from auditor.store.place import Place

CLAIMED_FOR = timedelta(minutes=15)
"""How long one attempt may take; after that (and the clocks' skew) another sender takes over."""


class State(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    GIVEN_UP = "given-up"


_OVER = frozenset({State.DELIVERED, State.GIVEN_UP})


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as it stands in the store. `attempts` counts those begun; `unclear` those whose end nobody knows.

    `at` is when that was said last, `None` where nobody has tried yet.
    """

    schema_version: str
    message: str
    recipient: str
    state: State = State.PENDING
    at: AwareDatetime | None = None
    attempts: int = 0
    unclear: int = 0
    reason: str | None = None
    token: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self.state in _OVER


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to deliver now, held by one. `finish` says how it went."""

    chain: Chain
    version: Version
    delivery: Delivery

    def finish(self, state: State, now: datetime, reason: str | None = None) -> Delivery:
        """Record the outcome; `StoreError` where the attempt took so long that another has taken over."""
        after = replace(self.delivery, state=state, at=now, reason=reason)
        if not _follow(self.chain, self.version, after):
            raise StoreError(f"{self.chain.folder} was taken over by another sender: {state} is not recorded")
        return after


def folder_of(message: str) -> str:
    """Where the records of a message are."""
    return f"deliveries/{message}"


def key_of(recipient: str) -> str:
    """A name for a folder, whatever stands in a recipient's address."""
    return hashlib.sha256(recipient.encode()).hexdigest()[:16]


def claim(place: Place, message: str, recipient: str, now: datetime) -> Claim | None:
    """The right to deliver now; `None` where it is delivered, given up, or in another's hands."""
    chain = _chain(place, message, recipient)
    latest = chain.latest()
    found = _read(latest, message, recipient)
    if found.is_over or _is_being_sent(found, now):
        return None
    unclear = found.unclear + (found.state is State.SENDING)
    sending = replace(found, state=State.SENDING, at=now, attempts=found.attempts + 1, unclear=unclear)
    version = _follow(chain, latest, sending)
    return Claim(chain, version, sending) if version else None


def give_up(place: Place, message: str, recipient: str, now: datetime, reason: str) -> Delivery | None:
    """Never try it again, and say why; `None` where it is over, or in another's hands."""
    chain = _chain(place, message, recipient)
    latest = chain.latest()
    found = _read(latest, message, recipient)
    if found.is_over or _is_being_sent(found, now):
        return None
    after = replace(found, state=State.GIVEN_UP, at=now, reason=reason)
    return after if _follow(chain, latest, after) else None


def standings(place: Place, message: str, recipients: Iterable[str]) -> tuple[Delivery, ...]:
    """How the message to each of them stands."""
    return tuple(_read(_chain(place, message, one).latest(), message, one) for one in recipients)


def _read(version: Version, message: str, recipient: str) -> Delivery:
    """The record; one that nobody can read is not deleted but followed, and says that a message may be out."""
    new = Delivery("1", message, recipient)
    return (parsed(Delivery, version.content) or replace(new, unclear=1)) if version.number else new


def _is_being_sent(delivery: Delivery, now: datetime) -> bool:
    return delivery.state is State.SENDING and delivery.at is not None and now <= delivery.at + CLAIMED_FOR + SKEW


def _chain(place: Place, message: str, recipient: str) -> Chain:
    return Chain(place, f"{folder_of(message)}/{key_of(recipient)}")


def _follow(chain: Chain, version: Version, delivery: Delivery) -> Version | None:
    return chain.follow(version, to_bytes(replace(delivery, token=secrets.token_hex(8))))
