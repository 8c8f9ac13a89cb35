"""Money: exact, or unknown; never rounded, never zero for want of a price."""

from __future__ import annotations

from decimal import Decimal, Inexact
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.money import Bill, Item, Line, Price, Prices, difference, gigabytes, subtract, total

GB = Price("us-east-1", Item.NAT_GB, Decimal("0.045"), "GB", "list", "2026-11-20")
HOUR = Price("us-east-1", Item.NAT_HOUR, Decimal("0.045"), "hour", "list", "2026-11-20")

amounts = st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=12)
lines = st.builds(
    Line.of,
    st.sampled_from(["nat-1", "nat-2"]),
    st.sampled_from(["hours", "data processed"]),
    st.integers(0, 2**70).map(gigabytes),
    st.sampled_from([GB, HOUR]),
)


def unmeasured(resource: str = "nat-1") -> Line:
    return Line.of(resource, "data processed", None, GB)


@given(st.integers(0, 2**100))
def test_bytes_become_gb_without_rounding(count: int) -> None:
    assert Fraction(gigabytes(count)) == Fraction(count, 1024**3)


def test_a_result_that_would_be_rounded_is_an_error() -> None:
    with pytest.raises(Inexact):
        total([Decimal("1e100"), Decimal("1e-100")])


@given(st.lists(amounts))
def test_sums_do_not_depend_on_the_order(found: list[Decimal]) -> None:
    assert total(found) == total(reversed(found)) == sum(map(Fraction, found))


def test_no_price_is_no_tier_and_no_cost() -> None:
    assert Prices((GB,)).tiers("eu-west-1", Item.NAT_GB) == ()
    assert Prices((GB,)).tiers("us-east-1", Item.NAT_HOUR) == ()
    assert Line.unpriced("nat-1", "hours", Decimal(730), "hour").usd is None


def test_tiers_come_lowest_first_in_whatever_order_they_were_listed() -> None:
    rows = [Price("r", Item.NAT_GB, Decimal(1), "GB", "", "", Decimal(low)) for low in (5242880, 0, 1048576)]
    assert [row.from_quantity for row in Prices(tuple(rows)).tiers("r", Item.NAT_GB)] == [
        0,
        1048576,
        5242880,
    ]


def test_a_bill_with_an_unknown_line_has_no_sum_but_a_known_part() -> None:
    bill = Bill((Line.of("nat-1", "hours", Decimal(730), HOUR), unmeasured()))
    assert bill.usd is None
    assert bill.known_usd == Decimal("32.85")


@given(st.lists(lines), st.lists(lines))
def test_a_difference_is_the_difference_of_the_sums(before: list[Line], after: list[Line]) -> None:
    old, new = Bill(tuple(before)), Bill(tuple(after))
    assert difference(old, new).usd == subtract(old.known_usd, new.known_usd)


@given(st.lists(lines))
def test_a_bill_does_not_differ_from_itself_in_another_order(found: list[Line]) -> None:
    change = difference(Bill(tuple(found)), Bill(tuple(reversed(found))))
    assert (change.avoided, change.added) == ((), ())


def test_what_is_added_beside_an_unknown_quantity_is_still_added() -> None:
    """10 GB come on top of bytes that nobody measured: the unknown is the same on both sides, the 0.45 are not."""
    known = Line.of("nat-1", "data processed", Decimal(10), GB)
    change = difference(Bill((unmeasured(),)), Bill((unmeasured(), known)))
    assert (change.avoided, change.added, change.usd) == ((), (known,), Decimal("-0.45"))


def test_an_unknown_cost_that_goes_is_left_out_and_one_that_comes_makes_the_saving_unknown() -> None:
    hours = Line.of("nat-1", "hours", Decimal(730), HOUR)
    assert difference(Bill((hours, unmeasured())), Bill()).usd == Decimal("32.85")
    assert difference(Bill((hours, unmeasured())), Bill()).unpriced == ("data processed",)
    assert difference(Bill((hours,)), Bill((unmeasured("nat-2"),))).usd is None
