"""What was left behind in Virginia: NAT gateways that nobody uses, or hardly anybody."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from auditor.demo import moto_patches
from auditor.demo.metrics import GIB, MIB, WINDOW_DAYS, NatTraffic
from auditor.demo.vpc import Vpc

if TYPE_CHECKING:
    from auditor.demo.scope import Scope

# People put anything into a tag: markup, quotes, the beginning of a spreadsheet formula.
HOSTILE_NAME = '<b>batch</b> "jobs" =1+1'


def build(scope: Scope) -> None:
    """`legacy`: a NAT gateway that no route leads to, one that failed, a private one to the data centre."""
    vpc = Vpc(scope, "legacy", "10.50.0.0/16", team="platform", env="production")
    public = vpc.route_table("public", {"0.0.0.0/0": vpc.internet_gateway()})
    place = vpc.subnet("public-a", "a", "10.50.0.0/24", public)
    vpc.nat_gateway("unrouted", place, days_old=645, traffic=NatTraffic())
    _build_failed(vpc, place)
    _build_private(vpc)


def _build_failed(vpc: Vpc, subnet: str) -> None:
    # AWS shows a failed NAT gateway for about an hour, so this one is young.
    nat = vpc.bare_nat_gateway("failed", SubnetId=subnet)
    message = "Elastic IP address [eipalloc-0c1f5a2be8d34a790] is already associated"
    moto_patches.fail_nat_gateway(
        vpc.scope.moto, nat, vpc.scope.now - timedelta(minutes=25), "Resource.AlreadyAssociated", message
    )


def _build_private(vpc: Vpc) -> None:
    to_data_centre = vpc.route_table("transfer", {"172.16.0.0/12": vpc.vpn_gateway()})
    place = vpc.subnet("transfer-a", "a", "10.50.1.0/24", to_data_centre)
    nat = vpc.bare_nat_gateway("private", SubnetId=place, ConnectivityType="private")
    moto_patches.finish_nat_gateway(vpc.scope.moto, nat, vpc.scope.ago(500))
    vpc.nat_traffic({"NatGatewayId": nat}, NatTraffic(up=6 * GIB, down=9 * GIB, connections=140))
    vpc.subnet("erp-a", "a", "10.50.16.0/20", vpc.route_table("erp", {"172.16.0.0/12": nat}))


def build_batch(scope: Scope) -> None:
    """`batch`: a NAT gateway for a few megabytes a day, with a tag that breaks careless reports."""
    vpc = Vpc(scope, "batch", "10.60.0.0/16", team="platform", env="production")
    public = vpc.route_table("public", {"0.0.0.0/0": vpc.internet_gateway()})
    place = vpc.subnet("public-a", "a", "10.60.0.0/24", public)
    few = NatTraffic(up=WINDOW_DAYS * 3 * MIB, down=WINDOW_DAYS * 5 * MIB, connections=4)
    nat = vpc.nat_gateway("a", place, days_old=510, traffic=few, title=HOSTILE_NAME)
    vpc.subnet("private-a", "a", "10.60.16.0/20", vpc.route_table("private-a", {"0.0.0.0/0": nat}))
