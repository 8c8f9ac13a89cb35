"""Maps of VPCs show what the whole network would be after all changes, though each looks at its own part only."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from auditor.model.evidence import Evidence
from auditor.model.layout import LaidEndpoint, LaidNatGateway, LaidRouteTable, LaidSubnet
from auditor.model.resources import NatGateway, Route
from auditor.whatif.edits import AddGatewayEndpoint, DropNatGateway, apply_all
from auditor.whatif.layouts import layout, vpc_maps
from tests.whatif.networks import AZS, REGION, edits, evidences
from tests.whatif.test_routing import NETWORK


@given(evidences(), st.data())
def test_a_vpc_looks_as_in_the_whole_network_after_all_edits(evidence: Evidence, data: st.DataObject) -> None:
    network = evidence.network
    changes = data.draw(st.lists(edits(network), max_size=5))
    whole = apply_all(network, changes)
    for vpc in vpc_maps(network, [vpc.id for vpc in network.vpcs], changes):
        assert vpc.before == layout(network, vpc.id)
        assert vpc.after == layout(whole, vpc.id)


def test_a_layout_says_what_stands_there_and_where_tables_lead() -> None:
    (table,) = NETWORK.route_tables
    shown = (*table.routes, Route("::/0", "eigw-1"), Route("9.0.0.0/8", "vpce-firewall"))
    routes = (Route("10.0.0.0/16", "local"), *shown, Route("pl-1", "vpce-s3"), Route("1.0.0.0/8", "x", active=False))
    network = replace(NETWORK, route_tables=(replace(table, routes=routes),))
    (found,) = vpc_maps(network, ["vpc-1", "vpc-unread"], [])
    assert found.before == found.after
    assert found.before.subnets == (
        LaidSubnet("subnet-a", "", AZS[0], "rtb-1"),
        LaidSubnet("subnet-b", "", AZS[1], "rtb-1"),
    )
    assert found.before.route_tables == (
        LaidRouteTable("rtb-1", "", is_main=True, targets=("nat-1", "eigw-1", "vpce-firewall")),
    )
    assert found.before.nat_gateways == (LaidNatGateway("nat-1", "", AZS[1]),)


def test_a_nat_gateway_elsewhere_takes_over_the_routes_of_one_that_goes() -> None:
    """What a change leads to is looked at too, though it stands in no map of this VPC."""
    elsewhere = NatGateway("nat-2", "1", REGION, "vpc-2")
    network = replace(NETWORK, nat_gateways=(*NETWORK.nat_gateways, elsewhere))
    (found,) = vpc_maps(network, ["vpc-1"], [DropNatGateway("nat-1", REGION, ("rtb-1",), replaced_by="nat-2")])
    assert found.after.nat_gateways == ()
    assert found.after.route_tables[0].targets == ("nat-2",)


def test_what_comes_and_goes_is_in_one_layout_only() -> None:
    changes = (AddGatewayEndpoint("vpc-1", "1", REGION, "s3", ("rtb-1",)), DropNatGateway("nat-1", REGION, ("rtb-1",)))
    (found,) = vpc_maps(NETWORK, ["vpc-1"], changes)
    assert (found.before.endpoints, found.after.nat_gateways) == ((), ())
    assert found.after.endpoints == (LaidEndpoint("new-s3-endpoint-of-vpc-1", "", "Gateway", "s3", ("rtb-1",)),)
    assert found.after.route_tables[0].targets == ()
