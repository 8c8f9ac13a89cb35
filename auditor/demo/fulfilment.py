"""The warehouses' networks in Frankfurt: endpoints that are missing, too dear or doubled, and a NAT gateway too many.

They came last: what is made here changes no id of what was there before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.demo.clients import Client, Kind
from auditor.demo.conversations import Share
from auditor.demo.endpoints import gateway_endpoint, interface_endpoint, security_group
from auditor.demo.flow_log_plans import FlowLogPlan, LoggedNat
from auditor.demo.metrics import GIB, NatTraffic
from auditor.demo.remotes import internet, s3, service
from auditor.demo.vpc import Vpc

if TYPE_CHECKING:
    from auditor.demo.inventory import Company
    from auditor.demo.scope import Scope

_REGION = "eu-central-1"
_CIDR = "10.90.0.0/16"
_TRAFFIC = {
    "a": NatTraffic(up=520 * GIB, down=130 * GIB, connections=6400),
    "b": NatTraffic(up=480 * GIB, down=110 * GIB, connections=5900),
}
_ARCHIVE_TRAFFIC = NatTraffic(up=300 * GIB, down=200 * GIB, connections=900)

NETWORKS = ("fulfilment", "archive")


def build(scope: Scope) -> None:
    """`fulfilment`, which lacks an endpoint for Logs and has others in vain; `archive`, which needs no NAT gateway."""
    _build_fulfilment(scope)
    _build_archive(scope)


def _build_fulfilment(scope: Scope) -> None:
    vpc = Vpc(scope, "fulfilment", _CIDR, team="warehouse", env="production")
    public = vpc.route_table("public", {"0.0.0.0/0": vpc.internet_gateway()})
    tables, private = [public], []
    for number, (zone, traffic) in enumerate(_TRAFFIC.items()):
        place = vpc.subnet(f"public-{zone}", zone, f"10.90.{number}.0/24", public)
        nat = vpc.nat_gateway(zone, place, days_old=420, traffic=traffic)
        tables.append(vpc.route_table(f"private-{zone}", {"0.0.0.0/0": nat}))
        private.append(vpc.subnet(f"private-{zone}", zone, f"10.90.{16 * (number + 1)}.0/20", tables[-1]))
    gateway_endpoint(vpc, "s3", tables, days_old=420, actions="s3:*")
    gateway_endpoint(vpc, "dynamodb", tables, days_old=420, actions="dynamodb:*")
    group = security_group(vpc, "endpoints", _CIDR)
    interface_endpoint(vpc, "kms", private, group, days_old=420, bytes_processed=600 * GIB, actions="kms:*")
    # Another team's stack brought its own.
    interface_endpoint(vpc, "kms", private[:1], group, days_old=200, private_dns=False, part="kms-scanners")
    interface_endpoint(vpc, "ssm", private, group, days_old=420, bytes_processed=40 * GIB, actions="ssm:*")


def _build_archive(scope: Scope) -> None:
    vpc = Vpc(scope, "archive", "10.91.0.0/16", team="warehouse", env="production")
    public = vpc.route_table("public", {"0.0.0.0/0": vpc.internet_gateway()})
    place = vpc.subnet("public-a", "a", "10.91.0.0/24", public)
    nat = vpc.nat_gateway("a", place, days_old=360, traffic=_ARCHIVE_TRAFFIC)
    vpc.subnet("private-a", "a", "10.91.16.0/20", vpc.route_table("private-a", {"0.0.0.0/0": nat}))


def plans(company: Company) -> list[FlowLogPlan]:
    """Their flow logs; that of `archive` misses not a byte."""
    nats = (_fulfilment(company, "a", "10.90.16.40"), _fulfilment(company, "b", "10.90.32.41"))
    return [
        FlowLogPlan("fulfilment", "fulfilment", "VPC", "fulfilment", 180, nats),
        FlowLogPlan("archive", "archive", "VPC", "archive", 180, (_archive(company),)),
    ]


def _fulfilment(company: Company, zone: str, address: str) -> LoggedNat:
    mix = (
        Share(service("logs", _REGION, company.accounts["production"]), 80, 5),
        Share(internet("carriers.example", 60), 20, 95),
    )
    client = Client(f"scanners-{zone}", f"fulfilment-private-{zone}", address, Kind.ECS_TASK)
    return LoggedNat(f"fulfilment-{zone}", (client,), mix, 990)


def _archive(company: Company) -> LoggedNat:
    mix = (
        Share(s3(_REGION, "nordlicht-archive"), 70, 80),
        Share(service("kms", _REGION, company.accounts["production"]), 30, 20),
    )
    return LoggedNat("archive-a", (Client("archiver", "archive-private-a", "10.91.16.12", Kind.LAMBDA),), mix, 1000)
