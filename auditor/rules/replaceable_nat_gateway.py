"""A NAT gateway whose bytes all go to services of its region that endpoints can carry."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.attributed import Attribution
from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.resources import GATEWAY_SERVICES, NatGateway, Vpc
from auditor.rules.gateway_proposals import NEEDS, gateway_edits
from auditor.rules.interface_proposals import endpoint_of, is_named, new_endpoint, used_services
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.shares import HIGH_COVERAGE, percent
from auditor.rules.view import View
from auditor.rules.wording import DROP_NAT_CHECK, DROP_NAT_RISKS, GATEWAY_RISKS, INTERFACE_RISKS
from auditor.whatif.edits import DropNatGateway, Edit
from auditor.whatif.reconciliation import Reconciliation

_RISKS = (
    "New destinations will have no way out: an update server, a partner, a service without an endpoint.",
    "What clients need once a quarter was not seen in the window, and will fail then.",
    *DROP_NAT_RISKS,
)


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One proposal per NAT gateway of whose clients and destinations flow logs tell enough."""
    for nat in view.nats:
        found, vpc = view.flow_logs_of(nat), view.network.vpc.get(nat.vpc_id)
        if found and vpc and _tells_all(found) and _is_for(view, nat, vpc, found):
            edits = _edits(view, vpc, found)
            if edits is not None:
                young = Unjudged(nat.id, "it is younger than the window: more destinations may come")
                yield young if view.is_young(nat) else _propose(view, nat, found, edits)


def _tells_all(found: Reconciliation) -> bool:
    """Whether the records of nearly all the window's bytes were read, explain them and name the clients."""
    shares = (found.coverage, found.share_of_window)
    return found.clients_known and all(share is not None and share >= HIGH_COVERAGE for share in shares)


def _is_for(view: View, nat: NatGateway, vpc: Vpc, found: Reconciliation) -> bool:
    """Whether it carries the bytes of its own VPC to the internet, and nobody else's."""
    clients = {subnet.id for subnet in view.clients(nat) if subnet.vpc_id == vpc.id}
    told = {one.subnet_id for one in found.attributions}
    return nat.connectivity == "public" and len(clients) == len(view.clients(nat)) and told <= clients


def _edits(view: View, vpc: Vpc, found: Reconciliation) -> tuple[Edit, ...] | None:
    """The endpoints that its clients need; `None` where no endpoint carries some of the bytes."""
    if not all(_is_carried(view, one) for one in found.attributions):
        return None
    parts = [_carrying(view, vpc, service) for service in dict.fromkeys(one.service for one in found.attributions)]
    found_all = all(part is not None for part in parts)
    return tuple(edit for part in parts if part for edit in part) if found_all else None


def _is_carried(view: View, one: Attribution) -> bool:
    return one.service_region == view.region and (one.service in GATEWAY_SERVICES or is_named(one))


def _carrying(view: View, vpc: Vpc, service: str) -> tuple[Edit, ...] | None:
    """What lets an endpoint carry a service's bytes, nothing where one does; `None` where none can."""
    if view.capturing(vpc.id, service):
        return ()
    if service in GATEWAY_SERVICES:
        return gateway_edits(view, vpc, service)
    zones = used_services(view, vpc).get(service, frozenset())
    new = None if endpoint_of(view, vpc, service) else new_endpoint(view, vpc, service, zones)
    return (new,) if new else None


def _propose(view: View, nat: NatGateway, found: Reconciliation, edits: tuple[Edit, ...]) -> Proposal:
    services = ", ".join(dict.fromkeys(one.service for one in found.attributions))
    return Proposal(
        resource=nat.id,
        vpc_id=nat.vpc_id,
        title=f"Endpoints can replace NAT gateway {view.name(nat)}",
        why=f"All that flow logs show it to carry goes to services of its region that endpoints carry: {services}. With"
        " these endpoints in place nothing that was seen needs it, and its hours and its address are saved too.",
        edits=(*edits, DropNatGateway(nat.id, nat.region)),
        risks=(*_RISKS, *dict.fromkeys((*GATEWAY_RISKS, *INTERFACE_RISKS))),
        check=DROP_NAT_CHECK,
        note=_covered(found),
    )


def _covered(found: Reconciliation) -> str:
    share = found.coverage
    if share is None or share >= 1:
        return "Flow logs explain all of its bytes."
    return (
        f"Flow logs explain {percent(share)} of its bytes. What the rest is nobody knows: find out before you delete"
        " it. The plan leaves this out as long as there is a rest."
    )


RULE = Rule(
    id="replaceable-nat-gateway",
    title="Endpoints can carry all that a NAT gateway carries",
    severity=Severity.MEDIUM,
    needs=(*NEEDS, Source.ENDPOINT_SERVICES),
    judge=judge,
    only_if_it_pays=True,
)
