"""Maps: what comes and goes is marked, everything has one place, and what is too much is counted."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from auditor.model.audit import PlanStep
from auditor.model.layout import LaidEndpoint, LaidNatGateway, LaidRouteTable, LaidSubnet, Layout, VpcMap
from auditor.report.pictures.drawing import Path, Picture, Rect
from auditor.report.pictures.territory import TARGETS
from auditor.report.pictures.vpc_map import MOST, map_pair, map_pairs
from tests.report.example import AUDIT, S3_FINDING, audit_with

BEFORE = Layout(
    subnets=(LaidSubnet("subnet-a", "shop-a", "eu-central-1a", "rtb-1"), LaidSubnet("subnet-b", "", "b", "rtb-1")),
    route_tables=(LaidRouteTable("rtb-1", "private", is_main=False, targets=("nat-1",)),),
    nat_gateways=(LaidNatGateway("nat-1", "out", "eu-central-1a"), LaidNatGateway("nat-2", "idle", None)),
    endpoints=(),
)
AFTER = replace(
    BEFORE,
    nat_gateways=BEFORE.nat_gateways[:1],
    endpoints=(LaidEndpoint("new-s3", "", "Gateway", "s3", ("rtb-1",)),),
)
VPC = VpcMap("vpc-1", "shop", "111122223333", "eu-central-1", BEFORE, AFTER)


def boxes(picture: Picture | None) -> dict[str, tuple[str, float, float]]:
    """Paint and place by the id that a pointer is told."""
    assert picture
    rects = (shape for shape in picture.shapes if isinstance(shape, Rect))
    return {rect.title: (rect.paint, rect.x, rect.y) for rect in rects}


def ways(picture: Picture | None) -> list[str]:
    assert picture
    return sorted(shape.paint for shape in picture.shapes if isinstance(shape, Path))


def test_what_goes_is_marked_before_and_what_comes_after_and_all_else_keeps_its_place() -> None:
    pair = map_pair(VPC)
    assert pair
    before, after = boxes(pair.before), boxes(pair.after)
    assert {title: paint for title, (paint, _, _) in before.items() if paint != "box"} == {
        "idle · nat-2 · NAT, regional": "box-gone"
    }
    assert {title: paint for title, (paint, _, _) in after.items() if paint != "box"} == {
        "s3 · new-s3 · gateway endpoint": "box-new"
    }
    both = before.keys() & after.keys()
    assert len(both) == 4  # two subnets, their table, the NAT gateway that stays
    assert all(before[title] == after[title] for title in both)
    assert ways(pair.before) == ["route", "route", "route"]
    assert ways(pair.after) == ["route", "route", "route", "route-new"]
    assert pair.after
    assert "comes: s3 (gateway endpoint)" in pair.after.says


def test_tables_keep_their_places_where_a_subnet_gets_one_of_its_own() -> None:
    (table,) = BEFORE.route_tables
    after = replace(
        BEFORE,
        subnets=(BEFORE.subnets[0], replace(BEFORE.subnets[1], route_table_id="new-table")),
        route_tables=(table, replace(table, id="new-table")),
    )
    pair = map_pair(replace(VPC, after=after))
    assert pair
    before, now = boxes(pair.before), boxes(pair.after)
    assert before.items() <= now.items()
    assert now["private · new-table · route table"][0] == "box-new"


def test_a_vpc_that_the_plan_leaves_alone_has_one_map() -> None:
    pair = map_pair(replace(VPC, after=BEFORE))
    assert pair
    assert pair.after is None
    assert "the plan changes nothing here" in pair.before.title


def test_a_vpc_without_anything_has_none() -> None:
    nothing = Layout((), (), (), ())
    assert map_pair(replace(VPC, before=nothing, after=nothing)) is None


def test_what_the_plan_changes_is_shown_among_any_number_of_others() -> None:
    many = tuple(LaidNatGateway(f"nat-{n}", "", "a") for n in range(50))
    pair = map_pair(replace(VPC, before=replace(BEFORE, nat_gateways=many), after=replace(AFTER, nat_gateways=many)))
    assert pair
    shown = boxes(pair.after)
    assert shown["s3 · new-s3 · gateway endpoint"][0] == "box-new"
    # 50 NAT gateways and an endpoint in ten boxes.
    assert f"and {51 - (TARGETS - 1)} others · other targets" in shown


def test_vpcs_come_in_the_order_of_what_the_plan_saves_in_them() -> None:
    vpcs = tuple(replace(VPC, id=f"vpc-{n:02}", name="") for n in range(MOST + 5))
    findings = tuple(replace(S3_FINDING, id=f"f-{vpc.id}", vpc_id=vpc.id) for vpc in vpcs)
    steps = tuple(
        PlanStep(n, finding.id, Decimal(n), Decimal(n), Decimal(0), Decimal(0)) for n, finding in enumerate(findings)
    )
    pairs = map_pairs(audit_with(vpcs=vpcs, findings=findings, plan=steps))
    assert [pair.vpc.id for pair in pairs[:2]] == [vpcs[-1].id, vpcs[-2].id]
    assert len(pairs) == MOST
    assert map_pairs(AUDIT) == []
