"""Hourly runs, killed at random moments and started anew, until so many are stored; and what must hold afterwards.

    story = Story(folder, seed=1)
    story.run(kills=20)
    story.check()

One process imports everything and forks a child for each start: starts are quick, and kills meet the work instead of
the imports. The clock is set to the moment of each run, so that an hour passes in a fraction of a second.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from auditor import offline, past, pipeline
from auditor.collectors.run import Progress
from auditor.config import Config
from auditor.delivery.compose import message_id
from auditor.model.letter import Enclosure
from auditor.recording import Occasion
from auditor.report.document import render_json
from auditor.report.letter import render_letter
from auditor.store import documents, files
from auditor.store.deliveries import Delivery
from auditor.store.manifest import Begun, Header, Manifest
from auditor.store.runs import Run
from tests.delivery.mail_server import Mailbox, mail_server
from tests.processes import line_of, running
from tests.weeks import ONE, TWO, evidence, settings

SENDER, OWNER = "auditor@example.com", "pay@example.com"
START, HOUR = datetime(2026, 11, 23, 6, tzinfo=UTC), timedelta(hours=1)
QUIET_HOURS = 2
"""Runs at the end that nobody kills: the first may meet a message that was being sent, the second sends it."""


def config_of(folder: Path, port: int) -> Config:
    """Two recipients, of the whole and of a part."""
    return settings(port, owners={ONE: [OWNER]}, store=str(folder / "store"), output=folder / "report", keep_runs=400)


def stored(config: Config) -> tuple[Run, ...]:
    return past.store_of(config).listing().runs


def run_next(config: Config) -> None:
    """The run that is due: that after the last one stored. One that was killed before is made again."""
    due = max((run.manifest.moment for run in stored(config)), default=START - HOUR) + HOUR
    found = evidence(ONE, TWO, at=due)
    with patch.object(pipeline, "read", side_effect=[found]):
        pipeline.run_and_deliver(config, due, Progress(), print, Occasion(due, "hourly", due))


def warm_up() -> None:
    """What is made once a process, before children inherit it; nothing that starts a thread."""
    at = evidence(ONE, at=START)
    audit = offline.audit_of(at)
    render_letter(audit, None, Enclosure("here"))
    files.parse_audit(render_json(audit).encode(), "audit")
    for kind in (Manifest, Header, Begun, Delivery):
        documents.parsed(kind, b"")


def serve(folder: str, port: str) -> None:
    """For each number on stdin a child that makes so many runs, and says a word after each."""
    config = config_of(Path(folder), int(port))
    warm_up()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            for _ in range(int(line)):
                run_next(config)
                sys.stdout.write("made\n")
                sys.stdout.flush()
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        os.waitpid(child, 0)
        sys.stdout.write("over\n")
        sys.stdout.flush()


@dataclass
class Story:
    """Kills and what came of them."""

    folder: Path
    seed: int
    mailbox: Mailbox = field(default_factory=lambda: Mailbox(slow=0.05))
    kills: int = 0
    unclear: int = 0
    doubles: int = 0
    runs: int = 0

    def run(self, kills: int) -> None:
        """Start, kill, and start again; then a few runs in peace."""
        moments = random.Random(self.seed)
        with mail_server(self.mailbox) as mailbox:
            command = [sys.executable, "-m", "tests.killed", str(self.folder), str(mailbox.port)]
            with running(command, bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
                for _ in range(kills):
                    self._killed(server, moments)
                self._in_peace(server)

    def _killed(self, server: subprocess.Popen[str], moments: random.Random) -> None:
        child = self._start(server, 1_000)
        begun, whole = time.monotonic(), moments.randrange(3)
        for _ in range(whole):
            assert line_of(server) == "made\n"
        each = (time.monotonic() - begun) / whole if whole else 0.3
        time.sleep(moments.uniform(0, each))
        os.kill(child, signal.SIGKILL)
        self.kills += 1
        while line_of(server) != "over\n":
            pass

    def _in_peace(self, server: subprocess.Popen[str]) -> None:
        self._start(server, QUIET_HOURS)
        assert [line_of(server) for _ in range(QUIET_HOURS + 1)] == ["made\n"] * QUIET_HOURS + ["over\n"]

    def _start(self, server: subprocess.Popen[str], runs: int) -> int:
        assert server.stdin
        server.stdin.write(f"{runs}\n")
        return int(line_of(server))

    def check(self) -> None:
        """No run is damaged or missing, every message arrived, and doubles only where nobody could know."""
        config = config_of(self.folder, 1)
        listing = past.store_of(config).listing()
        assert listing.warnings == ()
        self.runs = len(listing.runs)
        for run in listing.runs:
            assert all(run.read(file.name) is not None for file in run.manifest.files)
        moments = sorted({run.manifest.moment for run in listing.runs})
        assert moments == [START + HOUR * n for n in range(len(moments))]
        assert not list((self.folder / "store" / "runs").rglob("*#*.tmp"))
        self._check_messages(listing.runs)

    def _check_messages(self, runs: tuple[Run, ...]) -> None:
        taken = Counter(str(message["Message-ID"]) for _, message in self.mailbox.taken)
        for run in runs:
            for found in run.deliveries():
                got = taken.pop(message_id(run.manifest.message, found.recipient, SENDER), 0)
                self.unclear += found.unclear
                self.doubles += max(0, got - 1)
                assert found.state == "delivered", found
                assert 1 <= got <= 1 + found.unclear, found
        assert not taken, "messages of runs that are not in the store"


if __name__ == "__main__":
    serve(*sys.argv[1:])
