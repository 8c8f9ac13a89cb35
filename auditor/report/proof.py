"""What a finding's amounts rest on: NAT gateways and endpoints, how far they were explained, the way of the bytes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from auditor.report.queries import Query, endpoint_queries, nat_queries
from auditor.report.text import unique

if TYPE_CHECKING:
    from auditor.model.audit import Audit, EndpointCost, Finding, NatGatewayCost, NatRoute

MOST_NATS = 8
"""More than these are counted: a finding of a whole organization would be a page of ways."""


@dataclass(frozen=True, slots=True)
class Way:
    """A NAT gateway of a finding with the tables that lead to it, those of the finding's subnets."""

    nat: NatGatewayCost
    routes: tuple[NatRoute, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What can be checked of a finding; `more` NAT gateways are not listed."""

    ways: tuple[Way, ...]
    more: int
    endpoints: tuple[EndpointCost, ...]
    queries: tuple[Query, ...]


@dataclass(frozen=True)
class Proofs:
    """The proofs of an audit's findings."""

    audit: Audit

    def of(self, finding: Finding) -> Proof:
        """By the resources of the finding's lines, and its own."""
        named = unique((finding.resource, *(line.resource for line in (*finding.avoided, *finding.added))))
        nats = [self._nats[one] for one in named if one in self._nats]
        endpoints = tuple(self._endpoints[one] for one in named if one in self._endpoints)
        asked = [query for nat in nats[:MOST_NATS] for query in nat_queries(nat, self.audit.window)]
        asked += [query for one in endpoints[:MOST_NATS] for query in endpoint_queries(one, self.audit.window)]
        ways = tuple(Way(nat, nat.routes) for nat in nats[:MOST_NATS])
        return Proof(ways, max(0, len(nats) - MOST_NATS), endpoints[:MOST_NATS], tuple(asked))

    @cached_property
    def _nats(self) -> dict[str, NatGatewayCost]:
        return {nat.id: nat for nat in self.audit.nat_gateways}

    @cached_property
    def _endpoints(self) -> dict[str, EndpointCost]:
        return {endpoint.id: endpoint for endpoint in self.audit.endpoints}
