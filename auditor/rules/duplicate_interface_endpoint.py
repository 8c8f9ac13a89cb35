"""Two interface endpoints for one service in one VPC."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.resources import Endpoint
from auditor.rules.rule import Proposal, Rule, Unjudged
from auditor.rules.view import View
from auditor.whatif.edits import DropEndpoint

Key = tuple[str, str, str, bool]
"""VPC, service, the service's region, and whether it is for clients outside the VPC only."""

_RISKS = (
    "Clients that use its own names (vpce-…) must be moved to the other's first; until then the plan leaves it out.",
    "Compare policies and security groups: the one that stays must admit the clients and calls of both.",
    "Policies that name it in aws:SourceVpce must name the other.",
)


def judge(view: View) -> Iterator[Proposal | Unjudged]:
    """One finding per endpoint beside the one to keep."""
    groups: dict[Key, list[Endpoint]] = {}
    for endpoint in view.interface_endpoints:
        groups.setdefault(_key(endpoint), []).append(endpoint)
    for group in groups.values():
        keeper, *rest = sorted(group, key=lambda one: _rank(view, one))
        yield from (_judge(view, one, keeper) for one in rest)


def _key(endpoint: Endpoint) -> Key:
    region = endpoint.service_region or endpoint.region
    return (endpoint.vpc_id, endpoint.service_name or endpoint.service, region, endpoint.inbound_resolver_only)


def _rank(view: View, endpoint: Endpoint) -> tuple[bool, int, int, str]:
    """The one to keep comes first: the one that answers for the service's name, then the busiest."""
    count = view.bytes_of_endpoint(endpoint) or 0
    return (not endpoint.private_dns, -count, -len(endpoint.subnet_ids), endpoint.id)


def _judge(view: View, endpoint: Endpoint, keeper: Endpoint) -> Proposal | Unjudged:
    if view.is_young(endpoint) or view.is_young(keeper):
        return Unjudged(endpoint.id, f"{keeper.id} or it is younger than the window: clients may be moving")
    beyond = sorted(_zones(view, endpoint) - _zones(view, keeper))
    return Proposal(
        resource=endpoint.id,
        vpc_id=endpoint.vpc_id,
        title=f"Interface endpoint {view.name(endpoint)} for {endpoint.service} stands beside {view.name(keeper)}",
        why="Both serve one service in one VPC, and each is billed for every hour in each of its zones. "
        + (_uncovered(keeper, beyond) if beyond else f"{keeper.id} can carry the bytes of both."),
        edits=() if beyond else (DropEndpoint(endpoint.id, endpoint.region),),
        risks=_RISKS,
        check="Its BytesProcessed is zero for a day; then aws ec2 describe-vpc-endpoints lists one of them.",
    )


def _zones(view: View, endpoint: Endpoint) -> frozenset[str]:
    """The zones it stands in; a subnet that was not read counts as one of its own."""
    known = view.network.subnet
    return frozenset(known[one].az if one in known else one for one in endpoint.subnet_ids)


def _uncovered(keeper: Endpoint, zones: list[str]) -> str:
    return f"{keeper.id} is not in {', '.join(zones)}: add a subnet there, then this one can go."


RULE = Rule(
    id="duplicate-interface-endpoint",
    title="Two interface endpoints for one service in one VPC",
    severity=Severity.MEDIUM,
    needs=(Source.ENDPOINTS, Source.ENDPOINT_METRICS, Source.SUBNETS),
    judge=judge,
)
