"""How a VPC is laid out, today and after the plan: what a map of it shows, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LaidSubnet:
    """A subnet; `route_table_id` is that of the table it uses, `None` where that was not read."""

    id: str
    name: str
    az: str
    route_table_id: str | None


@dataclass(frozen=True, slots=True)
class LaidRouteTable:
    """A route table; `targets` are what its active routes lead to, the VPC itself and gateway endpoints aside."""

    id: str
    name: str
    is_main: bool
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LaidNatGateway:
    """A NAT gateway; `az` is `None` for regional ones."""

    id: str
    name: str
    az: str | None


@dataclass(frozen=True, slots=True)
class LaidEndpoint:
    """An endpoint; one that the plan adds has an id that begins with `new-`."""

    id: str
    name: str
    type: str
    service: str
    route_table_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """What stands in a VPC."""

    subnets: tuple[LaidSubnet, ...]
    route_tables: tuple[LaidRouteTable, ...]
    nat_gateways: tuple[LaidNatGateway, ...]
    endpoints: tuple[LaidEndpoint, ...]


@dataclass(frozen=True, slots=True)
class VpcMap:
    """A VPC with findings, today and with all steps of the plan that touch it."""

    id: str
    name: str
    account_id: str
    region: str
    before: Layout
    after: Layout
