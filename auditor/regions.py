"""A region of all accounts, judged in groups that nothing joins: each is small, and gone when its findings stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter
from typing import TypeVar

from auditor.judgement import Judgement, Remedy, judge
from auditor.model.audit import Finding, NotEvaluated, PlanRemediation
from auditor.model.evidence import Evidence, Scope
from auditor.model.layout import VpcMap
from auditor.model.network import Network
from auditor.model.resources import Endpoint, NatGateway
from auditor.model.traffic import Flow
from auditor.whatif.bill import Traffic
from auditor.whatif.change import Change
from auditor.whatif.forecast import Forecast
from auditor.whatif.meeting import apart
from auditor.whatif.plan import Step
from auditor.whatif.saving import Situation

PlanRemedy = Callable[[Iterable[Change], Network], tuple[PlanRemediation, ...]]
"""Writes the plan's changes of one network as text to paste."""

Row = TypeVar("Row", Finding, NotEvaluated)


@dataclass(frozen=True)
class Region:
    """What the rules say of one region of all accounts: of each group that nothing joins to the others, by itself."""

    parts: tuple[Judgement, ...]
    places: Mapping[str, int]

    @property
    def findings(self) -> list[Finding]:
        """Those of all groups, account by account."""
        return self._ordered(finding for part in self.parts for finding in part.findings)

    @property
    def not_evaluated(self) -> list[NotEvaluated]:
        """What was not judged, account by account."""
        return self._ordered(entry for part in self.parts for entry in part.not_evaluated)

    @property
    def steps(self) -> list[Step]:
        """The plan's, in the order of one plan for all groups."""
        return sorted((step for part in self.parts for step in part.plan.steps), key=attrgetter("order"))

    @property
    def maps(self) -> Iterator[VpcMap]:
        """The VPCs with findings, before and after the plan."""
        found = {one.id: one for part in self.parts for one in part.maps}
        wanted = dict.fromkeys(finding.vpc_id for finding in self.findings)
        yield from (found[vpc_id] for vpc_id in wanted if vpc_id in found)

    def texts(self, plan_remedy: PlanRemedy, numbers: Mapping[str, int]) -> list[PlanRemediation]:
        """The plan of each account as text; `numbers` are those of the steps of all regions."""
        written = (plan_remedy(part.changes(numbers), part.network) for part in self.parts if part.plan.steps)
        return sorted((text for texts in written for text in texts), key=attrgetter("account_id"))

    def _ordered(self, rows: Iterable[Row]) -> list[Row]:
        return sorted(rows, key=lambda row: self.places[row.account_id])


@dataclass(frozen=True)
class Judging:
    """What all groups have in common; `traffic` as it is expected and as far as it was seen."""

    evidence: Evidence
    traffic: tuple[Traffic, Traffic]
    remedy: Remedy

    def regions(self) -> Iterator[Region]:
        """Those of which anything was read, by name."""
        found: dict[str, list[Scope]] = {}
        for scope in self.evidence.scope.values():
            found.setdefault(scope.region, []).append(scope)
        for name in sorted(found):
            if not all(scope.skipped for scope in found[name]):
                yield self._region(found[name])

    def _region(self, scopes: Sequence[Scope]) -> Region:
        places = {scope.account_id: number for number, scope in enumerate(scopes)}
        common = _of_aws(scopes)
        parts = (
            judge(self.evidence, group, self._forecast(group, common), self.remedy, places) for group in apart(scopes)
        )
        return Region(tuple(parts), places)

    def _forecast(self, group: Iterable[Scope], common: Network) -> Forecast:
        own = Network.merge((scope.account_id, scope.network) for scope in group)
        network = replace(
            own, zones=common.zones, prefix_lists=common.prefix_lists, endpoint_services=common.endpoint_services
        )
        expected, seen = (self._within(network, number) for number in range(len(self.traffic)))
        return Forecast.of(Situation(network, expected, self.evidence.prices), seen)

    def _within(self, network: Network, number: int) -> Traffic:
        measuring: tuple[NatGateway | Endpoint, ...] = (*network.nat_gateways, *network.endpoints)
        flows = (flow for one in measuring for flow in self._flows[number].get((one.account_id, one.id), ()))
        return replace(self.traffic[number], flows=tuple(flows))

    @cached_property
    def _flows(self) -> tuple[dict[tuple[str, str], list[Flow]], ...]:
        """Flows by the account and the resource at which they were measured."""
        return tuple(_by_resource(one.flows) for one in self.traffic)


def _of_aws(scopes: Iterable[Scope]) -> Network:
    """What is AWS's own in a region: whoever read it, it is the same for all accounts."""
    return Network.merge(
        (
            scope.account_id,
            Network(
                zones=scope.network.zones,
                prefix_lists=scope.network.prefix_lists,
                endpoint_services=scope.network.endpoint_services,
            ),
        )
        for scope in scopes
    )


def _by_resource(flows: Iterable[Flow]) -> dict[tuple[str, str], list[Flow]]:
    found: dict[tuple[str, str], list[Flow]] = {}
    for flow in flows:
        found.setdefault((flow.client.account_id, flow.measured_at), []).append(flow)
    return found
