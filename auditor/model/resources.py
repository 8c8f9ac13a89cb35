"""What the VPC API said, as immutable values. Ids are AWS's own; `account_id` is the owner's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from auditor.model.longest_prefix import LongestPrefix

Tags = tuple[tuple[str, str], ...]

GATEWAY_SERVICES = ("s3", "dynamodb", "s3express")
"""Services with gateway endpoints (AWS PrivateLink guide, "Gateway endpoints", read 2026-11-20)."""

NAT64 = "64:ff9b::/96"
"""Under which DNS64 shows IPv4 addresses to IPv6 clients (RFC 6052; VPC guide, "DNS64 and NAT64")."""

BILLED_STATES = frozenset({"available", "pending"})
"""NAT gateways in other states (failed, deleting, deleted) cost nothing (VPC guide, NAT gateway states)."""


@dataclass(frozen=True, slots=True)
class Zone:
    """An availability zone as this account names it; `id` is the same for every account."""

    name: str
    id: str
    region: str
    kind: str = "availability-zone"


@dataclass(frozen=True, slots=True)
class Vpc:
    """`dns_support` and `dns_hostnames` are `None` where nobody asked for them."""

    id: str
    account_id: str
    region: str
    cidrs: tuple[str, ...] = ()
    ipv6_cidrs: tuple[str, ...] = ()
    is_default: bool = False
    dns_support: bool | None = None
    dns_hostnames: bool | None = None
    name: str = ""
    tags: Tags = ()


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet; `az` is the zone's name."""

    id: str
    account_id: str
    region: str
    vpc_id: str
    az: str
    cidr: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """`destination` is a CIDR or a prefix list id; `target` an id (`nat-…`, `igw-…`, `tgw-…`) or `local`.

    `propagated`: a virtual private gateway put it there, and any static route to the same destination beats it.
    """

    destination: str
    target: str
    active: bool = True
    propagated: bool = False


@dataclass(frozen=True)
class RouteTable:
    """A route table; `subnet_ids` are its explicit associations."""

    id: str
    account_id: str
    region: str
    vpc_id: str
    is_main: bool = False
    subnet_ids: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    name: str = ""

    @cached_property
    def ways(self) -> LongestPrefix[Route]:
        """Its routes to IPv4 CIDRs, prepared for looking up addresses."""
        return LongestPrefix.of((one.destination, one) for one in sorted(self.routes, key=lambda r: r.propagated))

    @cached_property
    def listed(self) -> tuple[Route, ...]:
        """Its routes to prefix lists."""
        return tuple(route for route in self.routes if route.destination.startswith("pl-"))

    @cached_property
    def nat64(self) -> Route | None:
        """Its route to the IPv4 internet for IPv6 clients: that of `NAT64`, else the default."""
        known = {route.destination: route for route in reversed(self.routes)}
        return known.get(NAT64) or known.get("::/0")


@dataclass(frozen=True, slots=True)
class NatAddress:
    """An address of a NAT gateway; `public_ip` is `None` for private NAT gateways."""

    private_ip: str | None = None
    public_ip: str | None = None
    interface_id: str | None = None
    az: str | None = None
    status: str = ""
    allocation_id: str | None = None


