"""What network ACLs and security groups refuse of the traffic that a change would lead to an endpoint.

A network ACL sees packets as they enter and leave a subnet: with the service's own addresses on the way to a gateway
endpoint (as on the way to a NAT gateway before), with the endpoint's private ones on the way to an interface endpoint.
Within a subnet it sees nothing. It keeps no state, so answers must be admitted too.

Sources: VPC guide, "Network ACL rules" and "Ephemeral ports"; PrivateLink guide, "Security groups" (read 2026-11-29).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from auditor.model.longest_prefix import ipv4, span
from auditor.model.network import Network
from auditor.model.resources import GATEWAY_SERVICES, AclEntry, Endpoint, NetworkAcl, Permission, Subnet
from auditor.model.traffic import Destination
from auditor.whatif.edits import (
    AddGatewayEndpoint,
    AddInterfaceEndpoint,
    AssociateRouteTables,
    DropEndpoint,
    Edit,
    LimitPrivateDnsToInboundResolver,
    TurnOnPrivateDns,
    apply_all,
)
from auditor.whatif.routing import HopKind, capturing_endpoint, egress

HTTPS = 443
_CALLS = (HTTPS, HTTPS)
_ANSWERS = (32768, 65535)
"""To which ports answers come: Linux clients use 32768 to 60999, Windows 49152 to 65535. Lambda may use lower ones."""

_TCP = frozenset({"-1", "6", "tcp"})

Ports = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A network ACL or security group that does not let calls or answers pass between a client and an endpoint.

    `rule` is the number of the ACL's rule that denies, `None` where no rule admits. `subnet_id` is the subnet that the
    ACL guards, for a security group that of the clients. `addresses` are those on the far side. `cuts_off`: what the
    clients use today is admitted; else the same packets are refused on their way of today too.
    """

    guard_id: str
    rule: int | None
    subnet_id: str
    egress: bool
    ports: Ports
    addresses: str
    service: str
    cuts_off: bool = True


def refusals(network: Network, edits: Iterable[Edit]) -> tuple[Refusal, ...]:
    """Everything that is refused of the traffic which the edits lead to endpoints; nothing where it was not read."""
    made = tuple(edits)
    after = apply_all(network, made)
    found = (one for edit in made for one in _of_edit(network, after, edit))
    return tuple(dict.fromkeys(found))


def holds_port(protocol: str, low: int | None, high: int | None, port: int) -> bool:
    """Whether a rule's protocol and ports hold a TCP port."""
    return protocol in _TCP and (protocol == "-1" or low is None or high is None or low <= port <= high)


def _of_edit(network: Network, after: Network, edit: Edit) -> Iterator[Refusal]:
    match edit:
        case AddGatewayEndpoint() | AssociateRouteTables():
            endpoint = after.endpoint.get(edit.endpoint_id)
            if endpoint:
                yield from _at_gateway(network, endpoint, edit.route_table_ids)
        case DropEndpoint() | LimitPrivateDnsToInboundResolver():
            endpoint = network.endpoint.get(edit.endpoint_id)
            if endpoint and endpoint.type == "Interface" and endpoint.service in GATEWAY_SERVICES:
                tables = [table.id for table in network.tables_of_vpc.get(endpoint.vpc_id, ())]
                yield from _at_gateway(network, endpoint, tables)
        case AddInterfaceEndpoint() | TurnOnPrivateDns():
            endpoint = after.endpoint.get(edit.endpoint_id)
            if endpoint:
                yield from _at_interface(after, endpoint)


def _at_gateway(network: Network, endpoint: Endpoint, table_ids: Iterable[str]) -> Iterator[Refusal]:
    """Of subnets with these tables whose ACL refuses the service's addresses.

    They are the same on the way over NAT; only what an interface endpoint takes today has others.
    """
    addresses = network.prefix_list_of.get((endpoint.service, endpoint.region))
    is_private = (
        capturing_endpoint(network, endpoint.vpc_id, Destination(endpoint.service, endpoint.region)) is not None
    )
    tables = frozenset(table_ids)
    for subnet in network.subnets_of_vpc.get(endpoint.vpc_id, ()) if addresses else ():
        table, acl = network.table_of_subnet.get(subnet.id), network.acl_of_subnet.get(subnet.id)
        if acl and table and table.id in tables:
            for cidr, (out, ports) in product(addresses.cidrs if addresses else (), _BOTH):
                yield from _refused(acl, subnet, (out, ports, cidr), endpoint.service, cuts_off=is_private)


