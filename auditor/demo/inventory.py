"""The names of what the made-up company has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

BytesBy: TypeAlias = "dict[str, dict[str, list[int]]]"


@dataclass(frozen=True, slots=True)
class Company:
    """What was built, by role: a logical name -> the id that AWS gave.

    Names begin with their VPC's: the subnet `shop-prod-private-a`, the NAT gateway `shop-prod-a`, the
    endpoint `analytics-s3`. `accounts` is name -> account id, `scopes` VPC name -> (account id, region), `interfaces`
    client name -> interface id.

    What the flow logs' records say of the whole days of the window that they saw is by the flow log's name:
    `logged_days` the first of these days and the one after the last; `logged_bytes` NAT gateway -> destination
    (`s3 eu-central-1`, `internet`) -> [up, down] by address ranges, `named_bytes` the same where Resolver query logs
    name more (`kms eu-central-1`), `client_bytes` NAT gateway -> client address -> [up, down]; `logged_rows` how many
    records there are in all, and without bytes by kind.
    """

    accounts: dict[str, str]
    regions: tuple[str, ...]
    role_name: str
    external_id: str
    scopes: dict[str, tuple[str, str]] = field(default_factory=dict)
    vpcs: dict[str, str] = field(default_factory=dict)
    subnets: dict[str, str] = field(default_factory=dict)
    route_tables: dict[str, str] = field(default_factory=dict)
    internet_gateways: dict[str, str] = field(default_factory=dict)
    nat_gateways: dict[str, str] = field(default_factory=dict)
    endpoints: dict[str, str] = field(default_factory=dict)
    security_groups: dict[str, str] = field(default_factory=dict)
    transit_gateways: dict[str, str] = field(default_factory=dict)
    transit_gateway_attachments: dict[str, str] = field(default_factory=dict)
    transit_gateway_route_tables: dict[str, str] = field(default_factory=dict)
    flow_logs: dict[str, str] = field(default_factory=dict)
    interfaces: dict[str, str] = field(default_factory=dict)
    query_logs: dict[str, str] = field(default_factory=dict)
    logged_days: dict[str, list[str]] = field(default_factory=dict)
    logged_bytes: dict[str, BytesBy] = field(default_factory=dict)
    named_bytes: dict[str, BytesBy] = field(default_factory=dict)
    client_bytes: dict[str, BytesBy] = field(default_factory=dict)
    logged_rows: dict[str, dict[str, int]] = field(default_factory=dict)
