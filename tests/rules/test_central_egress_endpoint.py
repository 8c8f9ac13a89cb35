"""A spoke pays the transit gateway and the hub's NAT gateway for what a gateway endpoint of its own carries free."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.model.evidence import Evidence
from auditor.model.resources import Endpoint
from auditor.whatif.edits import AddGatewayEndpoint
from tests.rules.ask import edits, findings, measured, unjudged, up_to
from tests.rules.build import (
    ACCOUNT,
    GIB,
    REGION,
    A,
    app,
    attributed,
    evidence,
    gateway,
    interface,
    nat_series,
    subnet,
    table,
)
from tests.rules.examples import hub_and_spoke

RULE, OTHER = "central-egress-endpoint", "missing-gateway-endpoint"
TRAFFIC = nat_series("nat-a", 180 * GIB, 540 * GIB)
SPOKE = subnet("spoke", vpc_id="vpc-spoke")


def case(*endpoints: Endpoint) -> Evidence:
    return evidence(replace(hub_and_spoke(), endpoints=endpoints), TRAFFIC)


def test_the_transit_gateway_is_saved_too() -> None:
    of = case()
    # 730 GB × (0.052 + 0.02); the hub's own attachment subnet cannot use an endpoint for it.
    assert {finding.id: finding.saving for finding in findings(of, RULE)} == {
        f"{RULE}:vpc-spoke:s3": up_to("52.56"),
        f"{RULE}:vpc-spoke:dynamodb": up_to("52.56"),
    }
    assert edits(of, RULE) == [
        (AddGatewayEndpoint("vpc-spoke", ACCOUNT, REGION, service, ("rtb-spoke",)),) for service in ("s3", "dynamodb")
    ]
    assert "a transit gateway and the NAT gateway of a hub VPC" in findings(of, RULE)[0].why


def test_for_a_vpc_and_service_it_or_the_other_rule_fires() -> None:
    assert findings(case(), OTHER) == []
    direct = evidence(app((A, "nat-a")), TRAFFIC)
    assert findings(direct, RULE) == []
    assert len(findings(direct, OTHER)) == 2


def test_what_flow_logs_attribute_is_a_figure() -> None:
    to_s3 = attributed("nat-a", SPOKE, "s3", 360 * GIB)
    of = evidence(hub_and_spoke(), nat_series("nat-a", 0, 360 * GIB), attributions=(to_s3,))
    # 365 GB × 0.072
    assert [one.saving for one in findings(of, RULE) if one.id.endswith("s3")] == [measured("26.28")]


@pytest.mark.parametrize("endpoint", [gateway("s3", vpc_id="vpc-spoke"), interface("s3", SPOKE, vpc_id="vpc-spoke")])
def test_with_an_endpoint_in_the_spoke_it_is_silent(endpoint: Endpoint) -> None:
    assert [one.id for one in findings(case(endpoint), RULE)] == [f"{RULE}:vpc-spoke:dynamodb"]


def test_an_endpoint_in_the_hub_is_out_of_reach() -> None:
    assert len(findings(case(gateway("s3", vpc_id="vpc-hub")), RULE)) == 2


def test_a_spoke_with_some_subnets_behind_its_own_nat_gateway_has_one_finding_for_all_of_them() -> None:
    hub = hub_and_spoke()
    own = subnet("own", vpc_id="vpc-spoke")
    tables = (*hub.route_tables, table("own", "nat-a", own, vpc_id="vpc-spoke"))
    of = evidence(replace(hub, subnets=(*hub.subnets, own), route_tables=tables), TRAFFIC)
    assert len(findings(of, RULE)) == 2
    assert findings(of, OTHER) == []
    assert {edit.route_table_ids for (edit,) in edits(of, RULE)} == {("rtb-spoke", "rtb-own")}  # type: ignore[union-attr]


def test_a_hub_that_was_not_read_to_its_end_leaves_the_spoke_unjudged() -> None:
    of = evidence(hub_and_spoke(landing_to="vpce-firewall"), TRAFFIC)
    assert findings(of, RULE) == []
    assert [entry.resource for entry in unjudged(of, RULE)] == ["vpc-spoke"]
    assert [entry.resource for entry in unjudged(of, OTHER)] == ["vpc-hub"]
