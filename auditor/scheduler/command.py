"""`auditor schedule`: from the configuration to a service that goes round, one run, or a list."""

from __future__ import annotations

import gc
import os
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from auditor import addressees
from auditor.config import Config, load, load_scheduled
from auditor.errors import UsageError
from auditor.scheduler.board import Board
from auditor.scheduler.clock import Clock
from auditor.scheduler.endpoints import endpoints
from auditor.scheduler.ledger import Ledger
from auditor.scheduler.listing import Listed
from auditor.scheduler.log import LogSettings, say
from auditor.scheduler.service import Plan, Service
from auditor.scheduler.stop import Stop
from auditor.scheduler.task import InProcess
from auditor.scheduler.watch import Watch
from auditor.scheduler.worker import Worker
from auditor.schedules import Schedule

_LISTED = 3


@dataclass(frozen=True)
class Schedules:
    """The schedules of a configuration, each with that of its runs; `UsageError` where one could not be kept."""

    config: Config
    each: tuple[tuple[Schedule, Config], ...]

    @classmethod
    def read(cls, path: Path | None, **options: Any) -> Schedules:
        """From a file, under the environment and options."""
        config = load(path, **options)
        if not config.schedules:
            raise UsageError(f"no schedules: {path or 'a file named by --config'} needs a table [[schedules]]")
        if config.store is None:
            raise UsageError(
                "no store: schedules remember their runs there, so that none is missed and none is made twice; "
                "name one with --store, AUDITOR_STORE or the key store of the configuration"
            )
        return cls(config, tuple((one, load_scheduled(one, path, **options)) for one in config.schedules))

    def serve(self, log: LogSettings, listen: str | None, grace: float) -> None:
        """Run what is due until a signal comes; a run has `grace` seconds to end then."""
        self._require_delivery()
        gc.enable()  # which the command line turned off for a process that ends soon
        service = self._service(log, grace)
        with endpoints(listen, service.worker.board) as port:
            if port:
                say("listening", port=port)
            service.serve()

    def once(self, name: str, log: LogSettings, grace: float) -> int:
        """Run one schedule now; its exit code."""
        known = [schedule.name for schedule, _ in self.each]
        if name not in known:
            raise UsageError(f"option --once: {name!r}: is none of the schedules {', '.join(known)}")
        self._require_delivery()
        service = self._service(log, grace)
        return service.once(service.plans[known.index(name)])

    def listed(self) -> Iterator[Listed]:
        """All schedules, with their next moments and what the store knows of their last run."""
        runs = {run.schedule: run for run in Ledger(self.config, "").runs()}
        for schedule, _ in self.each:
            moments = [Clock().now()]
            for _ in range(_LISTED):
                moments.append(schedule.moments.following(moments[-1]))
            yield Listed(schedule, tuple(moments[1:]), runs.get(schedule.name))

    def _require_delivery(self) -> None:
        for _, config in self.each:
            addressees.require_settings(config)

    def _service(self, log: LogSettings, grace: float) -> Service:
        log.apply()
        clock = Clock()
        stop = Stop(clock, grace)
        stop.listen()
        board = Board([schedule.name for schedule, _ in self.each], clock)
        plans = [
            Plan(one.name, config, Watch(one.moments, clock.now()), timedelta(hours=one.longest_hours))
            for one, config in self.each
        ]
        return Service(plans, Ledger(self.config, _owner()), Worker(InProcess(log), board, stop, clock))


def _owner() -> str:
    """Who holds a lease, for people to read; the random part tells two processes of one name apart."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