_BOTH: tuple[tuple[bool, Ports], ...] = ((True, _CALLS), (False, _ANSWERS))
"""What a client's subnet must let pass: calls out and answers in."""


def _at_interface(network: Network, endpoint: Endpoint) -> Iterator[Refusal]:
    """Of pairs of a client's subnet and an endpoint's, where clients leave through a NAT gateway today."""
    own = [network.subnet[one] for one in endpoint.subnet_ids if one in network.subnet]
    for client in network.subnets_of_vpc.get(endpoint.vpc_id, ()):
        if egress(network, client).through(HopKind.NAT_GATEWAY):
            yield from _at_security_groups(network, endpoint, client)
            for place in own:
                if place.id != client.id:
                    yield from _between(network, client, place, endpoint.service)


def _between(network: Network, client: Subnet, place: Subnet, service: str) -> Iterator[Refusal]:
    for subnet, far, calls_out in ((client, place, True), (place, client, False)):
        acl = network.acl_of_subnet.get(subnet.id)
        if acl and far.cidr:
            for out, ports in ((calls_out, _CALLS), (not calls_out, _ANSWERS)):
                yield from _refused(acl, subnet, (out, ports, far.cidr), service)


def _at_security_groups(network: Network, endpoint: Endpoint, client: Subnet) -> Iterator[Refusal]:
    """Where no group of the endpoint admits 443 from all of a client's subnet; one that was not read may."""
    groups = [group for group in network.security_groups if group.id in endpoint.security_group_ids]
    is_read = bool(groups) and len(groups) == len(set(endpoint.security_group_ids))
    admitted = any(_admits(permission, client) for group in groups for permission in group.ingress)
    if is_read and client.cidr and not admitted:
        yield Refusal(groups[0].id, None, client.id, False, _CALLS, client.cidr, endpoint.service)  # noqa: FBT003


def _admits(permission: Permission, client: Subnet) -> bool:
    """Clients' own groups are not read, so a rule that names groups or lists may admit them."""
    if not holds_port(permission.protocol, permission.from_port, permission.to_port, HTTPS):
        return False
    return bool(permission.groups or permission.prefix_list_ids) or any(
        _holds(c, client.cidr) for c in permission.cidrs
    )


def _holds(outer: str, inner: str) -> bool:
    one, other = ipv4(outer), ipv4(inner)
    return one is not None and other is not None and other.subnet_of(one)


def _refused(
    acl: NetworkAcl, subnet: Subnet, what: tuple[bool, Ports, str], service: str, *, cuts_off: bool = True
) -> Iterator[Refusal]:
    out, ports, cidr = what
    entries = [one for one in acl.entries if one.egress == out and one.protocol in _TCP and ipv4(one.cidr)]
    entries.sort(key=lambda one: one.number)
    for address, port in _corners(entries, cidr, ports):
        entry = next((one for one in entries if _fits(one, address, port)), None)
        if entry is None or not entry.allow:
            rule = entry.number if entry and entry.number != _LAST else None
            yield Refusal(acl.id, rule, subnet.id, out, ports, cidr, service, cuts_off)
            return


_LAST = 32767
"""The number of the rule that denies what no other admits, shown as `*`."""


def _fits(entry: AclEntry, address: int, port: int) -> bool:
    cidr = ipv4(entry.cidr)
    start, end = span(cidr) if cidr else (0, 0)
    return start <= address < end and holds_port(entry.protocol, entry.from_port, entry.to_port, port)


def _corners(entries: list[AclEntry], cidr: str, ports: Ports) -> Iterator[tuple[int, int]]:
    """An address and a port of each rectangle that the rules treat alike."""
    found = ipv4(cidr)
    if found is None:
        return
    start, end = span(found)
    spans = [span(own) for entry in entries if (own := ipv4(entry.cidr))]
    limits = [(e.from_port, e.to_port + 1) for e in entries if e.from_port is not None and e.to_port is not None]
    addresses = {start, *(one for pair in spans for one in pair if start < one < end)}
    numbers = {ports[0], *(one for pair in limits for one in pair if ports[0] < one <= ports[1])}
    yield from product(sorted(addresses), sorted(numbers))
