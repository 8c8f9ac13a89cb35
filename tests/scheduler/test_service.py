"""A service on a fast clock and a real store: what it runs, how often, and what it does when something is wrong."""

from __future__ import annotations

import logging
import signal
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from auditor.errors import Exit, UsageError
from auditor.model.letter import Addressee, Channel
from auditor.scheduler.task import Ended
from auditor.store.deliveries import State, claim
from auditor.store.manifest import Draft
from auditor.store.place import open_place
from auditor.store.runs import Store
from tests.scheduler.fast import START, FastClock, Replica, replica

MINUTE = timedelta(minutes=1)
FIRST = START.replace(second=0) + MINUTE
"""06:01, the first moment of a minutely schedule after the start at 06:00:30."""


def stored(folder: Path) -> list[datetime | None]:
    return [run.manifest.due for run in Store(open_place(str(folder))).listing().runs]


def test_each_moment_is_run_once_and_nothing_from_before_the_first_start(tmp_path: Path) -> None:
    one = replica(tmp_path)
    one.until(30)
    assert one.runs.due == []
    one.until(300)
    assert one.runs.due == [FIRST + n * MINUTE for n in range(5)] == stored(tmp_path)


def test_every_run_has_an_id_of_its_moment_alone(tmp_path: Path) -> None:
    """Whoever repeats it, whenever: messages are told as doubles by it."""
    one = replica(tmp_path, FastClock(step=7))
    one.until(60)
    (task,) = one.runs.tasks
    assert task.occasion.run_id == "minutely-20261130T060100Z"
    assert task.occasion.started > FIRST


def test_a_run_longer_than_its_interval_is_followed_by_one_run_for_the_last_moment(tmp_path: Path) -> None:
    one = replica(tmp_path)
    one.runs.seconds = 150
    one.until(480)
    assert one.runs.due == [FIRST, FIRST + 2 * MINUTE, FIRST + 5 * MINUTE]


def test_schedules_wait_for_each_other_and_the_longest_due_goes_first(tmp_path: Path) -> None:
    one = replica(tmp_path, long="0 6 30 11 *", hourly="3 * * * *", minutely="*/2 * * * *")
    one.runs.seconds = 100
    one.until(440)
    assert [(task.occasion.schedule, task.occasion.due) for task in one.runs.tasks] == [
        ("minutely", FIRST + MINUTE),
        ("hourly", FIRST + 2 * MINUTE),
        ("minutely", FIRST + 3 * MINUTE),
        ("minutely", FIRST + 5 * MINUTE),
    ]


def test_what_was_missed_is_made_up_for_once_after_a_restart(tmp_path: Path) -> None:
    one = replica(tmp_path)
    one.until(60)
    again = replica(tmp_path, FastClock(passed=3600))
    again.until(20)
    assert again.runs.due == [START.replace(second=0) + timedelta(hours=1)]
    assert len(stored(tmp_path)) == 2


def test_the_very_first_run_can_be_missed_too(tmp_path: Path) -> None:
    replica(tmp_path, weekly="1 6 * * mon").until(10)
    again = replica(tmp_path, FastClock(passed=3600), weekly="1 6 * * mon")
    again.until(10)
    assert again.runs.due == [FIRST]


def test_a_run_that_never_ends_is_ended_and_told_of_and_keeps_no_other_from_its_time(tmp_path: Path) -> None:
    one = replica(tmp_path, daily="1 6 * * *")
    one.service.plans[0].longest = 2 * MINUTE
    one.runs.seconds = 10**9
    one.until(240)
    assert one.runs.killed == 1
    assert "it had not ended after 0.0333333 h and was killed" in one.runs.failures[0]
    assert "raise longest_hours of its schedule" in one.runs.failures[0]
    (run,) = Store(open_place(str(tmp_path))).listing().runs
    assert (run.manifest.due, run.manifest.exit_code) == (FIRST, Exit.BUG)
    one.clock.set_by = timedelta(days=1)
    one.runs.seconds = 100
    one.until(300)
    assert one.runs.due == [FIRST, FIRST + timedelta(days=1)]


