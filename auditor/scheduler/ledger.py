"""The store as the service sees it: which moments had a run, who may make the next one, and a record of each."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import AwareDatetime

from auditor import past
from auditor.config import Config
from auditor.recording import Occasion
from auditor.scheduler.log import say
from auditor.scheduler.task import Ended
from auditor.store.documents import parsed, to_bytes
from auditor.store.lease import Lease, acquire
from auditor.store.manifest import Draft, Manifest
from auditor.store.runs import Store

LEASE = timedelta(minutes=3)
"""How long nobody else works when a replica died. Renewed while it lives, however long a run takes."""


@dataclass(frozen=True, slots=True)
class _Known:
    """`schedules/<name>.json`: written once, by whoever watched the schedule first."""

    schema_version: str
    since: AwareDatetime
    owner: str


class Ledger:
    """Opened when it is first asked; every call raises `StoreError` where the store cannot answer."""

    def __init__(self, config: Config, owner: str) -> None:
        self._config, self._owner = config, owner
        self._store: Store | None = None
        self._warned: set[str] = set()

    @property
    def _open(self) -> Store:
        self._store = self._store or past.store_of(self._config)
        return self._store

    def require_writable(self) -> None:
        """Write something: that a store is read-only or full is said at the start, not on Monday."""
        self._open.place.put("leases/tried.txt", f"{self._owner}\n".encode())

    def runs(self) -> tuple[Manifest, ...]:
        """All runs that are whole, the oldest first. What else lies in the store is warned of once."""
        listing = self._open.listing()
        for warning in listing.warnings:
            if warning not in self._warned:
                say("the store holds what is no run", logging.WARNING, problem=warning)
        self._warned = set(listing.warnings)
        return tuple(run.manifest for run in listing.runs)

    def owes(self, schedule: str) -> bool:
        """Whether a message of any of its runs is neither delivered nor given up."""
        runs = (run for run in self._open.listing().runs if run.manifest.schedule == schedule)
        return any(not found.is_over for run in runs for found in run.deliveries())

    def known_since(self, schedule: str, now: datetime) -> datetime:
        """When the schedule was first watched by anybody: what was due since then and had no run was missed."""
        path, place = f"schedules/{schedule}.json", self._open.place
        place.create(path, to_bytes(_Known("1", now, self._owner)))
        known = parsed(_Known, place.get(path) or b"")
        return known.since if known else now

    def lease(self, schedule: str, now: datetime) -> Lease | None:
        """The right to run the schedule; `None` while another has it."""
        return acquire(self._open.place, f"schedule {schedule}", self._owner, LEASE, now)

    def record(self, occasion: Occasion, ended: Ended, now: datetime) -> None:
        """Remember a run that left nothing in the store, so that its moment is over."""
        log = f"{ended.problem or 'the report could not be stored'}\n".encode()
        self._open.keep(
            Draft(
                started=occasion.started,
                finished=max(now, occasion.started),
                exit_code=ended.exit_code,
                files={"log.txt": log},
                schedule=occasion.schedule,
                due=occasion.due,
            )
        )
