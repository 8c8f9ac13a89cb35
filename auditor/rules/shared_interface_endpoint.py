"""An interface endpoint in a hub that pays for itself because several VPCs share its hours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.resources import EndpointService, Subnet, Vpc
from auditor.rules.gateway_proposals import NEEDS
from auditor.rules.interface_proposals import (
    Used,
    endpoint_of,
    in_enough_zones,
    new_endpoint,
    too_few_zones,
    used_services,
)
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.shares import Shares
from auditor.rules.view import View
from auditor.rules.wording import SHARED_CHECK, SHARED_RISKS, UNMEASURED, listed
from auditor.whatif.connected import transit_between
from auditor.whatif.edits import ShareInterfaceEndpoint
from auditor.whatif.route_lookup import DEFAULT_ROUTE
from auditor.whatif.routing import HopKind
from auditor.whatif.sharing import Spoke, gaining


@dataclass(frozen=True, slots=True)
class _Hub:
    """A hub to whose endpoint for a service spokes could go, and in which zones its clients and theirs sit."""

    view: View
    vpc: Vpc
    offer: EndpointService
    spokes: tuple[Spoke, ...]
    zones: Mapping[str, frozenset[str]]


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One proposal per hub and service, for the spokes that gain by it."""
    for hub_id, attached in _hubs(view).items():
        hub = view.network.vpc.get(hub_id)
        if hub in view.vpcs:
            yield from _judge_hub(view, hub, sorted(attached))


def _hubs(view: View) -> dict[str, set[str]]:
    """By each VPC to which a transit gateway's default route leads, the VPCs that are attached to that."""
    keys = {attachment.id: key for key, attachment in view.network.attachment_of_vpc.items()}
    found: dict[str, set[str]] = {}
    for route in view.network.transit_routes:
        if route.destination == DEFAULT_ROUTE and route.active and route.attachment_id in keys:
            gateway, hub_id = keys[route.attachment_id]
            attached = {vpc_id for there, vpc_id in keys.values() if there == gateway and vpc_id != hub_id}
            found[hub_id] = found.get(hub_id, set()) | attached
    return found


def _judge_hub(view: View, hub: Vpc, attached: list[str]) -> Iterator[Proposal]:
    vpcs = [view.network.vpc[one] for one in attached if one in view.network.vpc]
    used = {vpc.id: used_services(view, vpc) for vpc in vpcs if vpc.id not in view.constraints.exclude}
    for service in sorted({service for services in used.values() for service in services}):
        found = None if endpoint_of(view, hub, service) else _hub(view, hub, service, used)
        edit = _edit(found) if found else None
        if found and edit:
            yield _propose(found, edit)


def _hub(view: View, hub: Vpc, service: str, used: Mapping[str, Used]) -> _Hub | None:
    """With the spokes that use the service and have no endpoint for it."""
    offer = view.offer(hub, service)
    zones = {vpc_id: services[service] for vpc_id, services in used.items() if service in services}
    spokes = (_spoke(view, view.network.vpc[vpc_id], service, where) for vpc_id, where in zones.items())
    here = used_services(view, hub).get(service, frozenset())
    return _Hub(view, hub, offer, tuple(s for s in spokes if s), {**zones, hub.id: here}) if offer else None


def _spoke(view: View, vpc: Vpc, service: str, zones: frozenset[str]) -> Spoke | None:
    if endpoint_of(view, vpc, service):
        return None
    return Spoke(vpc.id, view.subnets_through(vpc, HopKind.NAT_GATEWAY), new_endpoint(view, vpc, service, zones))


def _edit(hub: _Hub) -> ShareInterfaceEndpoint | None:
    """For all that reach the same subnets of the hub first, then for those of them that gain."""
    subnets, reaching = _reached(hub)
    every = _shared(hub, subnets, [spoke.vpc_id for spoke in reaching])
    served = gaining(hub.view.situation, every, reaching)
    return _shared(hub, subnets, list(served)) if served else None


