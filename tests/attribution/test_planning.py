"""The budget is kept: what it does not pay for is not read, and says what it would cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.attribution.insights.reader import InsightsReader
from auditor.attribution.planning import Planned, cost_of, spread, within_budget
from auditor.attribution.record_format import DEFAULT
from auditor.attribution.tally import Tally
from auditor.attribution.task import Estimate, Task, Used, dollars
from auditor.model.attributed import Engine
from auditor.model.evidence import Gap, Scope, Source, Window
from auditor.model.money import Prices
from auditor.model.resources import FlowLog, NatGateway

END = datetime(2026, 11, 16, tzinfo=UTC)
SCOPE = Scope("123456789012", "eu-west-1")
GATEWAY = NatGateway("nat-1", "123456789012", "eu-west-1", "vpc-1")


@dataclass
class Unread:
    """A reader that must not be read."""

    engine: Engine = Engine.DUCKDB

    async def estimate(self) -> Estimate:
        raise AssertionError

    async def read(self, tally: Tally) -> Used:
        raise AssertionError(tally)


def planned(name: str, usd: str | None, engine: Engine = Engine.DUCKDB) -> Planned:
    flow_log = FlowLog(name, "123456789012", "eu-west-1", "vpc-1", "s3")
    task = Task(flow_log, DEFAULT, (GATEWAY,), Window(END - timedelta(days=30), END))
    estimate = Estimate(2**30, None if usd is None else Decimal(usd), "7 objects, 1.0 GiB")
    return Planned(SCOPE, task, Unread(engine), estimate)


def test_the_cheapest_are_read_as_far_as_the_budget_goes() -> None:
    kept = within_budget([planned("c", "0.60"), planned("a", "0.10"), planned("b", "0.40")], Decimal("0.50"))
    by_log = {one.forecast.flow_log_id: one for one in kept}
    assert {name for name, one in by_log.items() if not one.gap} == {"a", "b"}
    assert cost_of(kept) == Decimal("0.50")
    assert by_log["c"].gap == Gap(
        "123456789012",
        "eu-west-1",
        Source.FLOW_RECORDS,
        "s3:GetObject",
        "c (7 objects, 1.0 GiB) was not read for nat-1: it would cost $0.60, over the budget of $0.50, of which other"
        " scans take $0.50: raise --budget or shorten --window",
    )


@pytest.mark.parametrize(
    ("engine", "action"),
    [
        (Engine.DUCKDB, "s3:GetObject"),
        (Engine.ATHENA, "athena:StartQueryExecution"),
        (Engine.LOGS_INSIGHTS, "logs:StartQuery"),
    ],
)
def test_the_gap_names_the_call_that_was_not_made(engine: Engine, action: str) -> None:
    (one,) = within_budget([planned("a", "1.01", engine)], Decimal(1))
    assert one.gap is not None
    assert one.gap.action == action
    assert "it would cost $1.01, over the budget of $1.00: raise --budget" in one.gap.reason


def test_without_a_price_nothing_is_read() -> None:
    (one,) = within_budget([planned("a", None)], Decimal(1000))
    assert one.gap is not None
    assert "its price is not known in eu-west-1, so no budget can bound it" in one.gap.reason


def test_what_is_left_out_already_takes_nothing_of_the_budget() -> None:
    gap = Gap("1", "eu-west-1", Source.FLOW_RECORDS, "s3:GetObject", "denied")
    refused = Planned(SCOPE, planned("x", "0").task, gap=gap)
    kept = within_budget([refused, planned("a", "1")], Decimal(1))
    assert [one.gap for one in kept] == [gap, None]


@given(st.lists(st.decimals(0, 10, places=4), max_size=8), st.decimals(0, 20, places=2))
def test_the_budget_is_kept_and_not_left_while_something_fits(costs: list[Decimal], budget: Decimal) -> None:
    kept = within_budget([planned(str(n), str(usd)) for n, usd in enumerate(costs)], budget)
    spent = sum((one.estimate.usd for one in kept if one.estimate and one.estimate.usd and not one.gap), Decimal(0))
    assert spent <= budget
    left_out = [one.estimate.usd for one in kept if one.gap and one.estimate and one.estimate.usd is not None]
    assert all(spent + usd > budget for usd in left_out)
    assert len(kept) == len(costs)


class Unasked:
    """Calls that must not be made."""

    account_id = "123456789012"


def test_what_is_left_goes_to_names_and_to_queries_that_must_be_asked_again() -> None:
    """$1 less 0.10 and 0.30 leaves 0.60: half for names, a quarter for each log group."""
    groups = []
    for name, usd in (("a", "0.10"), ("b", "0.30")):
        one = planned(name, usd, Engine.LOGS_INSIGHTS)
        assert one.task is not None
        reader = InsightsReader(one.task, Unasked(), Prices(), Decimal(1))  # type: ignore[arg-type]
        groups.append(replace(one, reader=reader))
    assert spread(Decimal(1), groups) == Decimal("0.30")
    assert [one.reader.budget for one in groups if isinstance(one.reader, InsightsReader)] == [
        Decimal("0.25"),
        Decimal("0.45"),
    ]
    assert spread(Decimal(1), [planned("c", "0.40")]) == Decimal("0.60")


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        ("0", "$0.00"),
        ("1", "$1.00"),
        ("0.01", "$0.01"),
        ("0.00999", "$0.01"),
        ("0.0031", "$0.003"),
        ("0.00004", "less than $0.0001"),
    ],
)
def test_small_amounts_are_told_from_nothing(usd: str, text: str) -> None:
    assert dollars(Decimal(usd)) == text
