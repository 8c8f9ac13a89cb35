"""Sentences that several rules share. Sources: VPC and PrivateLink guides, read 2026-11-20."""

from __future__ import annotations

from collections.abc import Iterable

SERVICE_NAMES = {"s3": "S3", "dynamodb": "DynamoDB", "s3express": "S3 Express One Zone"}

GATEWAY_RISKS = (
    "Open TCP connections to the service are dropped when the route appears: clients must reconnect.",
    "Policies with aws:SourceIp on the NAT gateway's address stop matching: use aws:SourceVpce or aws:VpcSourceIp.",
    "Security groups and network ACLs must admit the service's prefix list, and the VPC's DNS resolution must be on.",
)
GATEWAY_CHECK = (
    "aws ec2 describe-route-tables shows a route from the prefix list of com.amazonaws.{region}.{service} to the"
    " endpoint in each table; the NAT gateway's BytesInFromSource and BytesInFromDestination fall from that day on."
)
FREE = "Break-even: the first byte, because the endpoint is free."
UNMEASURED = (
    "How many of the NAT gateway's bytes go to {name} was not measured: none at the least, all of them at the most."
)
DROP_NAT_RISKS = (
    "Whatever still uses the NAT gateway, however rarely, loses its way to the internet.",
    "Its Elastic IP address is part of the saving and is released with it; partners may have it on an allow list.",
)
DROP_NAT_CHECK = (
    "Before deleting, remove its routes and watch ActiveConnectionCount and the clients' errors for a day;"
    " then aws ec2 describe-nat-gateways shows it as deleted."
)
INTERFACE_RISKS = (
    "With private DNS on, all of the VPC's traffic to the service takes the endpoint and pays its rate per GB.",
    "Its security group must admit 443 from the clients; the commands turn on the DNS attributes of the VPC too.",
    "Policies with aws:SourceIp on the NAT gateway's address stop matching: use aws:SourceVpce or aws:VpcSourceIp.",
)

NAMES_SHOWN = 10
"""Of a longer list the rest is counted: a finding is read by people."""


def listed(names: Iterable[str]) -> str:
    """The first names, and how many more there are."""
    found = list(names)
    rest = len(found) - NAMES_SHOWN
    return ", ".join(found[:NAMES_SHOWN]) + (f" and {rest:,} more" if rest > 0 else "")
