"""Interface endpoints that a VPC does not have: for which services, and in which zones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from auditor.model.attributed import Attribution, NamedBy
from auditor.model.resources import GATEWAY_SERVICES, NatGateway, Subnet, Vpc
from auditor.rules.view import View
from auditor.whatif.break_even import break_even
from auditor.whatif.edits import AddInterfaceEndpoint
from auditor.whatif.routing import HopKind

Used = dict[str, frozenset[str]]
"""By service, the zones of the clients that use it."""


def is_named(one: Attribution) -> bool:
    """Whether it goes to a service whose name DNS told: the tags of address ranges are not those of its endpoints."""
    return one.named_by is not NamedBy.ADDRESS and one.service not in GATEWAY_SERVICES


def used_services(view: View, vpc: Vpc) -> Used:
    """The region's services that flow logs show the VPC's clients to use through NAT gateways."""
    subnets = view.subnets_through(vpc, HopKind.NAT_GATEWAY)
    found: dict[str, set[str]] = {}
    for nat in public_nats(view, subnets):
        for one, zones in _uses(view, vpc, nat, subnets):
            if one.service_region == view.region and is_named(one) and one.bytes_up + one.bytes_down:
                found.setdefault(one.service, set()).update(zones)
    return {service: frozenset(zones) for service, zones in sorted(found.items()) if zones}


def public_nats(view: View, subnets: tuple[Subnet, ...]) -> tuple[NatGateway, ...]:
    """The last NAT gateways on the ways of subnets: a private one before them measures the same bytes once more."""
    return tuple(nat for nat in view.nats_of(subnets) if nat.connectivity == "public")


def _uses(
    view: View, vpc: Vpc, nat: NatGateway, subnets: tuple[Subnet, ...]
) -> Iterator[tuple[Attribution, frozenset[str]]]:
    """What flow logs attribute at a NAT gateway, and the zones in which the VPC's clients of it sit.

    A client that is not known may sit in any zone, if all clients of the NAT gateway are the VPC's.
    """
    logs = view.flow_logs_of(nat)
    zone = {subnet.id: frozenset({subnet.az}) for subnet in subnets}
    is_alone = {subnet.vpc_id for subnet in view.clients(nat)} == {vpc.id}
    anywhere = frozenset(subnet.az for subnet in subnets) if is_alone else frozenset[str]()
    of_subnet = logs.of_subnet if logs else {}
    for subnet_id, zones in ((None, anywhere), *zone.items()):
        yield from ((one, zones) for one in of_subnet.get(subnet_id, ()))


def new_endpoint(view: View, vpc: Vpc, service: str, zones: frozenset[str]) -> AddInterfaceEndpoint | None:
    """An endpoint in one subnet of each of the clients' zones, if the service is offered there."""
    offer = view.offer(vpc, service)
    if offer is None:
        return None
    places = _places(view, vpc, zones, offer.zones)
    ids = tuple(places[zone].id for zone in sorted(places))
    edit = AddInterfaceEndpoint(vpc.id, vpc.account_id, vpc.region, service, ids, vpc.cidrs, offer.service_name)
    return edit if ids else None


def _places(view: View, vpc: Vpc, zones: frozenset[str], offered: tuple[str, ...]) -> dict[str, Subnet]:
    """A subnet for each zone, of those in use."""
    subnets = sorted(view.subnets_through(vpc, HopKind.NAT_GATEWAY), key=lambda one: one.id, reverse=True)
    first = {subnet.az: subnet for subnet in subnets if subnet.az in offered}
    return in_enough_zones(view, first, zones)


def in_enough_zones(view: View, first: dict[str, Subnet], zones: frozenset[str]) -> dict[str, Subnet]:
    """Of a subnet in each zone those in the clients' zones, and others until there are as many as the user demands."""
    ranked = sorted(first, key=lambda zone: (zone not in zones, zone))
    count = max(len(zones & first.keys()), view.constraints.min_endpoint_azs)
    return {zone: first[zone] for zone in ranked[:count]}


def too_few_zones(view: View, subnet_ids: Sequence[str]) -> tuple[str, ...]:
    """The risk of an endpoint in fewer zones than the user demands, where there is no place for more."""
    count, demanded = len(subnet_ids), view.constraints.min_endpoint_azs
    if count >= demanded:
        return ()
    where = "1 zone" if count == 1 else f"{count} zones"
    why = "no other zone has a subnet that fits and in which AWS offers the service. It fails with its zones."
    return (f"The endpoint would stand in {where}, and {demanded} are demanded: {why}",)


def endpoint_of(view: View, vpc: Vpc, service: str) -> bool:
    """Whether the VPC has an interface endpoint for a service of the region, in whatever state."""
    endpoints = view.network.endpoints_of_vpc.get(vpc.id, ())
    here = (one for one in endpoints if (one.service_region or one.region) == vpc.region)
    return any((one.type, one.service) == ("Interface", service) for one in here)


def break_even_of(view: View, vpc: Vpc, zones: int) -> Decimal | None:
    """From how many GB a month an endpoint in so many zones may pay for itself in a VPC."""
    subnets = view.subnets_through(vpc, HopKind.NAT_GATEWAY)
    return break_even(view.situation, vpc.region, map(view.egress, subnets), zones)


def break_even_sentence(amount: Decimal | None, zones: int) -> str:
    """The break-even in words."""
    where = "1 zone" if zones == 1 else f"{zones} zones"
    return f"Break-even of an endpoint in {where}: {amount:,} GB a month." if amount is not None else ""
