"""The figures in pictures are those of the audit, and lengths are in proportion to them; worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape
from io import StringIO

import pytest
from rich.console import Console

from auditor.model.audit import Audit, EndpointCost, NatGatewayCost, PlanStep, Sender
from auditor.model.evidence import Series, Window
from auditor.model.money import Line
from auditor.model.parts import Part, PartSaving, by_part, remaining
from auditor.report.html import render_html
from auditor.report.paper import render_paper
from auditor.report.pictures.axis import short
from auditor.report.pictures.bill import bill_picture
from auditor.report.pictures.break_even import costs_of, verdict
from auditor.report.pictures.days import day_pictures
from auditor.report.pictures.drawing import Picture, Rect
from auditor.report.pictures.places import MOST, account_picture, region_picture
from auditor.report.pictures.sankey import sankey_picture
from auditor.report.pictures.scale import Scale
from auditor.report.pictures.streams import streams_of
from auditor.report.terminal import summary
from auditor.report.view import view
from tests.report.example import AUDIT, ENDPOINT, GIB, NAT_A, audit_with

WEEK = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 8, tzinfo=UTC))


def texts(picture: Picture | None) -> list[str]:
    assert picture
    return [label.text for label in picture.labels]


def widths(picture: Picture | None) -> dict[str, float]:
    """Pixels by what a pointer is told."""
    assert picture
    return {shape.title: round(shape.width, 3) for shape in picture.shapes if isinstance(shape, Rect)}


def priced(line: Line, usd: str) -> Line:
    return replace(line, usd=Decimal(usd))


def nat(number: int, usd: str, place: str) -> NatGatewayCost:
    line = priced(NAT_A.lines[0], usd)
    return replace(
        NAT_A, id=f"nat-{number}", region=place, account_id=place, lines=(line,), destinations=(), senders=()
    )


def of_a_hundred() -> Audit:
    """60 for a NAT gateway's hours and 40 for an endpoint; the plan saves 30 hours and spends 10 on endpoints."""
    parts = (PartSaving(Part.NAT_HOURS, Decimal(30)), PartSaving(Part.ENDPOINT_HOURS, Decimal(-10)))
    endpoint = replace(ENDPOINT, lines=(priced(ENDPOINT.lines[0], "40"),))
    return audit_with(
        totals=replace(
            AUDIT.totals,
            nat_monthly_cost=Decimal(60),
            endpoint_monthly_cost=Decimal(40),
            saving_measured=Decimal(20),
            saving_unmeasured_high=Decimal(5),
            after_plan=Decimal(80),
            unknown_lines=0,
        ),
        nat_gateways=(nat(0, "60", "us-east-1"),),
        endpoints=(endpoint,),
        plan=(PlanStep(1, "x", Decimal(20), Decimal(20), Decimal(5), Decimal(5), parts),),
        gaps=(),
        scopes=AUDIT.scopes[:1],
    )


def test_the_bill_falls_by_the_parts_of_the_plan_and_what_is_unmeasured_stands_apart() -> None:
    picture = bill_picture(view(of_a_hundred()))
    assert texts(picture) == [
        *("Today", "$100.00", "NAT gateway hours", "−$30.00", "Endpoint hours", "+$10.00"),
        *("After the plan", "$80.00", "Not measured", "up to −$5.00"),
    ]
    # 340 pixels are the hundred of today, the longest bar.
    assert widths(picture) == {
        "NAT gateway hours: $60.00": 204,
        "Endpoint hours: $40.00": 136,
        "NAT gateway hours: −$30.00 a month": 102,
        "Endpoint hours: +$10.00 a month": 34,
        "After the plan": 272,
        "Not measured: up to $5.00 a month less": 17,
    }


def test_what_is_saved_on_transit_gateways_is_off_another_bill_and_said_apart() -> None:
    """Of 60 + 40 the plan saves 30 hours and spends 10 on endpoints, so 80 remain; 7 more fall on a transit gateway."""
    audit = of_a_hundred()
    (step,) = audit.plan
    transit = PartSaving(Part.TRANSIT_BYTES, Decimal(7))
    audit = replace(
        audit, plan=(replace(step, saving=Decimal(27), cumulative=Decimal(27), parts=(*step.parts, transit)),)
    )
    assert remaining(Decimal(100), Decimal(27), audit.plan[0].parts) == Decimal(80)
    picture = bill_picture(view(audit))
    assert picture
    assert texts(picture) == texts(bill_picture(view(of_a_hundred())))
    said = "Transit gateways are in no bill here: they cost $7.00 a month less, which the plan's saving holds."
    assert unescape(render_html(audit)).count(said) == 1
    assert unescape(render_paper(audit)).count(said) == 1
    out = StringIO()
    summary(audit, Console(file=out, width=200), ())
    assert said in out.getvalue()


