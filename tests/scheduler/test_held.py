"""A lease beside the work that it protects: renewed, noticed when it is lost, given back."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.scheduler.clock import Clock
from auditor.scheduler.held import Held
from auditor.store.lease import SKEW, Lease, acquire
from auditor.store.place import Place, open_place

SHORT = timedelta(seconds=0.6)
OTHER_LATER = SKEW + timedelta(hours=1)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return open_place(str(tmp_path / "store"))


def taken(place: Place) -> Lease:
    lease = acquire(place, "weekly", "a", SHORT, datetime.now(UTC))
    assert lease
    return lease


def test_it_is_held_as_long_as_the_work_takes_and_free_at_once_afterwards(place: Place) -> None:
    with Held(taken(place), Clock()) as held:
        for _ in range(12):
            time.sleep(0.1)
            assert not held.is_lost
        assert acquire(place, "weekly", "b", SHORT, datetime.now(UTC)) is None
    assert acquire(place, "weekly", "b", SHORT, datetime.now(UTC))


def test_it_is_noticed_when_another_has_taken_it(place: Place) -> None:
    with Held(taken(place), Clock()) as held:
        assert acquire(place, "weekly", "b", timedelta(days=1), datetime.now(UTC) + OTHER_LATER)
        end = time.monotonic() + 10
        while not held.is_lost:
            assert time.monotonic() < end
            time.sleep(0.05)
    assert acquire(place, "weekly", "c", SHORT, datetime.now(UTC)) is None, "what another holds is not given back"


def test_it_is_lost_when_the_store_is_gone_for_as_long_as_it_lasts(place: Place, tmp_path: Path) -> None:
    with Held(taken(place), Clock()) as held:
        (tmp_path / "store").rename(tmp_path / "away")
        (tmp_path / "store").write_text("no folder")
        time.sleep(1)
        assert held.is_lost
