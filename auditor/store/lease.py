"""A lease: of several replicas on one store, one works at a time, and another takes over when it is gone."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from pydantic import AwareDatetime

from auditor.errors import StoreError
from auditor.store.chain import Chain, Version
from auditor.store.documents import parsed, to_bytes
from auditor.store.place import Place

SKEW = timedelta(seconds=60)
"""How far the clocks of two replicas may be apart: a lease is taken over only so long after it has expired."""


class LeaseLostError(StoreError):
    """Somebody else holds the lease by now: what it protects must not go on."""


@dataclass(frozen=True, slots=True)
class _Held:
    """What stands in the store: who holds the lease until when; `None` where it was given back."""

    schema_version: str
    owner: str
    token: str
    expires: AwareDatetime | None


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that is held until `expires`, as its owner knows it."""

    chain: Chain
    version: Version
    owner: str
    duration: timedelta
    expires: datetime

    def renewed(self, now: datetime) -> Lease:
        """Held for another duration from now on; `LeaseLostError` where another has taken it over."""
        lease = _written(self.chain, self.version, self.owner, self.duration, now)
        if lease is None:
            raise LeaseLostError(f"{self.chain.folder} was taken over: {self.owner} no longer holds it")
        return lease

    def release(self) -> None:
        """Give it back, so that nobody waits; no failure where another holds it by now."""
        self.chain.follow(self.version, _content(self.owner, None))


def acquire(place: Place, name: str, owner: str, duration: timedelta, now: datetime) -> Lease | None:
    """The lease of that name, or `None` while another holds it; `now` has a time zone."""
    chain = Chain(place, f"leases/{quote(name, safe='')}")
    latest = chain.latest()
    if not _is_free(latest, now):
        return None
    return _written(chain, latest, owner, duration, now)


def _is_free(latest: Version, now: datetime) -> bool:
    """A lease that nobody can read is held by nobody: it is followed, never deleted."""
    held = parsed(_Held, latest.content) if latest.number else None
    return held is None or held.expires is None or now > held.expires + SKEW


def _written(chain: Chain, after: Version, owner: str, duration: timedelta, now: datetime) -> Lease | None:
    expires = now + duration
    version = chain.follow(after, _content(owner, expires))
    return Lease(chain, version, owner, duration, expires) if version else None


def _content(owner: str, expires: datetime | None) -> bytes:
    return to_bytes(_Held("1", owner, secrets.token_hex(8), expires))
