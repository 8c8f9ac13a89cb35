"""What the service shows of itself: whether it lives, whether it is ready, and figures for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, Summary

from auditor.errors import Exit
from auditor.scheduler.clock import Clock
from auditor.scheduler.task import Ended
from auditor.store.manifest import Manifest

LIVES_WITHIN = 300.0
"""Seconds between two rounds of the service; one that waits for a slow store is alive."""

_SUCCESS = frozenset({Exit.REPORTED, Exit.GAPS, Exit.ABOVE_LIMIT})


class Board:
    """Written by the service, read by the endpoints in threads of their own."""

    def __init__(self, schedules: Iterable[str], clock: Clock) -> None:
        self._clock = clock
        self._beat = clock.monotonic()
        self.store_problem: str | None = "the store was not asked yet"
        self._last: dict[str, Manifest] = {}
        self._next: dict[str, datetime] = {}
        self.metrics = Metrics(schedules)

    def beat(self, due: dict[str, datetime]) -> None:
        """A round of the service, and when each schedule is due next."""
        self._beat, self._next = self._clock.monotonic(), due
        for name, moment in due.items():
            self.metrics.next_due.labels(name).set(moment.timestamp())

    def still_here(self) -> None:
        """The service waits for a run."""
        self._beat = self._clock.monotonic()

    def store_answered(self, runs: Iterable[Manifest]) -> None:
        """The store is there, with these runs, the oldest first."""
        self.store_problem = None
        self._last = {run.schedule: run for run in runs if run.schedule in self._next}
        self.metrics.store_is_up.set(1)
        for name, run in self._last.items():
            self.metrics.gaps.labels(name).set(len(run.gaps))
        for run in runs:
            if run.schedule in self._next and run.exit_code in _SUCCESS:
                self.metrics.last_success.labels(run.schedule).set(run.finished.timestamp())

    def store_failed(self, problem: str) -> bool:
        """The store cannot be reached, read or written; whether that is news."""
        is_news, self.store_problem = problem != self.store_problem, problem
        self.metrics.store_is_up.set(0)
        return is_news

    @property
    def store_is_usable(self) -> bool:
        """Whether the store did what it was last asked for."""
        return self.store_problem is None

    @property
    def lives(self) -> bool:
        """Whether the service goes round."""
        return self._clock.monotonic() - self._beat < LIVES_WITHIN

    @property
    def is_ready(self) -> bool:
        """Whether the next run can be made. That the last one failed is no reason against it: see `told`."""
        return self.lives and self.store_is_usable

    def told(self) -> dict[str, object]:
        """What `/readyz` says."""
        return {
            "ready": self.is_ready,
            "store": self.store_problem or "reachable",
            "schedules": {name: _told(self._last.get(name), due) for name, due in self._next.items()},
        }


class Metrics:
    """Figures for Prometheus, each with the schedule's name as label."""

    def __init__(self, schedules: Iterable[str]) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        one = ("schedule",)
        self._runs = Counter("auditor_runs", "Runs that ended.", (*one, "exit_code"), registry=registry)
        self._seconds = Summary("auditor_run_duration_seconds", "How long runs took.", one, registry=registry)
        self._calls = Counter("auditor_aws_calls", "Calls of AWS by runs.", one, registry=registry)
        self._saving = Gauge(
            "auditor_saving_open_usd_per_month",
            "What the last report's plan would save: measured, and at most beyond that unmeasured.",
            (*one, "evidence"),
            registry=registry,
        )
        self._undelivered = Gauge(
            "auditor_undelivered", "Recipients whom the last run did not reach.", one, registry=registry
        )
        self.gaps = Gauge("auditor_gaps", "What the last run could not read.", one, registry=registry)
        self.last_success = Gauge(
            "auditor_last_success_timestamp_seconds",
            "When the last run with a report ended, delivered or not: see auditor_undelivered.",
            one,
            registry=registry,
        )
        self.next_due = Gauge("auditor_next_due_timestamp_seconds", "When a run is due next.", one, registry=registry)
        self.store_is_up = Gauge("auditor_store_up", "Whether the store of runs can be used.", registry=registry)
        for name in schedules:
            self._calls.labels(name)

    def count(self, schedule: str, ended: Ended, seconds: float) -> None:
        """A run that ended, and how long it took."""
        self._runs.labels(schedule, str(int(ended.exit_code))).inc()
        self._seconds.labels(schedule).observe(seconds)
        self._undelivered.labels(schedule).set(sum(not one.is_delivered for one in ended.deliveries))
        if found := ended.found:
            self._calls.labels(schedule).inc(found.api_calls)
            self.gaps.labels(schedule).set(len(found.gaps))
            self._saving.labels(schedule, "measured").set(float(found.saving_measured))
            self._saving.labels(schedule, "unmeasured").set(float(found.saving_unmeasured_high))


def _told(last: Manifest | None, due: datetime) -> dict[str, object]:
    run = {"finished": last.finished.isoformat(), "exit_code": last.exit_code, "gaps": len(last.gaps)} if last else None
    return {"next_due": due.isoformat(), "last_run": run}
