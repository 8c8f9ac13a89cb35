"""Killed at random moments, again and again: every run is whole or none, and the next replica goes on.

`python -m tests.store.test_kill FOLDER` stores runs, under a lease and with a delivery each, until it is killed.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.model.letter import Addressee, Channel
from auditor.store.deliveries import State, claim
from auditor.store.lease import acquire
from auditor.store.manifest import Draft
from auditor.store.place import open_place
from auditor.store.runs import WRITTEN_WITHIN, Store
from tests.processes import line_of, running

TO = (Addressee(Channel.MAIL, "a@example.com"),)
KILLS = 8
HOUR = timedelta(hours=1)
FILES = {"evidence.json": b"[" + b" " * 100_000 + b"]"} | {f"part-{n}": b"%d" % n * 1_000 for n in range(200)}
"""Many files, so that most of the time goes into writing them and most kills meet it."""


def store_until_killed(folder: str) -> None:
    place = open_place(folder)
    start = datetime.now(UTC)
    if not Store(place).listing().runs:  # on a slow machine no other may be whole before the kills
        Store(place).keep(Draft(start, start, 0, FILES, recipients=TO))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    lease = None
    while True:
        now = datetime.now(UTC)
        lease = lease.renewed(now) if lease else acquire(place, "weekly", "writer", HOUR, now + 10 * HOUR)
        run = Store(place).keep(Draft(now, now, 0, FILES, recipients=TO))
        if claimed := claim(place, run.name, "a@example.com", now):
            claimed.finish(State.DELIVERED, now)
        Store(place).clean(now, keep_runs=3)


def test_a_store_survives_kills_at_random_moments(tmp_path: Path) -> None:
    moments = random.Random(20261116)
    for _ in range(KILLS):
        command = [sys.executable, "-m", "tests.store.test_kill", str(tmp_path)]
        with running(command, stdout=subprocess.PIPE) as writer:
            assert line_of(writer) == "ready\n"
            time.sleep(moments.uniform(0, 0.15))
            writer.kill()
    place = open_place(str(tmp_path))
    listing = Store(place).listing()
    assert listing.warnings == ()
    for run in listing.runs:
        assert {name: run.read(name) for name in FILES} == FILES
    later = datetime.now(UTC) + 2 * WRITTEN_WITHIN
    assert acquire(place, "weekly", "heir", HOUR, later + 10 * HOUR)
    for run in listing.runs:
        if claimed := claim(place, run.name, "a@example.com", later):
            claimed.finish(State.DELIVERED, later)
    assert {one.state for run in listing.runs for one in run.deliveries()} == {State.DELIVERED}
    Store(place).clean(later, keep_runs=3)
    assert {entry.path.split("/")[1] for entry in place.entries("runs")} == {
        run.name for run in Store(place).listing().runs
    }
    assert len(Store(place).listing().runs) <= 3
    assert [path.name for path in (tmp_path / "runs").rglob("*") if "#" in path.name] == []


if __name__ == "__main__":
    store_until_killed(sys.argv[1])
