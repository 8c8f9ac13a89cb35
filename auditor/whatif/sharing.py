"""Which VPCs a hub's interface endpoint should serve: those that gain by it, and more than by one of their own.

A VPC that is served pays the transit gateway for each GB; one with an endpoint of its own pays this by the hour. The GB
of the endpoint cost both alike. So each VPC decides for itself, whatever the others do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from auditor.model.money import EXACT, MONTH_HOURS, Item, gigabytes
from auditor.model.network import Network
from auditor.model.resources import Subnet
from auditor.model.traffic import Destination
from auditor.whatif.break_even import lowest, rate_of
from auditor.whatif.edits import AddInterfaceEndpoint, ShareInterfaceEndpoint
from auditor.whatif.routing import HopKind, route_from
from auditor.whatif.saving import Situation


@dataclass(frozen=True, slots=True)
class Spoke:
    """A VPC with its clients' subnets, and the endpoint that it could have instead, if the service is offered there."""

    vpc_id: str
    subnets: tuple[Subnet, ...]
    own: AddInterfaceEndpoint | None


def gaining(situation: Situation, edit: ShareInterfaceEndpoint, spokes: Iterable[Spoke]) -> tuple[str, ...]:
    """The spokes for which the edit is the best that can be had, at the lowest tiers.

    Where a price is not known they are taken to gain: what the edit saves is then not known either.
    """
    after = edit.apply(situation.network)
    return tuple(spoke.vpc_id for spoke in spokes if _gains(situation, after, edit, spoke))


def bytes_of(situation: Situation, vpc_id: str, destination: Destination) -> int:
    """Bytes of a month between a VPC and a destination that flow logs attribute to it and to no other VPC."""
    keys = (key for key in situation.decided_by.get(vpc_id, ()) if key[1] == vpc_id)
    flows = (situation.traffic.flows[number] for number, _ in keys if situation.vpcs_of_flow[number] == 1)
    return sum(flow.bytes for flow in flows if flow.destination == destination)


def _gains(situation: Situation, after: Network, edit: ShareInterfaceEndpoint, spoke: Spoke) -> bool:
    """All of its clients must certainly reach the endpoint: its hosted zone leads every one of them there."""
    service = Destination(edit.service, edit.region)
    for subnet in spoke.subnets:
        old, *others = (way.path for way in situation.ways(subnet, service))
        new = route_from(after, subnet, service)
        if others or not new.passes(edit.endpoint_id) or not new.through(HopKind.TRANSIT_GATEWAY):
            return False
        rates = rate_of(situation.network, situation.prices, old), rate_of(after, situation.prices, new)
        if rates[0] is not None and rates[1] is not None and rates[0] <= rates[1]:
            return False
    count = bytes_of(situation, spoke.vpc_id, service)
    return count > 0 and not _is_better_alone(situation, edit, spoke, count)


def _is_better_alone(situation: Situation, edit: ShareInterfaceEndpoint, spoke: Spoke, count: int) -> bool:
    """Whether the transit gateway costs more for these bytes than the hours of an endpoint of the spoke's own."""
    if spoke.own is None:
        return False
    hour = lowest(situation.prices, edit.region, Item.INTERFACE_ENDPOINT_HOUR)
    transit = lowest(situation.prices, edit.region, Item.TRANSIT_GATEWAY_GB)
    if hour is None or transit is None:
        return False
    hours = Decimal(MONTH_HOURS * len(spoke.own.subnet_ids))
    return EXACT.multiply(gigabytes(count), transit) > EXACT.multiply(hours, hour)