def test_messages_that_never_go_out_do_not_keep_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.scheduler.worker.TOLD_WITHIN", 2 * MINUTE)
    one = replica(tmp_path)
    one.runs.seconds_to_tell = 10**9
    one.runs.ends = Ended(Exit.NO_ACCESS, "no credentials", is_told=False)
    one.until(300)
    assert one.runs.killed == len(one.runs.due)
    assert one.runs.due[:2] == [FIRST, FIRST + 2 * MINUTE]


def test_a_failed_run_is_over_for_later_starts_too(tmp_path: Path) -> None:
    one = replica(tmp_path)
    one.runs.ends, one.runs.is_stored = Ended(Exit.NO_ACCESS, "no credentials"), False
    one.until(60)
    assert one.runs.due == stored(tmp_path) == [FIRST]
    (run,) = Store(open_place(str(tmp_path))).listing().runs
    assert (run.manifest.exit_code, run.manifest.is_good) == (Exit.NO_ACCESS, False)
    assert run.read("log.txt") == b"no credentials\n"
    again = replica(tmp_path, FastClock(passed=40))
    again.until(20)
    assert again.runs.due == []


def test_a_run_that_died_is_told_of(tmp_path: Path) -> None:
    one = replica(tmp_path)
    one.runs.ends, one.runs.is_stored = Ended(Exit.BUG, "ended by signal 9", is_told=False), False
    one.until(60)
    assert one.runs.failures == ["ended by signal 9"]
    assert stored(tmp_path) == [FIRST]


def test_of_two_replicas_one_runs_each_moment(tmp_path: Path) -> None:
    clock = FastClock()
    both = [replica(tmp_path, clock, owner) for owner in "ab"]
    for _ in range(60):
        for one in both:
            one.service.round()
            clock.sleep(0)
    due = [moment for one in both for moment in one.runs.due]
    assert sorted(due, key=str) == sorted(stored(tmp_path), key=str)
    assert len(due) == len(set(due)) >= 10


def test_while_one_replica_runs_the_other_waits_and_then_finds_nothing_to_do(tmp_path: Path) -> None:
    one = replica(tmp_path)
    other = replica(tmp_path, one.clock, "b")
    one.runs.meanwhile = other.service.round
    one.until(60)
    other.until(20)
    assert (one.runs.due, other.runs.due) == ([FIRST], [])


def test_a_replica_that_died_is_replaced_when_its_lease_is_over(tmp_path: Path) -> None:
    dead = replica(tmp_path)
    assert dead.service.ledger.lease("minutely", dead.clock.now())
    heir = replica(tmp_path, FastClock(passed=30), "b")
    heir.until(205)
    assert heir.runs.due == []
    heir.until(30)
    assert heir.runs.due == [FIRST + 3 * MINUTE]


def test_a_run_whose_lease_is_lost_is_ended_and_left_to_the_other(tmp_path: Path) -> None:
    """Nothing renews it here for three minutes of the clock, as when the store does not answer."""
    one = replica(tmp_path)
    one.runs.seconds = 1000
    one.until(40)
    assert (one.runs.due, one.runs.killed) == ([FIRST], 1)
    assert stored(tmp_path) == []


def test_a_stop_lets_a_run_end_and_begins_nothing_more(tmp_path: Path) -> None:
    one = replica(tmp_path, minutely="* * * * *", other="* * * * *")
    one.runs.meanwhile = lambda: stop(one)
    one.service.serve()
    assert (one.runs.due, one.runs.killed, stored(tmp_path)) == ([FIRST], 0, [FIRST])


def test_a_run_that_outlasts_the_grace_is_abandoned_and_made_up_for_at_the_next_start(tmp_path: Path) -> None:
    one = replica(tmp_path)
    one.runs.seconds = 100
    one.runs.meanwhile = lambda: stop(one)
    one.service.serve()
    assert (one.runs.killed, stored(tmp_path)) == (1, [])
    assert one.clock.passed == 70  # due after 30 seconds, 30 of grace, one round
    again = replica(tmp_path, FastClock(passed=35), "b")
    again.runs.clock.step = 1
    again.until(1)
    assert again.runs.due == [FIRST], "the lease was given back"


def stop(one: Replica) -> None:
    if not one.stop.is_asked:
        one.stop._take(signal.SIGTERM, None)


