"""What became of each delivery of a run: exactly one replica delivers, and the next run retries what failed.

    deliveries/<run>/<recipient key>/<version>.json

Between "being sent" and "delivered" a process can die, and nobody can know whether the mail is out. Such a record
says so (`unclear`); the deliverer that claims it next decides, and uses the same message id.
"""

from __future__ import annotations

import hashlib
import secrets
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
"""How long one attempt may take; after that (and the clocks' skew) another deliverer takes over."""


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
    """A delivery as it stands in the store. `attempts` counts those begun; `unclear` those whose end nobody knows."""

    schema_version: str
    run: str
    recipient: str
    state: State
    at: AwareDatetime
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
            raise StoreError(f"{self.chain.folder} was taken over by another deliverer: {state} is not recorded")
        return after


def key_of(recipient: str) -> str:
    """A name for a folder, whatever stands in a recipient's address."""
    return hashlib.sha256(recipient.encode()).hexdigest()[:16]


def plan(place: Place, run: str, recipient: str, now: datetime) -> None:
    """Say that a run is to be delivered to somebody; nothing changes where that was said before."""
    _follow(_chain(place, run, recipient), Version(0), Delivery("1", run, recipient, State.PENDING, now))


def claim(place: Place, run: str, recipient: str, now: datetime) -> Claim | None:
    """The right to deliver now; `None` where it is delivered, given up, not planned, or in another's hands."""
    chain = _chain(place, run, recipient)
    latest = chain.latest()
    found = parsed(Delivery, latest.content) if latest.number else None
    if found is None or found.is_over or _is_being_sent(found, now):
        return None
    unclear = found.unclear + (found.state is State.SENDING)
    sending = replace(found, state=State.SENDING, at=now, attempts=found.attempts + 1, unclear=unclear)
    version = _follow(chain, latest, sending)
    return Claim(chain, version, sending) if version else None


def deliveries_of(place: Place, run: str) -> tuple[Delivery, ...]:
    """All deliveries of a run, as they stand; a record that cannot be read is left out, and not deleted."""
    folders = sorted({entry.path.rpartition("/")[0] for entry in place.entries(f"deliveries/{run}")})
    found = (parsed(Delivery, Chain(place, folder).latest().content) for folder in folders)
    return tuple(delivery for delivery in found if delivery)


def _is_being_sent(delivery: Delivery, now: datetime) -> bool:
    return delivery.state is State.SENDING and now <= delivery.at + CLAIMED_FOR + SKEW


def _chain(place: Place, run: str, recipient: str) -> Chain:
    return Chain(place, f"deliveries/{run}/{key_of(recipient)}")


def _follow(chain: Chain, version: Version, delivery: Delivery) -> Version | None:
    return chain.follow(version, to_bytes(replace(delivery, token=secrets.token_hex(8))))
