"""What is asked of Logs Insights and what its answer says; which part of the window is asked for next."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.attribution.insights.query import MOST_ROWS, Span, grouped, query_text, rows, whole
from auditor.attribution.insights.spans import DAY, HOUR, MINUTE, Spans
from auditor.attribution.record_format import DEFAULT, RecordFormat
from auditor.aws.failures import AwsFailureError
from auditor.model.resources import NatAddress, NatGateway

NAT = NatGateway("nat-1", "1", "eu-west-1", "vpc-1", addresses=(NatAddress(interface_id="eni-1"),))


def test_the_query_of_the_default_format() -> None:
    assert query_text(DEFAULT, [NAT], Span(60, 120)) == (
        'parse @message "* * * * * * * * * * * * * *" as unused_0, unused_1, record_interface_id, record_srcaddr,'
        " record_dstaddr, unused_5, unused_6, unused_7, unused_8, record_bytes, record_start, record_end,"
        " record_action, record_log_status\n"
        '| filter record_interface_id in ["eni-1", "nat-1"]\n'
        '| filter record_log_status not like " "\n'
        "| filter toMillis(@timestamp) >= 60000 and toMillis(@timestamp) < 120000\n"
        "| stats sum(record_bytes) as sum_record_bytes, min(record_start) as min_record_start, max(record_end) as"
        " max_record_end, count(*) as records by record_interface_id, record_srcaddr, record_dstaddr, record_action,"
        " record_log_status\n"
        "| limit 100000"
    )


def test_a_format_with_resources_asks_for_both_keys() -> None:
    text = query_text(RecordFormat(("resource-id", "interface-id", "srcaddr", "dstaddr", "bytes")), [NAT], Span(0, 1))
    assert ('| filter record_interface_id in ["eni-1", "nat-1"] or record_resource_id in ["eni-1", "nat-1"]\n') in text


def test_rows_say_what_is_missing_as_none() -> None:
    cells = [{"field": "record_srcaddr", "value": "10.0.0.1"}, {"field": "record_dstaddr", "value": "-"}]
    cells += [{"field": "sum_record_bytes", "value": "1.5E9"}, {"field": "records", "value": "3"}]
    (row,) = rows(DEFAULT, [cells])
    assert {name for name in row if name != "records"} == set(grouped(DEFAULT).fields)
    assert {name: value for name, value in row.items() if value is not None} == {
        "srcaddr": "10.0.0.1",
        "bytes": 1_500_000_000,
        "records": 3,
    }


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), ("1.2345678E7", 12_345_678), ("0.0", 0), (2.0, 2), ("-", None), ("NaN", None), (None, None)],
)
def test_numbers_of_insights(text: object, number: int | None) -> None:
    assert whole(text) == number


@pytest.mark.parametrize("text", ["1.5", "9.007199254740993E15", "1E300"])
def test_a_number_that_may_be_rounded_is_refused(text: str) -> None:
    with pytest.raises(AwsFailureError, match="may be rounded"):
        whole(text)


@given(
    st.integers(min_value=0, max_value=3),
    st.integers(min_value=MINUTE, max_value=3 * DAY),
    st.randoms(use_true_random=False),
)
def test_answered_parts_tile_the_window_in_whatever_order_answers_come(
    most_at_once: int, seconds: int, chance: random.Random
) -> None:
    """Each second is answered by exactly one part, though some are cut off."""
    spans, under_way, done = Spans(Span(0, seconds)), list[Span](), list[Span]()
    while True:
        while len(under_way) <= most_at_once and (span := spans.take()):
            under_way.append(span)
        if not under_way:
            break
        span = under_way.pop(chance.randrange(len(under_way)))
        if span.seconds > MINUTE and chance.random() < 0.4:
            spans.cut_off(span, MOST_ROWS)
        else:
            spans.answered(span, chance.choice([0, MOST_ROWS]))
            done.append(span)
    done.sort(key=lambda span: span.start)
    assert [span.start for span in done] == [0, *(span.end for span in done[:-1])]
    assert done[-1].end == seconds
    assert max(span.seconds for span in done) <= DAY
    assert spans.unanswered == 0


def test_parts_start_small_grow_while_rows_are_few_and_halve_where_rows_were_cut_off() -> None:
    spans = Spans(Span(0, 10 * DAY))
    sizes = []
    for row_count in (10, 10, MOST_ROWS // 2, 10, 10, 10, 10):
        span = spans.take()
        assert span
        sizes.append(span.seconds // HOUR)
        spans.answered(span, row_count)
    assert sizes == [1, 2, 4, 4, 8, 16, 24]
    span = spans.take()
    assert span
    spans.cut_off(span, MOST_ROWS)
    assert spans.take() == Span(span.start, span.start + 12 * HOUR)
    assert spans.take() == Span(span.start + 12 * HOUR, span.end)


def test_parts_do_not_grow_again_where_a_lower_limit_cut_them_off() -> None:
    """Half of 10,000 rows are not few where 10,000 were cut off, though few of 100,000."""
    spans = Spans(Span(0, DAY))
    spans.cut_off(spans.take() or Span(0, 0), 10_000)
    for _ in range(3):
        span = spans.take()
        assert span
        assert span.seconds == HOUR // 2
        spans.answered(span, 5_000)
