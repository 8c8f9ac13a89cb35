"""What could not be read stays unknown: a gap, silence of the rules that need it, and nothing else changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from auditor.analyzer import analyze
from auditor.aws.operations import OPERATIONS, Operation
from auditor.model.audit import Audit, Finding
from auditor.model.evidence import Evidence, Source
from auditor.remediation.remedy import remedy
from auditor.rules import all_rules
from tests.embedded import PRICE_LIST, Served, read
from tests.fault_proxy import FaultProxy
from tests.fault_proxy_answers import DENIED, Answer, Call, error
from tests.fault_proxy_faults import Forward

ScopeId = tuple[str, str]

NO_SCOPES_OWN = {Source.ACCOUNT, Source.REGIONS, Source.PRICES}
SOURCES = [source for source in Source if source not in NO_SCOPES_OWN]
# What is asked about resources, or because of routes, is unknown where these are.
FOLLOWS = {
    Source.ENDPOINTS: {Source.ENDPOINT_METRICS, Source.ENDPOINT_SERVICES, Source.SECURITY_GROUPS, Source.VPC_DNS},
    Source.NAT_GATEWAYS: {Source.NAT_METRICS, Source.FLOW_LOGS},
    Source.ROUTE_TABLES: {Source.TRANSIT_GATEWAYS, Source.TRANSIT_ROUTES, Source.PEERINGS},
    Source.TRANSIT_GATEWAYS: {Source.TRANSIT_ROUTES},
}


@dataclass(frozen=True)
class Seen:
    """A run: what it read, what it says, and for which source each scope was asked."""

    evidence: Evidence
    audit: Audit
    asked: frozenset[tuple[ScopeId, Source]]

    def scopes_asked(self, sources: set[Source]) -> set[ScopeId]:
        """The scopes that were asked for one of these sources."""
        return {scope for scope, source in self.asked if source in sources}


def source_of(call: Call) -> Source:
    """The source for which a call was made; the two that share GetMetricData differ by the namespace."""
    if call.operation == "GetMetricData":
        return Source.NAT_METRICS if "AWS/NATGateway" in str(call.params) else Source.ENDPOINT_METRICS
    return next(one.source for one in OPERATIONS if one.source and one.name == call.operation)


def deny(proxy: FaultProxy, source: Source) -> None:
    """Refuse all calls for a source, and only these."""

    async def refuse(call: Call, forward: Forward) -> Answer:
        return error(call.protocol, *DENIED[call.protocol], "denied") if source_of(call) is source else await forward()

    for operation in operations_of(source):
        proxy._add(refuse, operation.name, {})


def run(aws: Served, proxy: FaultProxy) -> Seen:
    evidence = read(aws.company)
    asked = frozenset(((call.account, call.region), source_of(call)) for call in proxy.calls)
    return Seen(evidence, analyze(evidence, remedy), asked)


@pytest.fixture(scope="module")
def untouched(seeded: Served, fault_proxy: FaultProxy) -> Iterator[Seen]:
    """The run without any fault."""
    fault_proxy.clear()
    fault_proxy.replace("GetProducts", PRICE_LIST)
    with pytest.MonkeyPatch.context() as environment:
        for name, value in seeded.environment_of(fault_proxy.url).items():
            environment.setenv(name, value)
        yield run(seeded, fault_proxy)


def operations_of(source: Source) -> tuple[Operation, ...]:
    return tuple(operation for operation in OPERATIONS if operation.source is source)


def without_the_plan(finding: Finding) -> Finding:
    """A finding without the remark whether the plan takes it, which depends on the other findings."""
    return replace(finding, saving_note=finding.saving_note.partition("Not a step of the plan")[0].strip())


def findings_outside(audit: Audit, silent: set[tuple[str, ScopeId]]) -> dict[str, Finding]:
    return {
        finding.id: without_the_plan(finding)
        for finding in audit.findings
        if (finding.rule, (finding.account_id, finding.region)) not in silent
    }


def test_the_company_shows_what_the_denials_below_take_away(untouched: Seen) -> None:
    """Every source is asked for somewhere, all is read, and all rules have a finding but those named here.

    Records of flow logs are read afterwards, in a stage of their own. Nobody asks for an organization here.
    """
    assert not untouched.evidence.all_gaps
    read_later = {Source.FLOW_RECORDS, Source.QUERY_LOGS}
    assert {source for _, source in untouched.asked} == set(Source) - {
        Source.PEERINGS,
        Source.ORGANIZATION,
    } - read_later
    silent = {rule.id for rule in all_rules()} - {finding.rule for finding in untouched.audit.findings}
    # Only flow logs tell what endpoints can replace, and what was measured elsewhere.
    few = {"endpoint-security-group-open", "interface-endpoint-single-az", "measured-elsewhere"}
    assert silent <= few | {"replaceable-nat-gateway", "shared-interface-endpoint"}


@pytest.mark.parametrize("source", SOURCES)
def test_a_denied_source_silences_the_rules_that_need_it_and_no_other(
    aws: Served, proxy: FaultProxy, untouched: Seen, source: Source
) -> None:
    deny(proxy, source)
    seen = run(aws, proxy)

    operations = operations_of(source)
    hit = untouched.scopes_asked({source})
    lost = {source} | FOLLOWS.get(source, set())
    silent = {(rule.id, scope) for rule in all_rules() if lost.intersection(rule.needs) for scope in hit}

    gaps = seen.evidence.all_gaps
    assert sorted((gap.account_id, gap.region) for gap in gaps) == sorted(hit)
    for gap in gaps:
        assert gap.source is source
        assert all(operation.action in gap.action for operation in operations)
        assert "grant" in gap.reason
        assert not lost.intersection(seen.evidence.scope[gap.account_id, gap.region].known)

    assert not [f.id for f in seen.audit.findings if (f.rule, (f.account_id, f.region)) in silent]
    unjudged = [entry for entry in seen.audit.not_evaluated if "could not be read" in entry.reason]
    assert not any(entry.resource for entry in unjudged)
    assert sorted((entry.rule, (entry.account_id, entry.region)) for entry in unjudged) == sorted(silent)
    assert all(any(operation.action in entry.reason for operation in operations) for entry in unjudged)

    assert findings_outside(seen.audit, silent) == findings_outside(untouched.audit, silent)
