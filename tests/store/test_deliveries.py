"""One delivers, once; what failed is tried again; what nobody can know is said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from auditor.errors import StoreError
from auditor.store.deliveries import CLAIMED_FOR, State, claim, deliveries_of, key_of, plan
from auditor.store.lease import SKEW
from auditor.store.place import Place

NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)
RUN, TO = "20261116T090000Z-3fa1c2", "network-team@example.com"
GONE = CLAIMED_FOR + SKEW + timedelta(seconds=1)


def states(place: Place) -> list[tuple[State, int, int]]:
    return [(one.state, one.attempts, one.unclear) for one in deliveries_of(place, RUN)]


def test_one_of_many_delivers_and_nobody_after_it(place: Place) -> None:
    for _ in range(2):
        plan(place, RUN, TO, NOW)
    assert states(place) == [(State.PENDING, 0, 0)]
    with ThreadPoolExecutor(8) as pool:
        claims = [one for one in pool.map(lambda _: claim(place, RUN, TO, NOW), range(8)) if one]
    assert len(claims) == 1
    claims[0].finish(State.DELIVERED, NOW)
    assert claim(place, RUN, TO, NOW + GONE) is None
    plan(place, RUN, TO, NOW)
    assert states(place) == [(State.DELIVERED, 1, 0)]


def test_a_failed_delivery_is_tried_again_with_its_reason_kept_until_then(place: Place) -> None:
    plan(place, RUN, TO, NOW)
    first = claim(place, RUN, TO, NOW)
    assert first
    first.finish(State.FAILED, NOW, "451 try again later")
    assert deliveries_of(place, RUN)[0].reason == "451 try again later"
    second = claim(place, RUN, TO, NOW)
    assert second
    second.finish(State.DELIVERED, NOW)
    assert states(place) == [(State.DELIVERED, 2, 0)]


def test_a_deliverer_that_died_is_followed_after_a_while_and_the_doubt_is_recorded(place: Place) -> None:
    plan(place, RUN, TO, NOW)
    died = claim(place, RUN, TO, NOW)
    assert died
    assert claim(place, RUN, TO, NOW + CLAIMED_FOR + SKEW) is None
    heir = claim(place, RUN, TO, NOW + GONE)
    assert heir
    assert (heir.delivery.attempts, heir.delivery.unclear) == (2, 1)
    with pytest.raises(StoreError, match="taken over by another deliverer"):
        died.finish(State.DELIVERED, NOW + GONE)
    heir.finish(State.DELIVERED, NOW + GONE)
    assert states(place) == [(State.DELIVERED, 2, 1)]


def test_what_was_not_planned_or_is_damaged_is_not_delivered(place: Place) -> None:
    assert claim(place, RUN, TO, NOW) is None
    place.put(f"deliveries/{RUN}/{key_of(TO)}/000000000001.json", b"{")
    assert claim(place, RUN, TO, NOW) is None
    assert deliveries_of(place, RUN) == ()


def test_recipients_are_kept_apart_whatever_they_are_called(place: Place) -> None:
    for recipient in ("a@example.com", "A@example.com", "https://hooks.example.com/../x?y", "ü" * 300):
        plan(place, RUN, recipient, NOW)
    assert len(deliveries_of(place, RUN)) == 4