def test_a_store_that_fails_is_tried_again_and_who_waits_for_a_report_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = replica(tmp_path, daily="1 6 * * *")
    one.until(10)
    (tmp_path / "leases/tried.txt").unlink()
    (tmp_path / "leases").rmdir()
    (tmp_path / "leases").write_text("a file where the folder should be")
    one.until(310)
    assert one.runs.tasks == [], "five minutes pass before anybody is woken"
    one.until(600)
    assert (one.board.is_ready, one.board.lives) == (False, True)
    (failure,) = one.runs.failures
    assert failure.startswith("it waits for its store, which is tried again every minute: Cannot ")
    assert one.runs.tasks[0].occasion.due is None, "what is told of as failed would be over"
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 3, "each problem once, not each minute"
    (tmp_path / "leases").unlink()
    one.until(60)
    assert one.runs.due == [FIRST]
    assert one.board.is_ready


def test_a_store_that_is_gone_at_the_start_is_found_later(tmp_path: Path) -> None:
    """A process that ended at once could tell nobody."""
    replica(tmp_path / "store").until(60)
    (tmp_path / "store").rename(tmp_path / "away")
    (tmp_path / "store").write_text("no folder")
    one = replica(tmp_path / "store", FastClock(passed=300))
    one.until(30)
    assert (one.runs.due, one.board.is_ready) == ([], False)
    (tmp_path / "store").unlink()
    (tmp_path / "away").rename(tmp_path / "store")
    one.until(120)
    assert one.runs.due[0] == FIRST + 5 * MINUTE
    assert one.board.is_ready


def test_a_store_that_may_only_be_read_is_noticed_before_a_run_is_due(tmp_path: Path) -> None:
    one = replica(tmp_path, weekly="0 6 * * tue")
    (tmp_path / "leases").write_text("a file where the folder should be")
    one.until(30)
    assert not one.board.is_ready
    (tmp_path / "leases").unlink()
    one.until(60)
    assert one.board.is_ready


def test_a_report_that_could_not_be_stored_is_not_made_again(tmp_path: Path) -> None:
    one = replica(tmp_path, daily="1 6 * * *")
    one.runs.ends, one.runs.is_stored = Ended(Exit.NOT_DELIVERED, "the disk is full"), False
    one.runs.meanwhile = (tmp_path / "runs").touch
    one.until(600)
    assert one.runs.due == [FIRST]
    assert one.runs.failures == []


def test_what_a_run_still_owes_is_tried_again_each_half_hour_until_it_is_delivered(tmp_path: Path) -> None:
    one = replica(tmp_path, owing="0 0 1 1 *", paid="0 0 1 1 *")
    to = Addressee(Channel.MAIL, "network@example.com")
    store = Store(open_place(str(tmp_path)))
    for schedule, recipients in (("owing", (to,)), ("paid", ()), (None, (to,))):
        store.keep(Draft(START, START, Exit.REPORTED, {}, schedule, message=f"of {schedule}", recipients=recipients))
    one.until(3590)
    assert one.runs.paid == ["owing", "owing"]
    found = claim(store.place, "of owing", to.recipient, one.clock.now())
    assert found
    found.finish(State.DELIVERED, one.clock.now())
    one.until(7200)
    assert one.runs.paid == ["owing", "owing"]


def test_a_clock_that_is_set_back_and_forward_doubles_nothing(tmp_path: Path) -> None:
    one = replica(tmp_path)
    one.until(180)
    one.clock.set_by = timedelta(minutes=-2)
    one.until(120)
    one.clock.set_by = timedelta(hours=5)
    one.until(20)
    assert one.runs.due == [FIRST, FIRST + MINUTE, FIRST + 2 * MINUTE, FIRST + 4 * MINUTE + timedelta(hours=5)]


def test_one_run_now_is_no_run_of_a_moment(tmp_path: Path) -> None:
    one = replica(tmp_path, weekly="0 6 * * mon")
    one.runs.ends = Ended(Exit.GAPS)
    assert one.service.once(one.service.plans[0]) == Exit.GAPS
    (run,) = Store(open_place(str(tmp_path))).listing().runs
    assert (run.manifest.schedule, run.manifest.due) == ("weekly", None)


def test_one_run_now_does_not_meet_another(tmp_path: Path) -> None:
    one, other = replica(tmp_path), replica(tmp_path, owner="b")
    assert other.service.ledger.lease("minutely", other.clock.now())
    with pytest.raises(UsageError, match="schedule 'minutely' is being run elsewhere"):
        one.service.once(one.service.plans[0])
