"""Central egress in Frankfurt: a spoke leaves through a transit gateway and the hub's NAT gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.demo import moto_patches
from auditor.demo.metrics import GIB, NatTraffic
from auditor.demo.transit import TransitGateway
from auditor.demo.vpc import Vpc

if TYPE_CHECKING:
    from auditor.demo.scope import Scope

_HUB = "10.40.0.0/16"
_SPOKE = "10.41.0.0/16"
FLOW_LOG_BUCKET = "nordlicht-flow-logs"

# Version 5 with both addresses of the packet: what an attribution by service needs.
FLOW_LOG_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol}"
    " ${packets} ${bytes} ${start} ${end} ${action} ${log-status} ${vpc-id} ${subnet-id} ${az-id}"
    " ${pkt-srcaddr} ${pkt-dstaddr} ${flow-direction} ${traffic-path}"
)


def build(scope: Scope) -> None:
    """`egress`, the hub with NAT gateway and flow log, and `orders`, the spoke without any endpoint."""
    transit = TransitGateway(scope, "nordlicht-core", days_old=570)
    hub = Vpc(scope, "egress", _HUB, team="platform", env="production")
    public = hub.route_table("public", {"0.0.0.0/0": hub.internet_gateway(), _SPOKE: transit.id})
    place = hub.subnet("public-a", "a", "10.40.0.0/24", public)
    traffic = NatTraffic(up=380 * GIB, down=1450 * GIB, connections=17_300)
    nat = hub.nat_gateway("a", place, days_old=560, traffic=traffic)
    inside = hub.subnet("transit-a", "a", "10.40.1.0/28", hub.route_table("transit-a", {"0.0.0.0/0": nat}))
    transit.route("0.0.0.0/0", transit.attach(hub, [inside]))
    _build_spoke(scope, transit)
    _build_flow_log(hub)


def _build_spoke(scope: Scope, transit: TransitGateway) -> None:
    spoke = Vpc(scope, "orders", _SPOKE, team="orders", env="production")
    private = spoke.route_table("private", {"0.0.0.0/0": transit.id})
    subnets = [
        spoke.subnet(f"private-{zone}", zone, f"10.41.{16 * number}.0/20", private) for number, zone in enumerate("ab")
    ]
    transit.attach(spoke, subnets)


def _build_flow_log(vpc: Vpc) -> None:
    created = vpc.scope.ec2.create_flow_logs(
        ResourceType="VPC",
        ResourceIds=[vpc.id],
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination=f"arn:aws:s3:::{FLOW_LOG_BUCKET}",
        LogFormat=FLOW_LOG_FORMAT,
        TagSpecifications=vpc.specification("vpc-flow-log", vpc.name),
    )
    flow_log: str = created["FlowLogIds"][0]
    moto_patches.age_flow_log(vpc.scope.moto, flow_log, vpc.scope.ago(300))
    vpc.scope.company.flow_logs[vpc.name] = flow_log
