"""Groups of accounts that nothing joins are judged apart, which nobody can tell from the audit."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from auditor import regions
from auditor.analyzer import analyze
from auditor.model.audit import Audit
from auditor.model.evidence import Evidence, Source
from auditor.model.money import Item
from auditor.model.plain import to_json
from auditor.remediation.plan import plan_texts
from auditor.remediation.remedy import remedy
from auditor.store.files import parse_evidence
from auditor.whatif.meeting import apart
from tests.test_across_accounts import HUB, SPOKE, organization
from tests.whatif.networks import evidences

OTHERS = {"111111111111": "155555555555", "222222222222": "044444444444"}
"""One account of the other pair comes before, one between those of the first."""


def audit(evidence: Evidence) -> Audit:
    return analyze(evidence, remedy, plan_texts)


def renamed(evidence: Evidence) -> Evidence:
    """The same of other accounts."""
    text = re.sub(r"(vpc|tgw|tgw-rtb|sg|igw|pcx|eni|nat)-(?=\d|gone)", r"\1-other-", to_json(evidence))
    for old, new in OTHERS.items():
        text = text.replace(old, new)
    return parse_evidence(text.encode(), Path("renamed"))


def together(one: Evidence, other: Evidence) -> Evidence:
    """Both in one run, the scopes in the order in which a run has them."""
    scopes = (*one.scopes, *renamed(other).scopes)
    return replace(one, scopes=tuple(sorted(scopes, key=lambda scope: scope.account_id)))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(evidences(), evidences())
def test_an_audit_in_groups_is_the_audit_of_all_accounts_at_once(
    monkeypatch: pytest.MonkeyPatch, one: Evidence, other: Evidence
) -> None:
    both = together(one, other)
    in_groups = audit(both)
    with monkeypatch.context() as patched:
        patched.setattr(regions, "apart", lambda scopes: [tuple(scopes)])
        at_once = audit(both)
    assert to_json(in_groups) == to_json(at_once)


def test_accounts_that_nothing_joins_stand_apart() -> None:
    """Two companies' hubs and spokes, of which the accounts come in turn."""
    first = organization().scopes
    words = {*Source, *Item}
    text = re.sub(
        r'"([a-z]+-[^" ]*)"',
        lambda found: found[0] if found[1] in words else f'"{found[1]}-other"',
        to_json(organization()),
    )
    for old, new in {HUB: "333333333333", SPOKE: "000000000000"}.items():
        text = text.replace(old, new)
    second = parse_evidence(text.encode(), Path("other")).scopes
    groups = apart((second[1], first[0], second[0], first[1]))
    assert [[scope.account_id for scope in group] for group in groups] == [
        ["000000000000", "333333333333"],
        [HUB, SPOKE],
    ]


def test_a_spoke_stands_with_its_hub() -> None:
    assert [len(group) for group in apart(organization().scopes)] == [2]


@pytest.mark.parametrize("kept", ["attachments", "transit_routes", "route_tables", "subnets"])
def test_one_thing_that_both_name_joins_them(kept: str) -> None:
    """The hub's account could read all, the spoke's one thing only: it must not look lonely for that."""
    hub, spoke = organization().scopes
    part: dict[str, Any] = {kept: getattr(spoke.network, kept) or getattr(hub.network, kept)}
    assert len(apart((hub, replace(spoke, network=type(spoke.network)(**part))))) == 1
