"""The shop in Frankfurt: production, where the money goes, and staging, which nobody tidied up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.demo.endpoints import gateway_endpoint
from auditor.demo.metrics import GIB, TIB, NatTraffic
from auditor.demo.vpc import Vpc

if TYPE_CHECKING:
    from auditor.demo.scope import Scope

_PRODUCTION_TRAFFIC = {
    "a": NatTraffic(up=TIB, down=3 * TIB, connections=21_400),
    "b": NatTraffic(up=700 * GIB, down=2150 * GIB, port_errors=4180, drops=912, connections=54_700),
    "c": NatTraffic(up=430 * GIB, down=1290 * GIB, connections=12_900),
}


def build_production(scope: Scope) -> None:
    """`shop-prod`: a NAT gateway a zone, as the textbook has it, and no gateway endpoint."""
    vpc = Vpc(scope, "shop-prod", "10.10.0.0/16", team="storefront", env="production")
    public = vpc.route_table("public", {"0.0.0.0/0": vpc.internet_gateway()})
    for number, (zone, traffic) in enumerate(_PRODUCTION_TRAFFIC.items()):
        place = vpc.subnet(f"public-{zone}", zone, f"10.10.{number}.0/24", public)
        nat = vpc.nat_gateway(zone, place, days_old=622, traffic=traffic)
        table = vpc.route_table(f"private-{zone}", {"0.0.0.0/0": nat})
        vpc.subnet(f"private-{zone}", zone, f"10.10.{16 * (number + 1)}.0/20", table)


def build_staging(scope: Scope) -> None:
    """`shop-staging`: two NAT gateways in one zone, one of them idle, and S3's endpoint not on all tables."""
    vpc = Vpc(scope, "shop-staging", "10.11.0.0/16", team="storefront", env="staging")
    public = vpc.route_table("public", {"0.0.0.0/0": vpc.internet_gateway()})
    place = vpc.subnet("public-a", "a", "10.11.0.0/24", public)
    busy = NatTraffic(up=42 * GIB, down=130 * GIB, connections=1900)
    nat = vpc.nat_gateway("a1", place, days_old=540, traffic=busy)
    idle = vpc.nat_gateway("a2", place, days_old=410, traffic=NatTraffic())
    web = vpc.route_table("private-a", {"0.0.0.0/0": nat})
    vpc.subnet("private-a", "a", "10.11.16.0/20", web)
    loadtest = vpc.route_table("loadtest-a", {"0.0.0.0/0": idle})
    vpc.subnet("loadtest-a", "a", "10.11.48.0/20", loadtest)
    # The subnet of zone b was made by hand, without a table: it uses the VPC's main one.
    vpc.main_route_table({"0.0.0.0/0": nat})
    vpc.subnet("private-b", "b", "10.11.32.0/20", None)
    gateway_endpoint(vpc, "s3", [web, loadtest], days_old=400)
