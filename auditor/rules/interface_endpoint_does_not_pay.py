"""An interface endpoint that costs more than its bytes would cost through the NAT gateways that stay."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.resources import GATEWAY_SERVICES, Endpoint
from auditor.rules.interface_proposals import break_even_of, break_even_sentence
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.shares import size
from auditor.rules.view import View
from auditor.whatif.edits import DropEndpoint
from auditor.whatif.routing import End, HopKind

_RISKS = (
    "A policy may demand private access to the service: then keep it, and accept this finding.",
    "Bucket, key and queue policies that name the endpoint in aws:SourceVpce deny the same calls through NAT.",
    "More traffic to the service makes the endpoint pay again: look at its trend before you decide.",
)


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One proposal per endpoint with bytes that all of its clients can send through a NAT gateway instead."""
    for endpoint in view.interface_endpoints:
        if endpoint.service in GATEWAY_SERVICES or view.capturing(endpoint.vpc_id, endpoint.service) != endpoint:
            continue
        carried = view.bytes_of_endpoint(endpoint)
        if carried is None:
            yield Unjudged(endpoint.id, "CloudWatch has no datapoint of its bytes in the window")
        elif carried and _has_another_way(view, endpoint):
            young = Unjudged(endpoint.id, "it is younger than the window: its clients may still be moving in")
            yield young if view.is_young(endpoint) else _propose(view, endpoint, carried)


def _has_another_way(view: View, endpoint: Endpoint) -> bool:
    """Whether each place from which its bytes may come leads to the internet, some of them over a NAT gateway."""
    subnets = [origin.subnet for origin in view.situation.origins_at.get(endpoint.id, ())]
    ways = [view.egress(subnet) for subnet in subnets if subnet]
    arrive = len(ways) == len(subnets) and all(way.hops and way.end is End.ARRIVES for way in ways)
    return arrive and any(way.through(HopKind.NAT_GATEWAY) for way in ways)


def _propose(view: View, endpoint: Endpoint, carried: int) -> Proposal:
    zones = len(endpoint.subnet_ids)
    limit = break_even_of(view, view.network.vpc[endpoint.vpc_id], zones)
    return Proposal(
        resource=endpoint.id,
        vpc_id=endpoint.vpc_id,
        title=f"Interface endpoint {view.name(endpoint)} for {endpoint.service} costs more than it saves",
        why=f"It carried {size(view.per_month(carried, endpoint))} a month. Through the NAT gateway, which stays, these"
        " bytes would cost less than the endpoint does: without a reason besides money it can go. Keep it if policy"
        f" demands private access. {break_even_sentence(limit, zones)}".rstrip(),
        edits=(DropEndpoint(endpoint.id, endpoint.region),),
        risks=_RISKS,
        check="aws ec2 describe-vpc-endpoints no longer lists it; the service's names resolve to public addresses.",
        note="Which of the VPC's subnets use it is not measured: the low figure sends all of its bytes the dearest way"
        " that they have, the high figure the cheapest.",
    )


RULE = Rule(
    id="interface-endpoint-does-not-pay",
    title="An interface endpoint costs more than its bytes would through NAT",
    severity=Severity.LOW,
    needs=(
        Source.ENDPOINTS,
        Source.ENDPOINT_METRICS,
        Source.VPCS,
        Source.SUBNETS,
        Source.ROUTE_TABLES,
        Source.NAT_GATEWAYS,
        Source.TRANSIT_GATEWAYS,
        Source.TRANSIT_ROUTES,
    ),
    judge=judge,
    only_if_it_pays=True,
)
