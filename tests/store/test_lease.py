"""Of many replicas one holds a lease; another takes over when it is gone, and the first one notices."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from auditor.store.chain import Chain, Version
from auditor.store.lease import SKEW, LeaseLostError, acquire
from auditor.store.place import Place

NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)
MINUTES = timedelta(minutes=10)


def test_of_many_that_ask_at_once_one_gets_it(place: Place) -> None:
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda n: acquire(place, "weekly", f"replica-{n}", MINUTES, NOW), range(8)))
    assert sum(lease is not None for lease in got) == 1


def test_a_held_lease_is_refused_until_it_has_expired_and_the_clocks_may_differ(place: Place) -> None:
    first = acquire(place, "weekly", "a", MINUTES, NOW)
    assert first
    assert first.expires == NOW + MINUTES
    late = NOW + MINUTES + SKEW
    assert acquire(place, "weekly", "b", MINUTES, late) is None
    second = acquire(place, "weekly", "b", MINUTES, late + timedelta(seconds=1))
    assert second
    with pytest.raises(LeaseLostError, match="a no longer holds it"):
        first.renewed(late)
    first.release()
    assert acquire(place, "weekly", "c", MINUTES, late) is None, "who lost it cannot give it back"


def test_a_renewed_lease_holds_longer_and_one_given_back_is_free_at_once(place: Place) -> None:
    lease = acquire(place, "weekly", "a", MINUTES, NOW)
    assert lease
    for minutes in (5, 10, 15):
        lease = lease.renewed(NOW + timedelta(minutes=minutes))
    assert acquire(place, "weekly", "b", MINUTES, NOW + timedelta(minutes=20)) is None
    lease.release()
    assert acquire(place, "weekly", "b", MINUTES, NOW + timedelta(minutes=15))


def test_leases_of_other_names_do_not_meet(place: Place) -> None:
    for name in ("weekly", "weekly/eu", "../weekly", "ü"):
        assert acquire(place, name, "a", MINUTES, NOW), name


def test_a_replica_that_slept_for_long_takes_nothing_with_an_old_number(place: Place) -> None:
    """Its number was cleaned away since, so it can create it: the highest number still decides."""
    chain = Chain(place, "leases/weekly")
    latest = Version(0)
    for n in range(5):
        followed = chain.follow(latest, b"%d" % n)
        assert followed
        latest = followed
    assert [entry.path[-6:] for entry in place.entries("leases/weekly")] == ["4.json", "5.json"]
    assert chain.follow(Version(1), b"asleep") is None
    assert chain.latest() == latest


def test_a_damaged_lease_is_followed_and_not_deleted(place: Place) -> None:
    place.put("leases/weekly/000000000001.json", b"\x00 not a lease")
    place.put("leases/weekly/readme.txt", b"of somebody else")
    assert acquire(place, "weekly", "a", MINUTES, NOW)
    assert place.get("leases/weekly/000000000001.json") == b"\x00 not a lease"
    assert place.get("leases/weekly/readme.txt") == b"of somebody else"


def test_a_hundred_renewals_leave_two_objects(place: Place) -> None:
    lease = acquire(place, "weekly", "a", MINUTES, NOW)
    for n in range(30):
        assert lease
        lease = lease.renewed(NOW + timedelta(seconds=n))
    assert len(place.entries("leases")) == 2
