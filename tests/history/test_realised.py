"""What a change did save, on paper: the same weekdays before and after, as a month of 730 hours."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from auditor.history import follow
from auditor.model.audit import Audit, ScopeSummary
from auditor.model.evidence import Gap, Series, Source
from auditor.model.history import Realised
from tests.history.audits import ACCOUNT, FIRST, GIB, REGION, audit, daily, endpoint, finding, line, nat
from tests.history.test_follow import sequence

WEEK = [100, 100, 100, 100, 100, 24, 24]
"""GB of Monday to Sunday."""

AFTER = [40, 40, 40, 40, 40, 12, 12]


def series(
    week: int, *weeks: list[int], resource: str = "nat-1", metric: str = "BytesInFromDestination"
) -> tuple[Series]:
    """Whole weeks up to the Monday of that week."""
    return (daily(resource, audit(week).window.end.date(), [gib for one in weeks for gib in one], metric),)


def changes(one: Audit) -> tuple[Realised, ...]:
    assert one.since_last
    return one.since_last.realised


def last_week(*findings: object) -> list[Audit]:
    """Found in week 0, changed before Monday of week 1."""
    return [
        audit(0, findings, series=series(0, *[WEEK] * 4)),  # type: ignore[arg-type]
        audit(1, series=series(1, *[WEEK] * 3, AFTER)),
        audit(2, series=series(2, *[WEEK] * 2, AFTER, AFTER)),
    ]


def test_a_change_is_told_on_the_weekdays_since_it() -> None:
    """Seen on Monday of week 1; the week after it has Tuesday to Sunday.

    Before: 4 × 100 + 2 × 24 = 448 GB on those six weekdays; after: 4 × 40 + 2 × 12 = 184 GB.
    A month has 730 / 24 days: 448 / 6 × 730 / 24 = 2271.11 GB and 184 / 6 × 730 / 24 = 932.78 GB.
    Saved: 1338.33 GB × 0.045 = USD 60.225, to the whole byte; the hours are paid as before.
    """
    _, second, third = sequence(*last_week(finding()))
    (begun,) = changes(second)
    assert (begun.days, begun.saving, begun.note) == (0, None, "Too few days since the change: 0 of 6.")
    assert (begun.promised, begun.promised_high) == (Decimal(90), Decimal(90))
    assert (begun.after, begun.by) == (audit(0).generated_at, second.generated_at)
    (told,) = changes(third)
    assert (told.days, told.note, told.is_final) == (6, "", False)
    assert told.bytes_before == round(448 * GIB * 730 / 6 / 24)
    assert told.bytes_after == round(184 * GIB * 730 / 6 / 24)
    saved = Decimal(told.bytes_before - told.bytes_after) / GIB * Decimal("0.045")
    assert told.saving
    assert abs(told.saving - saved) < Decimal("1e-20")
    assert round(told.saving, 3) == Decimal("60.225")
    assert told.cost_before
    assert round(told.cost_before, 2) == Decimal("135.05")  # 32.85 + 2271.11 × 0.045
    assert third.since_last
    assert third.since_last.trend[-1].saving_realised == told.saving


def test_a_nat_gateway_that_is_gone_saves_its_hours_and_its_bytes() -> None:
    """All of 135.05; no datapoint comes from what is gone, and it costs nothing."""
    first, second, third = last_week(finding())
    gone: dict[str, object] = {"nat_gateways": (), "series": ()}
    *_, told = sequence(first, replace(second, **gone), replace(third, **gone))  # type: ignore[arg-type]
    (change,) = changes(told)
    assert (change.bytes_after, change.cost_after) == (0, Decimal(0))
    assert change.saving == change.cost_before
    assert round(change.saving or 0, 2) == Decimal("135.05")


def test_an_endpoint_that_came_with_the_change_is_paid_for() -> None:
    """On each of the six days 60 or 12 GB less pass the NAT gateway and the endpoint: 264 / 6 × 730 / 24 = 1338.33 GB.

    NAT: 1338.33 × 0.045 = 60.225 saved; endpoint: 7.30 + 1338.33 × 0.01 = 20.683 paid. 39.542 are left.
    """
    added = line("new-ecr.api-interface-endpoint-of-vpc-1", "GB", "10", "0.01")
    first, second, third = last_week(finding(added=(added,)))
    through = [60, 60, 60, 60, 60, 12, 12]
    both = replace(
        third,
        endpoints=(endpoint(),),
        series=(*third.series, *series(2, through, resource="vpce-new", metric="BytesProcessed")),
    )
    *_, told = sequence(first, replace(second, endpoints=(endpoint(),)), both)
    (change,) = changes(told)
    assert change.added == ("vpce-new",)
    assert round(change.saving or 0, 3) == Decimal("39.542")


def test_a_nat_gateway_that_was_younger_than_a_week_has_nothing_to_compare_with() -> None:
    first, second, third = last_week(finding())
    young = replace(first, series=(daily("nat-1", FIRST, [100, 24, 24]),))  # Friday to Sunday
    *_, told = sequence(young, second, third)
    (change,) = changes(told)
    assert (change.saving, change.note) == (None, "Too few weekdays were measured on both sides of the change.")


def test_what_could_not_be_read_is_not_taken_for_saved() -> None:
    """A NAT gateway that is not in the audit because nobody could read it is not gone."""
    first, second, third = last_week(finding())
    for hidden in (
        {"nat_gateways": (), "gaps": (Gap(ACCOUNT, REGION, Source.NAT_GATEWAYS, "ec2:DescribeNatGateways", "denied"),)},
        {"nat_gateways": (), "scopes": (ScopeSummary(ACCOUNT, REGION, "failed", "denied"),)},
        {"series": (), "gaps": (Gap(ACCOUNT, REGION, Source.NAT_METRICS, "cloudwatch:GetMetricData", "denied"),)},
    ):
        *_, told = sequence(first, second, replace(third, **hidden))
        (change,) = changes(told)
        assert (change.saving, change.note) == (None, "Its resources or their metrics could not be read this time.")
        assert told.since_last
        assert told.since_last.trend[-1].saving_realised is None, "unknown is not zero"


def test_findings_that_share_a_nat_gateway_are_one_change() -> None:
    two = finding("dynamodb", saving="20"), finding("s3", saving="90")
    other = finding("kms", nat="nat-2", saving="5")
    first, second, third = last_week(*two, other)
    nats = {"nat_gateways": (nat(), nat("nat-2"))}
    weekly = (*first.series, daily("nat-2", FIRST, WEEK * 4))
    *_, told = sequence(
        replace(first, series=weekly, **nats),  # type: ignore[arg-type]
        replace(second, **nats),  # type: ignore[arg-type]
        replace(third, **nats),  # type: ignore[arg-type]
    )
    shared, apart = sorted(changes(told), key=lambda change: -len(change.findings))
    assert [len(change.findings) for change in (shared, apart)] == [2, 1]
    assert (shared.promised, apart.promised) == (Decimal(110), Decimal(5))
    assert round(shared.saving or 0, 3) == Decimal("60.225"), "once, not for each finding"
    assert apart.note == "Too few weekdays were measured on both sides of the change.", "nobody measured nat-2 after it"


def test_a_second_change_ends_the_first_and_begins_where_that_one_ended() -> None:
    """The first change is worth 60.225 and keeps that; the second one is compared with the weeks after the first."""
    lowest = [10, 10, 10, 10, 10, 2, 2]
    *_, fourth, sixth = sequence(
        audit(0, [finding(), finding("ecr", saving="30")], series=series(0, *[WEEK] * 4)),
        audit(1, [finding("ecr", saving="30")], series=series(1, *[WEEK] * 3, AFTER)),
        audit(2, [finding("ecr", saving="30")], series=series(2, *[WEEK] * 2, AFTER, AFTER)),
        audit(3, series=series(3, WEEK, AFTER, AFTER, lowest)),
        audit(4, series=series(4, AFTER, AFTER, lowest, lowest)),
    )
    first, second = changes(sixth)
    assert first == changes(fourth)[0]
    assert (first.is_final, round(first.saving or 0, 3)) == (True, Decimal("60.225"))
    # Tuesday to Sunday: 184 GB before, 44 after: 140 / 6 × 730 / 24 × 0.045 = 31.9375.
    assert round(second.saving or 0, 4) == Decimal("31.9375")
    assert second.promised == Decimal(30)


def test_a_change_is_measured_for_four_weeks_and_then_stands() -> None:
    """Traffic that grows tenfold a year later is not the change's doing."""
    audits = last_week(finding())
    audits += [audit(n, series=series(n, *[AFTER] * 4)) for n in range(3, 6)]
    *_, fifth = sequence(*audits)
    grown = follow(fifth, "run", audit(6, series=series(6, *[[900] * 7] * 4)))
    assert changes(fifth)[0].is_final
    assert changes(grown) == changes(fifth)


def test_a_change_that_was_taken_back_saves_nothing_any_more() -> None:
    *_, third = sequence(*last_week(finding()))
    back = follow(third, "run", audit(3, [finding()], series=series(3, *[WEEK] * 4)))
    assert changes(back) == ()


def test_traffic_that_grew_makes_it_a_loss_and_says_so() -> None:
    first, second, _ = last_week(finding())
    more = audit(2, series=series(2, *[WEEK] * 3, [130, 130, 130, 130, 130, 34, 34]))
    *_, told = sequence(first, second, more)
    # 140 GB more in six days: −140 / 6 × 730 / 24 × 0.045.
    assert round(changes(told)[0].saving or 0, 4) == Decimal("-31.9375")


def test_a_finding_that_promised_no_money_is_no_change() -> None:
    risk = finding(saving="1")
    *_, told = sequence(*last_week(replace(risk, saving=None)))
    assert changes(told) == ()
    assert told.since_last
    assert told.since_last.trend[-1].saving_realised == 0


def test_bounds_are_promised_as_bounds() -> None:
    _, told, _ = sequence(*last_week(finding(saving=None)))
    assert (changes(told)[0].promised, changes(told)[0].promised_high) == (None, Decimal(200))