def _reached(hub: _Hub) -> tuple[list[Subnet], list[Spoke]]:
    """The hub's subnets that most spokes reach, and these; subnets without a way to the internet first."""
    offered = [s for s in hub.view.network.subnets_of_vpc.get(hub.vpc.id, ()) if s.az in hub.offer.zones]
    by_spokes: dict[tuple[str, ...], list[Subnet]] = {}
    for subnet in offered:
        ids = tuple(spoke.vpc_id for spoke in hub.spokes if _reaches(hub.view, spoke, subnet))
        by_spokes.setdefault(ids, []).append(subnet)
    ids = max(by_spokes, key=len, default=())
    is_open = {one.id: hub.view.egress(one).through(HopKind.INTERNET_GATEWAY) for one in offered}
    subnets = sorted(by_spokes.get(ids, ()), key=lambda one: (is_open[one.id], one.id))
    return subnets, [spoke for spoke in hub.spokes if spoke.vpc_id in ids]


def _reaches(view: View, spoke: Spoke, subnet: Subnet) -> bool:
    return all(transit_between(view.network, client, (subnet.id,)) for client in spoke.subnets)


def _shared(hub: _Hub, subnets: list[Subnet], vpc_ids: list[str]) -> ShareInterfaceEndpoint:
    served = [hub.vpc, *(hub.view.network.vpc[one] for one in vpc_ids)]
    zones = frozenset[str]().union(*(hub.zones[vpc.id] for vpc in served))
    places = in_enough_zones(hub.view, {one.az: one for one in reversed(subnets)}, zones)
    return ShareInterfaceEndpoint(
        hub_vpc_id=hub.vpc.id,
        account_id=hub.vpc.account_id,
        region=hub.vpc.region,
        service=hub.offer.service,
        subnet_ids=tuple(places[zone].id for zone in sorted(places)),
        vpc_ids=tuple(vpc_ids),
        cidrs=tuple(dict.fromkeys(cidr for vpc in served for cidr in vpc.cidrs)),
        service_name=hub.offer.service_name,
        dns_names=hub.offer.private_dns_names,
    )


def _propose(hub: _Hub, edit: ShareInterfaceEndpoint) -> Proposal:
    view, service = hub.view, edit.service
    names = listed(sorted(view.name(view.network.vpc[vpc_id]) for vpc_id in edit.vpc_ids))
    clients = tuple(subnet for spoke in hub.spokes if spoke.vpc_id in edit.vpc_ids for subnet in spoke.subnets)
    shares = Shares.of_service(view, clients, service)
    return Proposal(
        resource=hub.vpc.id,
        vpc_id=hub.vpc.id,
        detail=service,
        title=f"One interface endpoint for {service} in {view.name(hub.vpc)} can serve several VPCs",
        why=f"{names} reach {service} through NAT gateways, and {view.name(hub.vpc)} over a transit gateway. They can"
        " share one endpoint there: its hours are paid once, and each of their bytes pays the transit gateway and the"
        " endpoint instead of a NAT gateway. It competes with an endpoint of each VPC's own, which pays hours for each"
        " VPC and no transit gateway: for one service and VPC the plan takes one of the two.",
        edits=(edit,),
        risks=(*too_few_zones(view, edit.subnet_ids), *SHARED_RISKS),
        check=SHARED_CHECK,
        note=f"{_apart(hub, edit)}{shares.sentence(UNMEASURED.format(name=service))}",
    )


def _apart(hub: _Hub, edit: ShareInterfaceEndpoint) -> str:
    """The spokes that were left out."""
    left = [hub.view.network.vpc[one.vpc_id] for one in hub.spokes if one.vpc_id not in edit.vpc_ids]
    if not left:
        return ""
    names = listed(hub.view.name(vpc) for vpc in left)
    return (
        f"Not among them: {names}. Either the way from there to the hub is not certain, or the transit gateway would"
        " cost more than today's way or than the hours of an endpoint of its own. "
    )


RULE = Rule(
    id="shared-interface-endpoint",
    title="VPCs behind one transit gateway could share an interface endpoint in their hub",
    severity=Severity.MEDIUM,
    needs=(*NEEDS, Source.ENDPOINT_SERVICES),
    judge=judge,
    only_if_it_pays=True,
)
