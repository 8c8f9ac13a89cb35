"""One delivers, once; what failed is tried again; what nobody can know is said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from auditor.errors import StoreError
from auditor.store.deliveries import CLAIMED_FOR, State, claim, give_up, key_of, standings
from auditor.store.lease import SKEW
from auditor.store.place import Place

NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)
RUN, TO = "20261116T090000Z-3fa1c2", "network-team@example.com"
GONE = CLAIMED_FOR + SKEW + timedelta(seconds=1)


def states(place: Place) -> list[tuple[State, int, int]]:
    return [(one.state, one.attempts, one.unclear) for one in standings(place, RUN, [TO])]


def test_one_of_many_delivers_and_nobody_after_it(place: Place) -> None:
    assert states(place) == [(State.PENDING, 0, 0)]
    with ThreadPoolExecutor(8) as pool:
        claims = [one for one in pool.map(lambda _: claim(place, RUN, TO, NOW), range(8)) if one]
    assert len(claims) == 1
    claims[0].finish(State.DELIVERED, NOW)
    assert claim(place, RUN, TO, NOW + GONE) is None
    assert states(place) == [(State.DELIVERED, 1, 0)]


def test_a_failed_delivery_is_tried_again_with_its_reason_kept_until_then(place: Place) -> None:
    first = claim(place, RUN, TO, NOW)
    assert first
    first.finish(State.FAILED, NOW, "451 try again later")
    assert standings(place, RUN, [TO])[0].reason == "451 try again later"
    second = claim(place, RUN, TO, NOW)
    assert second
    second.finish(State.DELIVERED, NOW)
    assert states(place) == [(State.DELIVERED, 2, 0)]


def test_a_deliverer_that_died_is_followed_after_a_while_and_the_doubt_is_recorded(place: Place) -> None:
    died = claim(place, RUN, TO, NOW)
    assert died
    assert claim(place, RUN, TO, NOW + CLAIMED_FOR + SKEW) is None
    heir = claim(place, RUN, TO, NOW + GONE)
    assert heir
    assert (heir.delivery.attempts, heir.delivery.unclear) == (2, 1)
    with pytest.raises(StoreError, match="taken over by another sender"):
        died.finish(State.DELIVERED, NOW + GONE)
    heir.finish(State.DELIVERED, NOW + GONE)
    assert states(place) == [(State.DELIVERED, 2, 1)]


def test_what_is_given_up_is_never_tried_again_and_says_why(place: Place) -> None:
    tried = claim(place, RUN, TO, NOW)
    assert tried
    assert give_up(place, RUN, TO, NOW, "in another's hands") is None
    tried.finish(State.FAILED, NOW, "550 no such user")
    assert give_up(place, RUN, TO, NOW + GONE, "left the configuration")
    assert states(place) == [(State.GIVEN_UP, 1, 0)]
    assert standings(place, RUN, [TO])[0].reason == "left the configuration"
    assert claim(place, RUN, TO, NOW + GONE) is None
    assert give_up(place, RUN, TO, NOW + GONE, "again") is None


def test_a_record_that_nobody_can_read_is_followed_and_the_doubt_is_recorded(place: Place) -> None:
    """It is not known whether the message is out: it goes out again, with the same id."""
    damaged = f"deliveries/{RUN}/{key_of(TO)}/000000000001.json"
    place.put(damaged, b"{")
    assert states(place) == [(State.PENDING, 0, 1)]
    heir = claim(place, RUN, TO, NOW)
    assert heir
    heir.finish(State.DELIVERED, NOW)
    assert states(place) == [(State.DELIVERED, 1, 1)]


def test_recipients_are_kept_apart_whatever_they_are_called(place: Place) -> None:
    recipients = ("a@example.com", "A@example.com", "https://hooks.example.com/../x?y", "\u00fc" * 300)
    for attempts, recipient in enumerate(recipients):
        for _ in range(attempts):
            if claimed := claim(place, RUN, recipient, NOW):
                claimed.finish(State.FAILED, NOW)
    assert [one.attempts for one in standings(place, RUN, recipients)] == [0, 1, 2, 3]
