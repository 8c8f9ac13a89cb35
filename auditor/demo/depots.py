"""The depots' networks in Frankfurt: two spokes that leave through a hub and use one service, each too little of it.

They came last: what is made here changes no id of what was there before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.demo.clients import Client, Kind
from auditor.demo.conversations import Share
from auditor.demo.flow_log_plans import FlowLogPlan, LoggedNat
from auditor.demo.metrics import GIB, NatTraffic
from auditor.demo.remotes import internet, service
from auditor.demo.transit import TransitGateway
from auditor.demo.vpc import Vpc

if TYPE_CHECKING:
    from auditor.demo.inventory import Company
    from auditor.demo.scope import Scope

HUB = "depots"
SPOKES = {"depot-north": "10.93.0.0/16", "depot-south": "10.94.0.0/16"}

_REGION = "eu-central-1"
_TRAFFIC = NatTraffic(up=400 * GIB, down=300 * GIB, connections=2100)
_TRANSIT = Client("depots-transit", "depots-transit-a", "10.92.1.9", Kind.TRANSIT_GATEWAY)


def build(scope: Scope) -> None:
    """`depots`, the hub in one zone, and its spokes without any endpoint."""
    transit = TransitGateway(scope, "nordlicht-depots", days_old=400)
    hub = Vpc(scope, HUB, "10.92.0.0/16", team="warehouse", env="production")
    back = dict.fromkeys(SPOKES.values(), transit.id)
    public = hub.route_table("public", {"0.0.0.0/0": hub.internet_gateway(), **back})
    place = hub.subnet("public-a", "a", "10.92.0.0/24", public)
    nat = hub.nat_gateway("a", place, days_old=390, traffic=_TRAFFIC)
    inside = hub.subnet("transit-a", "a", "10.92.1.0/24", hub.route_table("transit-a", {"0.0.0.0/0": nat, **back}))
    transit.route("0.0.0.0/0", transit.attach(hub, [inside]))
    for name, cidr in SPOKES.items():
        spoke = Vpc(scope, name, cidr, team="warehouse", env="production")
        private = spoke.route_table("private", {"0.0.0.0/0": transit.id})
        start = cidr.removesuffix(".0.0/16")
        subnets = [
            spoke.subnet(f"private-{zone}", zone, f"{start}.{16 * n}.0/20", private) for n, zone in enumerate("ab")
        ]
        transit.attach(spoke, subnets)


def plans(company: Company) -> list[FlowLogPlan]:
    """The hub's flow log, which sees both."""
    mix = (
        Share(service("kms", _REGION, company.accounts["production"]), 50, 40),
        Share(internet("telematics.example", 93), 50, 60),
    )
    clients = (
        Client("north-gate", "depot-north-private-a", "10.93.0.21", Kind.ECS_TASK, behind="depots-transit"),
        Client("south-gate", "depot-south-private-b", "10.94.16.22", Kind.ECS_TASK, behind="depots-transit"),
    )
    nats = (LoggedNat("depots-a", clients, mix, 990),)
    return [FlowLogPlan(HUB, HUB, "VPC", HUB, 180, nats, passages=(_TRANSIT,))]