def test_what_transit_gateways_cost_more_is_off_the_saving_and_not_on_this_bill() -> None:
    """A shared endpoint: 30 hours less, 10 on endpoints and 4 on the transit gateway more. 80 of the 100 remain."""
    (step,) = of_a_hundred().plan
    parts = (*step.parts, PartSaving(Part.TRANSIT_BYTES, Decimal(-4)))
    seen = view(replace(of_a_hundred(), plan=(replace(step, saving=Decimal(16), cumulative=Decimal(16), parts=parts),)))
    assert remaining(Decimal(100), Decimal(16), parts) == Decimal(80)
    assert seen.apart.endswith("they cost $4.00 a month more, which is off the plan's saving.")
    assert view(of_a_hundred()).apart == ""


def test_small_parts_are_drawn_as_one_that_has_their_sum() -> None:
    audit = of_a_hundred()
    parts = (PartSaving(Part.NAT_HOURS, Decimal(18)), *(PartSaving(p, Decimal(1)) for p in list(Part)[1:3]))
    picture = bill_picture(view(replace(audit, plan=(replace(audit.plan[0], parts=parts),))))
    assert "2 smaller parts" in texts(picture)
    assert "−$2.00" in texts(picture)


def test_a_bill_that_misses_something_is_at_least() -> None:
    assert "at least $310.25" in texts(bill_picture(view(AUDIT)))


def test_an_audit_without_parts_still_has_its_bill_and_what_is_left() -> None:
    """Audits up to version 1.2 have none."""
    audit = of_a_hundred()
    shown = texts(bill_picture(view(replace(audit, plan=(replace(audit.plan[0], parts=()),)))))
    assert shown[:2] == ["Today", "$100.00"]
    assert shown[2:4] == ["After the plan", "$80.00"]


def test_places_add_up_and_the_last_row_holds_all_that_are_too_many() -> None:
    nats = tuple(nat(n, str(100 - n), f"region-{n:02}") for n in range(20))
    shown = texts(region_picture(audit_with(nat_gateways=nats, endpoints=())))
    assert shown[:4] == ["region-00", "$100.00", "region-01", "$99.00"]
    # 94 + 93 + … + 81 = 14 × 87.5
    assert shown[-2:] == ["and 14 other regions", "$1,225.00"]
    assert len(shown) == 2 * MOST


def test_a_place_whose_cost_is_not_known_is_no_zero() -> None:
    unknown = replace(nat(0, "1", "a"), lines=(replace(NAT_A.lines[0], usd=None),))
    half = replace(nat(1, "1", "b"), lines=(NAT_A.lines[0], replace(NAT_A.lines[1], usd=None)))
    assert texts(account_picture(audit_with(nat_gateways=(unknown, half), endpoints=()))) == [
        *("b", "at least $32.85", "a", "unknown"),
    ]


def test_days_stack_both_directions_and_an_unmeasured_day_is_a_hole() -> None:
    days = (date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 7))
    series = (
        Series(NAT_A.id, "BytesInFromSource", days, (GIB, 0, 5 * GIB)),
        Series(NAT_A.id, "BytesInFromDestination", days[:2], (3 * GIB, 0)),
        Series(NAT_A.id, "BytesOutToSource", days, (9 * GIB, 9 * GIB, 9 * GIB)),
    )
    ((nat_gateway, picture),) = day_pictures(audit_with(window=WEEK, series=series))
    assert nat_gateway.id == NAT_A.id
    assert "9.00 GB on 3 of 7 days, most on 2026-11-07: 5.00 GB" in picture.says
    heights = {shape.title: shape.height for shape in picture.shapes if isinstance(shape, Rect)}
    # 5 GB are all of the 102 pixels.
    assert heights["2026-11-07, up: 5.00 GB"] == pytest.approx(102)
    assert heights["2026-11-01, up: 1.00 GB"] == pytest.approx(20.4)
    assert heights["2026-11-01, down: 3.00 GB"] == pytest.approx(61.2)
    assert heights["2026-11-02, down: 0 GB"] < 1
    assert {title for title in heights if title.endswith("not measured")} == {
        f"2026-11-0{n}: not measured" for n in (3, 4, 5, 6)
    }


