"""A gateway endpoint helps only the route tables that it is associated with."""

from __future__ import annotations

from decimal import Decimal

import pytest

from auditor.model.audit import Saving
from auditor.model.evidence import Evidence
from auditor.model.resources import Endpoint
from auditor.whatif.edits import AssociateRouteTables
from tests.rules.ask import edits, findings, up_to
from tests.rules.build import (
    GIB,
    PUBLIC,
    REGION,
    A,
    B,
    app,
    attachment,
    attributed,
    evidence,
    gateway,
    interface,
    nat_series,
    table,
)

RULE = "gateway-endpoint-not-associated"
TABLE_A, TABLE_B = table("private-a", "nat-a", A), table("private-b", "nat-a", B)


def case(*endpoints: Endpoint, target: str | None = "nat-a") -> Evidence:
    return evidence(app((A, target), (B, target), endpoints=endpoints), nat_series("nat-a", 180 * GIB, 540 * GIB))


def test_at_the_most_all_bytes_of_the_nat_gateway_go_to_the_service() -> None:
    of = case(gateway("s3", TABLE_A))
    (finding,) = findings(of, RULE)
    # 730 GB × 0.052; the endpoint is free.
    assert finding.saving == up_to("37.96")
    assert finding.added == ()
    assert edits(of, RULE) == [(AssociateRouteTables("vpce-s3", REGION, ("rtb-private-b",)),)]


def test_what_flow_logs_attribute_is_a_figure_and_what_has_no_price_stays_unknown_beside_it() -> None:
    """B uses the NAT gateway of another zone: what the crossing costs is not known here and comes on top."""
    bytes_to_s3 = attributed("nat-a", B, "s3", 720 * GIB)
    network = app((A, "nat-a"), (B, "nat-a"), endpoints=(gateway("s3", TABLE_A),))
    of = evidence(network, nat_series("nat-a", 0, 720 * GIB), attributions=(bytes_to_s3,))
    assert [finding.saving for finding in findings(of, RULE)] == [Saving(Decimal("37.96"), None, Decimal("37.96"))]


def test_all_missing_tables_are_associated_at_once_even_the_main_one() -> None:
    main = table("main", "nat-a", main=True)
    network = app((A, "nat-a"), subnets=(B,), route_tables=(main,), endpoints=(gateway("dynamodb", PUBLIC),))
    of = evidence(network, nat_series("nat-a", GIB))
    assert edits(of, RULE) == [(AssociateRouteTables("vpce-dynamodb", REGION, ("rtb-private-a", "rtb-main")),)]


@pytest.mark.parametrize(
    "endpoints",
    [
        (gateway("s3", TABLE_A, TABLE_B),),
        (gateway("s3", state="deleting"),),
        (gateway("s3", vpc_id="vpc-other"),),
        (gateway("s3"), interface("s3", A)),
        (interface("sqs", A),),
        (),
    ],
    ids=["associated", "being deleted", "another VPC's", "an interface endpoint takes it", "no gateway", "none"],
)
def test_near_misses(endpoints: tuple[Endpoint, ...]) -> None:
    assert findings(case(*endpoints), RULE) == []


@pytest.mark.parametrize("target", ["igw-app", None, "vgw-1"])
def test_tables_without_a_way_through_nat_need_no_association(target: str | None) -> None:
    assert findings(case(gateway("s3"), target=target), RULE) == []


def test_a_hubs_attachment_subnets_need_none() -> None:
    """What comes out of a transit gateway there cannot use the hub's gateway endpoint."""
    network = app((A, "nat-a"), endpoints=(gateway("s3"),), attachments=(attachment("vpc-app", A),))
    assert findings(evidence(network, nat_series("nat-a", GIB)), RULE) == []
