"""A year of weekly runs on a fast clock: real audits of an account, a real mail server, a real store.

`python -m tests.scheduler.test_year SETTINGS` makes them in a process that has little else in its memory, and tells of
each run how it ended, how many runs are kept and how many MB the process has.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.config import load, load_scheduled
from auditor.demo.sdk_models import decoded_once
from auditor.errors import Exit
from auditor.scheduler.board import Board
from auditor.scheduler.clock import Clock
from auditor.scheduler.ledger import Ledger
from auditor.scheduler.service import Plan, Service
from auditor.scheduler.stop import Stop
from auditor.scheduler.task import Ended, Task, perform
from auditor.scheduler.watch import Watch
from auditor.scheduler.worker import Worker
from auditor.store.place import open_place
from auditor.store.runs import Store
from tests.delivery.mail_server import Mailbox, mail_server
from tests.embedded import ROOT, clean_environment, served

KEPT = 8
WEEK = timedelta(weeks=1)
FIRST_MONDAY = datetime(2027, 1, 4, 5, tzinfo=UTC)
"""Six o'clock in Berlin. A year that is still to come: what is stored now is stored before it."""


@dataclass
class FastClock(Clock):
    """Twelve hours pass with each look at it that waits."""

    hours: int = 0

    def now(self) -> datetime:
        return datetime(2027, 1, 1, tzinfo=UTC) + timedelta(hours=self.hours)

    def monotonic(self) -> float:
        return self.hours * 3600.0

    def sleep(self, seconds: float) -> None:
        del seconds
        self.hours += 12


@dataclass
class Here:
    """A run in this process, whose memory is then measured with it."""

    done: Ended

    def ended(self, seconds: float) -> Ended:
        assert seconds > 0
        return self.done

    def kill(self) -> None:
        raise AssertionError("nothing ends a run here")


def resident() -> int:
    """MB of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() // 2**20


def settings(folder: Path, port: int) -> Path:
    file = folder / "auditor.toml"
    file.write_text(f"""
        store = "{folder}/store"
        output = "{folder}/report"
        keep_runs = {KEPT}
        regions = ["eu-west-1"]
        formats = ["json"]
        live_prices = false
        public_lookups = false
        [mail]
        from = "auditor@example.com"
        to = ["net@example.com"]
        smtp_host = "127.0.0.1"
        smtp_port = {port}
        smtp_tls = "none"
        [[schedules]]
        name = "weekly"
        cron = "0 6 * * mon"
        timezone = "Europe/Berlin"
    """)
    return file


def make_a_year_of_runs(file: Path) -> list[tuple[int, int, int]]:
    clock, told = FastClock(), []
    config = load(file)
    (schedule,) = config.schedules
    store = Store(open_place(str(config.store)))

    def start(task: Task) -> Here:
        done = perform(task)
        told.append((int(done.exit_code), len(store.listing().runs), resident()))
        return Here(done)

    watch = Watch(schedule.moments, clock.now())
    plan = Plan(schedule.name, load_scheduled(schedule, file), watch, timedelta(hours=24))
    worker = Worker(start, Board([schedule.name], clock), Stop(clock, 30), clock)
    service = Service([plan], Ledger(config, "a"), worker)
    while clock.now().year == 2027:
        service.round()
        clock.sleep(1)
    return told


def test_a_year_of_weekly_runs(tmp_path: Path) -> None:
    """52 mails, each once; memory as after the first month; the store within its retention all the time."""
    with served("blank") as aws, mail_server(Mailbox()) as mailbox:
        command = [sys.executable, "-m", "tests.scheduler.test_year", str(settings(tmp_path, mailbox.port))]
        environment = clean_environment(**aws.environment)
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    ends, kept, memory = zip(*json.loads(done.stdout), strict=True)
    assert ends == (Exit.REPORTED,) * 52
    assert [message["To"] for _, message in mailbox.taken] == ["net@example.com"] * 52
    assert len({message["Message-ID"] for _, message in mailbox.taken}) == 52
    assert max(kept) <= KEPT
    due = [run.manifest.due for run in Store(open_place(f"{tmp_path}/store")).listing().runs]
    assert due[-1] == FIRST_MONDAY + 51 * WEEK
    assert due == [FIRST_MONDAY + n * WEEK for n in range(52 - KEPT, 52)]
    assert memory[51] - memory[8] < 15, memory
    assert len(list((tmp_path / "store").rglob("*"))) < 20 * KEPT


if __name__ == "__main__":
    with decoded_once():
        json.dump(make_a_year_of_runs(Path(sys.argv[1])), sys.stdout)