def endpoint_of(quantity: str, service: str = "kms", **changes: object) -> EndpointCost:
    """Two zones at 0.01 an hour and 0.01 a GB, against 0.045: 14.6 / 0.035 = 417.14… GB."""
    data = replace(ENDPOINT.lines[1], quantity=Decimal(quantity), usd=Decimal(quantity) / 100)
    made = replace(ENDPOINT, service=service, lines=(ENDPOINT.lines[0], data), nat_gb_price=Decimal("0.045"))
    return replace(made, break_even_gb=Decimal("417.2"), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        (endpoint_of("417.2"), "Pays from 417.20 GB a month: it does."),
        (endpoint_of("417.1"), "Pays from 417.20 GB a month: it does not."),
        (endpoint_of("9", "s3"), "A gateway endpoint carries the same for nothing."),
        (replace(endpoint_of("9"), break_even_gb=None), "A NAT gateway that is there costs less by the GB."),
    ],
)
def test_an_endpoint_is_told_from_where_it_pays(endpoint: EndpointCost, said: str) -> None:
    costs = costs_of(endpoint)
    assert costs
    assert verdict(costs) == said


@pytest.mark.parametrize(
    "endpoint",
    [
        endpoint_of("1", monthly_cost=None),
        endpoint_of("1", nat_gb_price=None),
        endpoint_of("1", lines=()),
        endpoint_of("1", lines=(ENDPOINT.lines[0], replace(ENDPOINT.lines[1], price=None))),
    ],
)
def test_an_endpoint_of_which_something_is_unknown_has_no_picture(endpoint: EndpointCost) -> None:
    assert costs_of(endpoint) is None


def sent(subnet: str | None, endpoint: str | None, usd: str, *, attributed: bool = True) -> Sender:
    amount = Decimal(usd)
    return Sender(
        subnet, "", "vpc-1", "shop", "a", endpoint, attributed=attributed, bytes_monthly=1, monthly_cost=amount
    )


CARRYING = replace(
    NAT_A,
    senders=(
        sent("subnet-1", "gateway", "173.375"),
        sent("subnet-1", "interface", "2.326875"),
        sent("subnet-2", None, "6.3875"),
        sent(None, None, "4.790625", attributed=False),
    ),
)


def test_streams_say_what_an_endpoint_could_carry() -> None:
    streams = streams_of(audit_with(nat_gateways=(CARRYING,)), (9, 9, 9))
    assert streams.usd == Decimal("186.88")
    found = {(s.source.name, s.target.name, s.kind): s.usd for s in (*streams.into, *streams.out)}
    assert found == {
        ("subnet-1", "prod-a", "gateway"): Decimal("173.375"),
        ("subnet-1", "prod-a", "interface"): Decimal("2.326875"),
        ("subnet-2", "prod-a", "other"): Decimal("6.3875"),
        ("clients not known", "prod-a", "open"): Decimal("4.790625"),
        ("prod-a", "s3 us-east-1", "gateway"): Decimal("173.375"),
        ("prod-a", "internet", "other"): Decimal("6.3875"),
        ("prod-a", "ecr.api us-east-1", "interface"): Decimal("2.326875"),
        ("prod-a", "not attributed", "open"): Decimal("4.790625"),
    }
    picture = sankey_picture(audit_with(nat_gateways=(CARRYING,)))
    assert picture
    assert picture.says.startswith("$186.88 a month: $173.38 for a gateway endpoint, $2.33 for an interface endpoint")


def test_too_many_nodes_are_one_with_their_sum() -> None:
    nats = tuple(replace(CARRYING, id=f"nat-{n}", name=f"n{n}") for n in range(60))
    streams = streams_of(audit_with(nat_gateways=nats), (2, 5, 3))
    assert streams.usd == 60 * Decimal("186.88")
    assert len({one.source for one in streams.out}) == 5
    assert sum(one.usd for one in streams.out if one.source.name == "and 56 others") == 56 * Decimal("186.88")
    assert {one.source.name for one in streams.into} == {"subnet-1", "and 2 others"}


def test_lines_are_parts_by_whose_they_are_and_what_they_count() -> None:
    def line(resource: str, label: str, unit: str) -> Line:
        return Line(resource, label, Decimal(1), unit, Decimal(1), Decimal(1), None, None)

    lines = (
        line("nat-1", "hours", "AZ-hour"),
        line("nat-1", "data processed", "GB"),
        line("nat-1", "public IPv4 addresses", "hour"),
        line("nat-1", "transfer between availability zones", "GB"),
        line("vpce-1", "hours (managed by its service)", "AZ-hour"),
        line("new-kms-interface-endpoint-of-vpc-1", "data processed", "GB"),
        line("tgw-1", "data processed", "GB"),
        replace(line("nat-1", "data processed", "GB"), usd=None),
    )
    assert by_part(lines) == dict.fromkeys(Part, Decimal(1))


def test_an_axis_has_round_amounts() -> None:
    assert list(Scale(417, 100).ticks(4)) == [0, 200, 400]
    assert list(Scale(0.9, 100).ticks(3)) == [0, 0.5]
    assert list(Scale(0, 100).ticks(3)) == []
    assert [short(one) for one in (0, 0.25, 250, 2500, 3e6)] == ["0", "0.25", "250", "2.5k", "3M"]
