"""Which of the services that flow logs name offer endpoints: asked once it is known which ones matter."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from auditor.attribution.planning import Callers
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError
from auditor.aws.operations import DESCRIBE_ENDPOINT_SERVICES
from auditor.errors import UsageError
from auditor.model.attributed import Attribution, NamedBy
from auditor.model.evidence import Evidence, Gap, Scope, Source
from auditor.model.resources import GATEWAY_SERVICES, EndpointService

FindServices = Callable[[ScopeCalls, Iterable[str]], Awaitable[Sequence[EndpointService]]]
"""The endpoint services of a scope with any of these short names."""

Place = tuple[str, str]
"""Account and region."""


async def with_offers(evidence: Evidence, callers: Callers, find: FindServices) -> Evidence:
    """The evidence with the endpoint services that its flow logs name, or with gaps where AWS does not say."""
    named = _named(evidence)
    found = await asyncio.gather(*(_offered(evidence.scope[place], callers, find, named[place]) for place in named))
    scopes = dict(zip(named, found, strict=True))
    return replace(evidence, scopes=tuple(scopes.get((s.account_id, s.region), s) for s in evidence.scopes))


def _named(evidence: Evidence) -> Mapping[Place, set[str]]:
    """Short names by the accounts whose VPCs may get an endpoint: where zones have names of an account's own.

    The client's, and the NAT gateway's: its VPC may be a hub, whose endpoint others can share.
    """
    named: dict[Place, set[str]] = {}
    for scope in evidence.scopes:
        for one in (one for one in scope.attributions if _may_be_offered(one, scope.region)):
            for account in {scope.account_id, _owner(evidence, one) or scope.account_id}:
                if _is_known(evidence, (account, scope.region)):
                    named.setdefault((account, scope.region), set()).add(one.service)
    return named


def _owner(evidence: Evidence, one: Attribution) -> str | None:
    """The account of the client's VPC."""
    subnet = evidence.network.subnet.get(one.subnet_id or "")
    vpc = evidence.network.vpc.get(subnet.vpc_id) if subnet else None
    return vpc.account_id if vpc else None


def _may_be_offered(one: Attribution, region: str) -> bool:
    """Whether DNS told its name: the tags of address ranges are not those of endpoint services."""
    is_service = one.named_by is not NamedBy.ADDRESS and one.service not in GATEWAY_SERVICES
    return is_service and one.service_region == region


def _is_known(evidence: Evidence, place: Place) -> bool:
    """Whether the scope was read, and AWS answered there before if it was asked."""
    scope = evidence.scope.get(place)
    return scope is not None and Source.ENDPOINT_SERVICES in scope.known


async def _offered(scope: Scope, callers: Callers, find: FindServices, services: set[str]) -> Scope:
    try:
        calls = await callers.at(scope.account_id, scope.region)
        found = await find(calls, sorted(services))
    except (AwsFailureError, UsageError) as failure:
        action = DESCRIBE_ENDPOINT_SERVICES.action
        gap = Gap(scope.account_id, scope.region, Source.ENDPOINT_SERVICES, action, str(failure))
        known = tuple(source for source in scope.known if source is not Source.ENDPOINT_SERVICES)
        return replace(scope, known=known, gaps=(*scope.gaps, gap))
    network = replace(scope.network, endpoint_services=tuple(_each(scope.network.endpoint_services, found)))
    return replace(scope, network=network)


def _each(known: Iterable[EndpointService], found: Iterable[EndpointService]) -> Iterator[EndpointService]:
    yield from {one.service_name: one for one in (*known, *found)}.values()
