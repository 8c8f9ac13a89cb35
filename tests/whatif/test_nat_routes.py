"""The ways that the report shows are those of the route tables."""

from __future__ import annotations

from auditor.model.audit import NatRoute
from auditor.model.network import Network
from auditor.model.resources import Route, RouteTable, Subnet
from auditor.whatif.nat_routes import nat_routes

PLACE = {"account_id": "1", "region": "us-east-1", "vpc_id": "vpc-1"}


def table(id_of: str, *routes: Route, subnet_ids: tuple[str, ...] = (), is_main: bool = False) -> RouteTable:
    return RouteTable(id=id_of, is_main=is_main, subnet_ids=subnet_ids, routes=routes, **PLACE)


def test_tables_lead_to_gateways_by_active_routes_and_main_ones_have_the_other_subnets() -> None:
    network = Network(
        subnets=tuple(Subnet(id=f"subnet-{n}", az="a", **PLACE) for n in (1, 2, 3)),
        route_tables=(
            table("rtb-main", Route("0.0.0.0/0", "nat-a"), is_main=True),
            table("rtb-own", Route("10.0.0.0/8", "nat-b"), Route("0.0.0.0/0", "nat-a"), subnet_ids=("subnet-2",)),
            table("rtb-dead", Route("0.0.0.0/0", "nat-a", active=False), subnet_ids=("subnet-3",)),
            table("rtb-open", Route("0.0.0.0/0", "igw-1")),
        ),
    )
    assert nat_routes(network) == {
        "nat-a": (
            NatRoute("rtb-main", is_main=True, destinations=("0.0.0.0/0",), subnet_ids=("subnet-1",)),
            NatRoute("rtb-own", is_main=False, destinations=("0.0.0.0/0",), subnet_ids=("subnet-2",)),
        ),
        "nat-b": (NatRoute("rtb-own", is_main=False, destinations=("10.0.0.0/8",), subnet_ids=("subnet-2",)),),
    }
