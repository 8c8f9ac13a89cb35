"""Payments in Virginia: the network that is as it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.demo.endpoints import gateway_endpoint, interface_endpoint, security_group
from auditor.demo.metrics import GIB, NatTraffic
from auditor.demo.vpc import Vpc

if TYPE_CHECKING:
    from auditor.demo.scope import Scope

_CIDR = "10.20.0.0/16"
_TRAFFIC = {
    "a": NatTraffic(up=38 * GIB, down=52 * GIB, connections=2600),
    "b": NatTraffic(up=33 * GIB, down=47 * GIB, connections=2300),
}


def build(scope: Scope) -> None:
    """`payments`: a NAT gateway a zone, gateway endpoints on all tables, KMS well used, strict policies."""
    vpc = Vpc(scope, "payments", _CIDR, team="payments", env="production")
    public = vpc.route_table("public", {"0.0.0.0/0": vpc.internet_gateway()})
    tables, private = [public], []
    for number, (zone, traffic) in enumerate(_TRAFFIC.items()):
        place = vpc.subnet(f"public-{zone}", zone, f"10.20.{number}.0/24", public)
        nat = vpc.nat_gateway(zone, place, days_old=600, traffic=traffic)
        table = vpc.route_table(f"private-{zone}", {"0.0.0.0/0": nat})
        private.append(vpc.subnet(f"private-{zone}", zone, f"10.20.{16 * (number + 1)}.0/20", table))
        tables.append(table)
    gateway_endpoint(vpc, "s3", tables, days_old=600, actions="s3:*")
    gateway_endpoint(vpc, "dynamodb", tables, days_old=600, actions="dynamodb:*")
    group = security_group(vpc, "endpoints", _CIDR)
    interface_endpoint(vpc, "kms", private, group, days_old=590, bytes_processed=900 * GIB, actions="kms:*")
