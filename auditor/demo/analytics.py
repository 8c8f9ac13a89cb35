"""The data platform in Virginia: one NAT gateway for three zones, and endpoints that miss their purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.demo.endpoints import interface_endpoint, security_group
from auditor.demo.metrics import GIB, TIB, NatTraffic
from auditor.demo.vpc import Vpc

if TYPE_CHECKING:
    from auditor.demo.scope import Scope

_CIDR = "10.30.0.0/16"


def build(scope: Scope) -> None:
    """`analytics`: all of ETL leaves through zone a, though zone b has a NAT gateway too, for reporting."""
    vpc = Vpc(scope, "analytics", _CIDR, team="data-platform", env="production")
    public = vpc.route_table("public", {"0.0.0.0/0": vpc.internet_gateway()})
    public_a = vpc.subnet("public-a", "a", "10.30.0.0/24", public)
    public_b = vpc.subnet("public-b", "b", "10.30.1.0/24", public)
    heavy = NatTraffic(up=6 * TIB, down=9 * TIB, drops=37, connections=31_800)
    light = NatTraffic(up=290 * GIB, down=610 * GIB, connections=4100)
    nat_a = vpc.nat_gateway("a", public_a, days_old=580, traffic=heavy)
    nat_b = vpc.nat_gateway("b", public_b, days_old=330, traffic=light)

    shared = vpc.route_table("etl", {"0.0.0.0/0": nat_a})
    stray = vpc.route_table("etl-b", {"0.0.0.0/0": nat_a})
    reporting = vpc.route_table("reporting-b", {"0.0.0.0/0": nat_b})
    etl = [
        vpc.subnet("etl-a", "a", "10.30.16.0/20", shared),
        vpc.subnet("etl-b", "b", "10.30.32.0/20", stray),
        vpc.subnet("etl-c", "c", "10.30.48.0/20", shared),
    ]
    vpc.subnet("reporting-b", "b", "10.30.64.0/20", reporting)
    _build_endpoints(vpc, etl)


def _build_endpoints(vpc: Vpc, etl: list[str]) -> None:
    group = security_group(vpc, "endpoints", _CIDR)
    interface_endpoint(vpc, "s3", etl, group, days_old=480, inbound_resolver_only=False, bytes_processed=2300 * GIB)
    # The queue it was made for is gone.
    interface_endpoint(vpc, "sqs", etl[:2], group, days_old=455)
    # Without private DNS, clients that use the service's own name pass it by.
    interface_endpoint(vpc, "ecr.api", etl[:2], group, days_old=350, private_dns=False)
    # Its security group admits the office's addresses of long ago, and nobody in the VPC.
    office = security_group(vpc, "logs-endpoint", "10.99.0.0/16")
    interface_endpoint(vpc, "logs", etl[:2], office, days_old=350)
