"""What every rule promises: silence where its evidence is missing, and no crash on what AWS may invent."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from auditor.model.evidence import Evidence, Gap, Scope, Source
from auditor.model.network import Network
from auditor.rules import all_rules
from auditor.rules.rule import Rule
from tests.rules.ask import audit, findings, proposals, unjudged
from tests.rules.build import (
    ACCOUNT,
    HOSTILE,
    REGION,
    A,
    app,
    endpoint_series,
    evidence,
    interface,
    nat_series,
)
from tests.rules.examples import CENTRAL_EGRESS, FIRING, strange

RULES = [rule.id for rule in all_rules()]
NEEDS = [(rule.id, source) for rule in all_rules() for source in rule.needs]
EVERYTHING = tuple(Source)
PAGES = Path(__file__).resolve().parents[2] / "docs/rules"
PARTS = [
    "What it finds",
    "Why it matters",
    "Worked example",
    "How to fix",
    "Risks",
    "What the saving says",
    "When it is wrong or silent",
]
FIELDS = {
    Source.ZONES: "zones",
    Source.VPCS: "vpcs",
    Source.SUBNETS: "subnets",
    Source.ROUTE_TABLES: "route_tables",
    Source.NAT_GATEWAYS: "nat_gateways",
    Source.ENDPOINTS: "endpoints",
    Source.ENDPOINT_SERVICES: "endpoint_services",
    Source.PREFIX_LISTS: "prefix_lists",
    Source.SECURITY_GROUPS: "security_groups",
    Source.NETWORK_ACLS: "network_acls",
    Source.TRANSIT_GATEWAYS: "attachments",
    Source.TRANSIT_ROUTES: "transit_routes",
    Source.PEERINGS: "peerings",
    Source.FLOW_LOGS: "flow_logs",
    Source.INTERFACES: "interfaces",
}
"""Where the network keeps what a source tells; metrics are kept apart, by `known`."""


def without(of: Evidence, *sources: Source, gaps: tuple[Gap, ...] = ()) -> Evidence:
    """The same evidence, some sources of which were not read."""
    (scope,) = of.scopes
    return replace(of, scopes=(replace(scope, known=tuple(s for s in EVERYTHING if s not in sources), gaps=gaps),))


def unread(of: Evidence, source: Source) -> Evidence:
    """The same evidence without a source, and without what it would have told."""
    (scope,) = without(of, source).scopes
    field = FIELDS.get(source)
    network = replace(scope.network, **{field: ()}) if field else scope.network
    return replace(of, scopes=(replace(scope, network=network),))


def named(network: Network, name: str) -> Network:
    """The same network with this name on everything that has one."""
    return replace(
        network,
        vpcs=tuple(replace(one, name=name) for one in network.vpcs),
        subnets=tuple(replace(one, name=name) for one in network.subnets),
        nat_gateways=tuple(replace(one, name=name) for one in network.nat_gateways),
        endpoints=tuple(replace(one, name=name) for one in network.endpoints),
    )


def test_there_is_an_example_of_every_rule() -> None:
    assert sorted(FIRING) == RULES


@pytest.mark.parametrize("rule", RULES)
def test_it_fires_in_its_example(rule: str) -> None:
    assert findings(FIRING[rule], rule) != []
    assert unjudged(FIRING[rule], rule) == []


@pytest.mark.parametrize(("rule", "source"), NEEDS, ids=str)
def test_without_a_source_that_it_needs_it_says_only_that(rule: str, source: Source) -> None:
    """What was not read never becomes "all is well", nor a finding."""
    of = without(FIRING[rule], source)
    assert findings(of, rule) == []
    (entry,) = unjudged(of, rule)
    assert (entry.account_id, entry.region, entry.resource) == (ACCOUNT, REGION, "")
    assert entry.reason == f"{source} could not be read"


@pytest.mark.parametrize("rule", RULES)
def test_a_source_that_it_does_not_need_changes_nothing_by_missing(rule: str) -> None:
    """Else `needs` would lack one, and a denied call would add or lose findings without a word."""
    (needs,) = (one.needs for one in all_rules() if one.id == rule)
    for of, source in product((*FIRING.values(), CENTRAL_EGRESS), set(Source) - set(needs)):
        assert proposals(unread(of, source), rule) == proposals(of, rule), source


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_its_page_has_all_its_parts_and_names_what_it_needs(rule: Rule) -> None:
    """`auditor explain` shows it: the last part says without which sources the rule is silent."""
    page = (PAGES / f"{rule.id}.md").read_text("utf-8")
    assert page.startswith(f"# {rule.id}: ")
    assert re.findall(r"^## (.*)$", page, flags=re.MULTILINE) == PARTS
    needs = page.partition("## When it is wrong or silent")[2].split("\n- ")[1]
    assert set(re.findall(r"`([^`]+)`", needs)) == {source.value for source in rule.needs}
    assert len(page.splitlines()) in range(40, 81)
    assert [line for line in page.splitlines() if len(line) > 120] == []


def test_the_reason_names_the_action_that_was_denied() -> None:
    gap = Gap(ACCOUNT, REGION, Source.NAT_METRICS, "cloudwatch:GetMetricData", "denied")
    of = without(FIRING["idle-nat-gateway"], Source.NAT_METRICS, gaps=(gap,))
    (entry,) = unjudged(of, "idle-nat-gateway")
    assert entry.reason == "nat-gateway-metrics could not be read: it needs cloudwatch:GetMetricData"


def test_of_nothing_that_was_read_every_rule_says_so_once() -> None:
    nothing = evidence(Network(), known=())
    assert audit(nothing).findings == ()
    assert [entry.rule for entry in audit(nothing).not_evaluated] == RULES


def test_in_an_empty_region_all_rules_are_content() -> None:
    nothing = evidence(Network())
    assert audit(nothing).findings == ()
    assert audit(nothing).not_evaluated == ()


def test_a_scope_that_was_skipped_is_not_judged() -> None:
    of = FIRING["idle-nat-gateway"]
    skipped = replace(of, scopes=(replace(of.scopes[0], skipped="denied by a service control policy"),))
    assert audit(skipped).findings == ()


@pytest.mark.parametrize("rule", RULES)
def test_an_account_is_told_only_of_what_is_its_own(rule: str) -> None:
    """Hubs of other accounts are seen, and judged where they belong."""
    of = FIRING[rule]
    other = replace(of, scopes=(*of.scopes, Scope("444455556666", REGION, known=EVERYTHING)))
    assert [one.id for one in findings(other, rule)] == [one.id for one in findings(of, rule)]
    assert {one.account_id for one in findings(other, rule)} == {ACCOUNT}


@pytest.mark.parametrize("rule", RULES)
def test_hostile_names_pass_through_unharmed_and_change_no_figure(rule: str) -> None:
    """Rules write text with names in it; braces and percent signs in them are never interpreted."""
    of = FIRING[rule]
    hostile = replace(of, scopes=tuple(replace(one, network=named(one.network, HOSTILE)) for one in of.scopes))
    found = findings(hostile, rule)
    assert [(one.id, one.saving) for one in found] == [(one.id, one.saving) for one in findings(of, rule)]
    assert all(HOSTILE in one.title for one in found)


def test_what_nobody_has_seen_yet_crashes_no_rule() -> None:
    found = audit(strange())
    judged = {one.resource for one in found.findings} | {one.resource for one in found.not_evaluated}
    assert not judged & {"nat-failed", "nat-deleted", "nat-new"}
    assert {"nat-regional", "nat-lost"} <= judged


def test_only_gateway_and_interface_endpoints_are_judged() -> None:
    told = {one.resource for one in audit(strange()).findings if one.resource.startswith("vpce-")}
    assert told != set()
    assert {one.split("-")[1] for one in told} <= {"Interface", "Gateway"}


def test_series_without_their_resource_and_resources_without_their_series_are_no_matter() -> None:
    of = evidence(app(endpoints=(interface("sqs", A),)), nat_series("nat-gone", 1), endpoint_series("vpce-gone", 1))
    assert {one.resource for one in audit(of).findings} >= {"nat-a"}
