"""Sydney: the mobile API behind a regional NAT gateway, and a site that needs no NAT gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.demo import moto_patches
from auditor.demo.metrics import GIB, NatTraffic
from auditor.demo.vpc import Vpc

if TYPE_CHECKING:
    from auditor.demo.scope import Scope

_TRAFFIC = {
    "a": NatTraffic(up=210 * GIB, down=830 * GIB, connections=9800),
    "b": NatTraffic(up=190 * GIB, down=760 * GIB, connections=9100),
    "c": NatTraffic(up=120 * GIB, down=410 * GIB, connections=5200),
}


def build_api(scope: Scope) -> None:
    """`mobile-api`: one regional NAT gateway, with an address and metrics of its own in each zone."""
    vpc = Vpc(scope, "mobile-api", "10.70.0.0/16", team="mobile", env="production")
    to_internet = vpc.route_table("nat", {"0.0.0.0/0": vpc.internet_gateway()})
    private = vpc.route_table("private", {})
    places = [
        vpc.subnet(f"private-{zone}", zone, f"10.70.{16 * number}.0/20", private)
        for number, zone in enumerate(_TRAFFIC)
    ]
    nat = vpc.bare_nat_gateway("regional", SubnetId=places[0])
    addresses = {scope.region + zone: vpc.address(f"nat-{zone}") for zone in _TRAFFIC}
    moto_patches.make_regional(scope.moto, nat, scope.ago(270), to_internet, addresses)
    vpc.add_route(private, "0.0.0.0/0", nat)
    for zone, traffic in _TRAFFIC.items():
        vpc.nat_traffic({"NatGatewayId": nat, "AvailabilityZone": scope.region + zone}, traffic)


def build_site(scope: Scope) -> None:
    """`marketing-site`: public subnets and an internet gateway, nothing else."""
    vpc = Vpc(scope, "marketing-site", "10.80.0.0/16", team="marketing", env="production")
    public = vpc.route_table("public", {"0.0.0.0/0": vpc.internet_gateway()})
    for number, zone in enumerate("ab"):
        vpc.subnet(f"public-{zone}", zone, f"10.80.{number}.0/24", public)
