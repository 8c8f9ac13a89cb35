"""Two bills side by side: they differ by what the engine says is saved, whatever is tried on whatever network."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from auditor.analyzer import forecast_of, traffics_of
from auditor.model.comparison import Comparison, Sums
from auditor.model.evidence import Evidence
from auditor.whatif.comparison import Tried, compare
from tests.whatif.networks import REGION, edits, evidences


def tried(evidence: Evidence, data: st.DataObject) -> Tried:
    now = forecast_of(evidence, REGION, traffics_of(evidence))
    made = data.draw(st.lists(edits(now.network), min_size=1, max_size=4))
    return Tried(REGION, now, tuple(made))


@given(evidences(2**54), st.data())
def test_the_bills_differ_by_what_the_engine_says_is_saved(evidence: Evidence, data: st.DataObject) -> None:
    one = tried(evidence, data)
    savings = [bills.difference.usd for bills in one.bills]
    amounts = one.saved.amounts
    assert amounts is not None
    assert savings == [min(amounts), amounts[1], max(amounts)]
    saving = one.saved.saving()
    assert saving is None or [saving.low, saving.high] == [savings[0], savings[2]]


@given(evidences(2**54), st.data())
def test_the_lines_that_change_make_up_the_saving(evidence: Evidence, data: st.DataObject) -> None:
    """Where some line is unknown, the sums of the known ones may differ by more: the lines tell."""
    found: Comparison = compare([tried(evidence, data)], ())
    sums: Sums = found.shown
    known = [Fraction(row.difference) for row in found.lines if row.difference is not None]
    assert Fraction(sums.saving or 0) == -sum(known)
    assert Fraction(sums.before) - Fraction(sums.after) == Fraction(sums.saving or 0)


@given(evidences(2**54), st.data())
def test_no_bill_has_less_than_nothing(evidence: Evidence, data: st.DataObject) -> None:
    for bills in tried(evidence, data).bills:
        for line in (*bills.before.lines, *bills.after.lines):
            assert line.quantity is None or line.quantity >= 0


@given(evidences(), st.data())
def test_what_stays_equal_is_no_line(evidence: Evidence, data: st.DataObject) -> None:
    for row in compare([tried(evidence, data)], ()).lines:
        assert row.before != row.after
        assert row.difference is None or row.difference != 0 or row.price == 0
