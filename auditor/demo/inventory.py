"""The names of what the made-up company has."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Company:
    """What was built, by role: a logical name -> the id that AWS gave.

    Names begin with their VPC's: the subnet `shop-prod-private-a`, the NAT gateway `shop-prod-a`, the
    endpoint `analytics-s3`. `accounts` is name -> account id, `scopes` VPC name -> (account id, region).
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