@dataclass(frozen=True, slots=True)
class NatGateway:
    """A NAT gateway. Regional ones have no subnet; `zones` are then the AZs in which their hours are billed."""

    id: str
    account_id: str
    region: str
    vpc_id: str
    state: str = "available"
    mode: str = "zonal"
    connectivity: str = "public"
    subnet_id: str | None = None
    route_table_id: str | None = None
    zones: tuple[str, ...] = ()
    addresses: tuple[NatAddress, ...] = ()
    has_appliances: bool = False
    created: datetime | None = None
    name: str = ""
    tags: Tags = ()

    @property
    def is_billed(self) -> bool:
        """Whether it costs anything in its present state."""
        return self.state in BILLED_STATES


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A VPC endpoint of any type; `service` is the short name (`s3`, `ecr.api`), else the full one.

    `policy_open`: its policy lets everybody do everything; `None` where it was not read or cannot be judged.
    `shared_with` are the VPCs, its own included, in which a private hosted zone leads the service's names to it.
    """

    id: str
    account_id: str
    region: str
    vpc_id: str
    type: str
    service: str
    service_name: str = ""
    service_region: str | None = None
    state: str = "available"
    private_dns: bool = False
    inbound_resolver_only: bool = False
    requester_managed: bool = False
    subnet_ids: tuple[str, ...] = ()
    route_table_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    interface_ids: tuple[str, ...] = ()
    created: datetime | None = None
    name: str = ""
    tags: Tags = ()
    policy_open: bool | None = None
    shared_with: tuple[str, ...] = ()

    @property
    def is_available(self) -> bool:
        """Whether it carries traffic."""
        return self.state.lower() == "available"


@dataclass(frozen=True, slots=True)
class EndpointService:
    """An AWS service that offers endpoints in a region; `policy_supported` is `None` where that was not read."""

    service_name: str
    service: str
    region: str
    types: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    private_dns_names: tuple[str, ...] = ()
    policy_supported: bool | None = None


@dataclass(frozen=True)
class PrefixList:
    """An AWS-managed prefix list; its id differs per region."""

    id: str
    region: str
    name: str
    cidrs: tuple[str, ...] = ()

    @cached_property
    def entries(self) -> LongestPrefix[str]:
        """Its IPv4 CIDRs, prepared for looking up addresses."""
        return LongestPrefix.of((cidr, cidr) for cidr in self.cidrs)


@dataclass(frozen=True, slots=True)
class Permission:
    """An ingress rule of a security group; protocol `-1` is all, ports `None` are all."""

    protocol: str
    from_port: int | None = None
    to_port: int | None = None
    cidrs: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    prefix_list_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group of an endpoint."""

    id: str
    account_id: str
    region: str
    vpc_id: str
    ingress: tuple[Permission, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class AclEntry:
    """A rule of a network ACL; protocol `-1` is all, ports `None` are all. The lowest number that fits decides."""

    number: int
    egress: bool
    allow: bool
    protocol: str = "-1"
    cidr: str = "0.0.0.0/0"
    from_port: int | None = None
    to_port: int | None = None


@dataclass(frozen=True, slots=True)
class NetworkAcl:
    """A network ACL; `subnet_ids` are those that it guards."""

    id: str
    account_id: str
    region: str
    vpc_id: str
    is_default: bool = False
    subnet_ids: tuple[str, ...] = ()
    entries: tuple[AclEntry, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class TransitGatewayAttachment:
    """An attachment as its transit gateway (or its VPC's owner) sees it; subnets are known for own VPCs."""

    id: str
    transit_gateway_id: str
    transit_gateway_owner_id: str
    region: str
    resource_type: str
    resource_id: str
    resource_owner_id: str
    state: str = "available"
    route_table_id: str | None = None
    subnet_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TransitGatewayRoute:
    """A route in a transit gateway's route table; a static one beats a propagated one to the same destination."""

    route_table_id: str
    region: str
    destination: str
    attachment_id: str | None
    active: bool = True
    propagated: bool = False


@dataclass(frozen=True, slots=True)
class VpcPeering:
    """A VPC peering connection."""

    id: str
    region: str
    requester_vpc_id: str
    accepter_vpc_id: str
    state: str = "active"


@dataclass(frozen=True, slots=True)
class FlowLog:
    """A flow-log configuration (not its records). `deliver_error` is AWS's word for why records do not arrive."""

    id: str
    account_id: str
    region: str
    resource_id: str
    destination_type: str
    destination: str = ""
    log_format: str = ""
    traffic_type: str = "ALL"
    status: str = "ACTIVE"
    aggregation_seconds: int = 600
    file_format: str = "plain-text"
    hive_compatible: bool = False
    per_hour: bool = False
    created: datetime | None = None
    deliver_error: str = ""


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface; `kind`, `description`, `instance_id` and `tags` tell whose it is."""

    id: str
    account_id: str
    region: str
    vpc_id: str
    subnet_id: str
    az: str
    kind: str = ""
    description: str = ""
    private_ips: tuple[str, ...] = ()
    instance_id: str = ""
    tags: Tags = ()
