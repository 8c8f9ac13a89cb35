"""The analyzer: nothing without evidence, and an audit whose figures agree with each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given

from auditor.analyzer import analyze
from auditor.model.audit import Audit, Remediation
from auditor.model.evidence import EVIDENCE_VERSION, Evidence, Scope, Series, Source
from auditor.model.money import total
from auditor.model.network import Network
from auditor.model.resources import NatGateway, Route, RouteTable, Subnet, Vpc
from auditor.model.traffic import Level
from auditor.rules import all_rules
from tests.whatif.networks import AZS, PRICES, REGION, WINDOW, evidences

GIB = 2**30


def audit(evidence: Evidence) -> Audit:
    return analyze(evidence, lambda _edits, _network: Remediation())


@given(evidences())
def test_without_a_known_source_nothing_is_found_and_every_rule_says_so(evidence: Evidence) -> None:
    blind = replace(evidence, scopes=tuple(replace(scope, known=()) for scope in evidence.scopes))
    found = audit(blind)
    assert (found.findings, found.plan) == ((), ())
    assert len(found.not_evaluated) == len(all_rules()) * len(blind.scopes)
    assert all(row.bytes_in_from_source is None for row in found.nat_gateways)


@given(evidences())
def test_the_totals_are_the_sums_of_what_is_listed(evidence: Evidence) -> None:
    found = audit(evidence)
    for rows, sum_of in (
        (found.nat_gateways, found.totals.nat_monthly_cost),
        (found.endpoints, found.totals.endpoint_monthly_cost),
    ):
        assert sum_of == total(line.usd for row in rows for line in row.lines if line.usd is not None)
    assert found.totals.saving_measured == total(step.saving for step in found.plan)
    assert found.totals.saving_unmeasured_high == total(step.unmeasured_high for step in found.plan)
    assert all(step.saving >= 0 for step in found.plan)
    assert found.totals.saving_unmeasured_high >= 0


@given(evidences())
def test_a_saving_is_made_of_the_lines_beside_it(evidence: Evidence) -> None:
    for finding in audit(evidence).findings:
        if finding.saving:
            known = [
                sum(Fraction(x.usd) for x in side if x.usd is not None) for side in (finding.avoided, finding.added)
            ]
            expected = finding.saving.high if finding.saving.expected is None else finding.saving.expected
            assert known[0] - known[1] == Fraction(expected)


@given(evidences())
def test_what_is_expected_lies_between_the_least_and_the_most(evidence: Evidence) -> None:
    """Whatever days flow logs were read for, and however much they claim."""
    for finding in audit(evidence).findings:
        if finding.saving:
            assert finding.saving.low <= finding.saving.high
            if finding.saving.expected is not None:
                assert finding.saving.low <= finding.saving.expected <= finding.saving.high


@given(evidences())
def test_what_is_only_about_paying_pays(evidence: Evidence) -> None:
    """As expected, or at the least where that is not known."""
    rules = {rule.id for rule in all_rules() if rule.only_if_it_pays}
    assert len(rules) == 4
    for finding in audit(evidence).findings:
        if finding.rule in rules and finding.saving:
            expected = finding.saving.expected
            assert (finding.saving.low if expected is None else expected) > 0


@given(evidences())
def test_only_flow_logs_make_known_what_bytes_save(evidence: Evidence) -> None:
    """Without them there is no expected saving, unless the least and the most are one."""
    blind = replace(evidence, scopes=tuple(replace(one, attributions=(), scans=()) for one in evidence.scopes))
    for finding in audit(blind).findings:
        assert finding.evidence in {Level.TOPOLOGY, Level.METRICS}
        if finding.saving and finding.saving.low != finding.saving.high:
            assert finding.saving.expected is None


@given(evidences())
def test_a_nat_gateway_without_metrics_costs_an_unknown_amount(evidence: Evidence) -> None:
    """It is never taken for one that carried nothing."""
    deaf = replace(evidence, scopes=tuple(replace(scope, series=(), known=()) for scope in evidence.scopes))
    billed = {nat.id for nat in evidence.network.nat_gateways if nat.is_billed}
    assert all(row.monthly_cost is None for row in audit(deaf).nat_gateways if row.id in billed)


def test_an_idle_nat_gateway_is_a_finding_with_its_hours_as_saving() -> None:
    """0.045 × 730 = 32.85, certain, and the only step of the plan."""
    found = audit(one_idle())
    savings = {finding.rule: finding.saving for finding in found.findings if finding.saving is not None}
    assert {rule: saving.low for rule, saving in savings.items()} == {"idle-nat-gateway": Decimal("32.85")}
    assert [(step.saving, step.cumulative, step.unmeasured_high) for step in found.plan] == [
        (Decimal("32.85"), Decimal("32.85"), Decimal(0))
    ]
    assert found.totals.after_plan == 0


def test_a_skipped_scope_is_listed_and_not_judged() -> None:
    evidence = one_idle()
    found = audit(replace(evidence, scopes=(replace(evidence.scopes[0], skipped="not enabled"),)))
    assert (found.scopes[0].status, found.scopes[0].reason) == ("skipped", "not enabled")
    assert (found.findings, found.not_evaluated) == ((), ())


def test_findings_of_one_resource_and_rule_have_ids_of_their_own() -> None:
    ids = [finding.id for finding in audit(one_idle()).findings]
    assert len(ids) == len(set(ids))


def one_idle() -> Evidence:
    """A private subnet with a NAT gateway that carried nothing for a month."""
    network = Network(
        vpcs=(Vpc("vpc-1", "1", REGION),),
        subnets=(Subnet("subnet-1", "1", REGION, "vpc-1", AZS[0]),),
        route_tables=(RouteTable("rtb-1", "1", REGION, "vpc-1", is_main=True, routes=(Route("0.0.0.0/0", "nat-1"),)),),
        nat_gateways=(
            NatGateway("nat-1", "1", REGION, "vpc-1", subnet_id="subnet-1", created=WINDOW.start - timedelta(days=9)),
        ),
    )
    day: tuple[date, ...] = (WINDOW.end.date() - timedelta(days=1),)
    series = tuple(Series("nat-1", name, day, (0,)) for name in ("BytesInFromSource", "BytesInFromDestination"))
    scope = Scope("1", REGION, tuple(Source), network=network, series=series)
    return Evidence(EVIDENCE_VERSION, WINDOW.end, WINDOW, (scope,), PRICES)
