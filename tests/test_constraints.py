"""What the user has decided holds before the plan is made: nothing that is left out or accepted is a step of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.analyzer import analyze, situation_of, traffics_of
from auditor.model.audit import Acceptance, AcceptedBy, Audit, Finding, Remediation, Status
from auditor.model.constraints import Accepted, Constraints
from auditor.model.evidence import Evidence
from auditor.model.resources import Endpoint
from auditor.rules.view import View
from tests.rules import build
from tests.test_analyzer import one_idle
from tests.whatif.networks import REGION, WINDOW, evidences

DAY = WINDOW.end.date()
"""The day on which the evidence was collected."""
IDLE = "idle-nat-gateway:nat-1"


def audit(evidence: Evidence, **constraints: Any) -> Audit:
    under = replace(evidence, constraints=Constraints(**constraints))
    return analyze(under, lambda _edits, _network: Remediation())


def idle(found: Audit) -> Finding:
    """The finding on the idle NAT gateway, which saves 32.85."""
    (finding,) = (one for one in found.findings if one.id == IDLE)
    return finding


def tagged(**tags: str) -> Evidence:
    """The evidence with an idle NAT gateway that has these tags."""
    evidence = one_idle()
    network = evidence.scopes[0].network
    pairs = tuple((f"auditor:{key.replace('_', '-')}", value) for key, value in tags.items())
    nats = (replace(network.nat_gateways[0], tags=(*pairs, ("Name", "x"))),)
    scope = replace(evidence.scopes[0], network=replace(network, nat_gateways=nats))
    return replace(evidence, scopes=(scope,))


@pytest.mark.parametrize("pattern", [IDLE, "idle-nat-gateway:*", "*:nat-?"])
def test_an_accepted_finding_stays_as_accepted_and_is_in_no_plan_and_no_sum(pattern: str) -> None:
    found = audit(one_idle(), accepted=(Accepted(pattern, "net", "failover"),))
    assert idle(found).status is Status.ACCEPTED
    assert idle(found).acceptance == Acceptance(AcceptedBy.CONFIGURATION, "net", "failover", None)
    assert idle(found).saving == idle(audit(one_idle())).saving
    assert "plan" not in idle(found).saving_note
    assert found.plan == ()
    assert (found.totals.saving_measured, found.totals.after_plan) == (Decimal(0), Decimal("32.85"))


@pytest.mark.parametrize("pattern", ["idle-nat-gateway", "idle-nat-gateway:nat-11", "IDLE-NAT-GATEWAY:nat-1", "[*"])
def test_other_findings_are_not_accepted_with_it(pattern: str) -> None:
    found = audit(one_idle(), accepted=(Accepted(pattern, "net", "failover"),))
    assert found == audit(one_idle())


def test_it_holds_on_its_last_day_and_no_longer_on_the_next() -> None:
    for last, status in ((DAY, Status.ACCEPTED), (DAY - timedelta(days=1), Status.OPEN)):
        found = audit(one_idle(), accepted=(Accepted(IDLE, "net", "failover", last),))
        assert idle(found).status is status
        assert idle(found).acceptance == Acceptance(AcceptedBy.CONFIGURATION, "net", "failover", last)
        assert len(found.plan) == (status is Status.OPEN)


def test_the_day_is_that_of_utc() -> None:
    """Late on the 19th in New York it is the 20th."""
    late = datetime(2026, 11, 19, 20, tzinfo=timezone(timedelta(hours=-5)))
    accepted = (Accepted(IDLE, "net", "failover", date(2026, 11, 19)),)
    assert idle(audit(replace(one_idle(), generated_at=late), accepted=accepted)).status is Status.OPEN


def test_of_several_acceptances_the_one_that_holds_counts_and_then_the_one_that_ended_last() -> None:
    past, yesterday = (Accepted(IDLE, "net", str(n), DAY - timedelta(days=n)) for n in (9, 1))
    later = Accepted("idle-*", "ops", "later", DAY + timedelta(days=9))
    for accepted, reason in (((past, later, yesterday), "later"), ((past, yesterday), "1")):
        acceptance = idle(audit(one_idle(), accepted=accepted)).acceptance
        assert acceptance is not None
        assert acceptance.reason == reason


def test_a_tag_accepts_the_findings_on_its_resource() -> None:
    found = audit(tagged(accept_until="2026-11-20", accept_reason="failover"))
    assert idle(found).status is Status.ACCEPTED
    assert idle(found).acceptance == Acceptance(AcceptedBy.TAG, None, "failover", DAY)
    assert found.plan == ()
    others = [one.status for one in found.findings if one.resource != "nat-1"]
    assert Status.ACCEPTED not in others


def test_a_tag_that_has_expired_leaves_the_finding_open_and_says_when_it_ended() -> None:
    finding = idle(audit(tagged(accept_until="2026-11-19")))
    assert finding.status is Status.OPEN
    assert finding.acceptance == Acceptance(AcceptedBy.TAG, None, None, date(2026, 11, 19))


@pytest.mark.parametrize(
    "text",
    ["", "forever", "2027-02-30", "20270131", "2027-W05", "31/01/2027", "\u0662027-01-31", "2027-01-31T00:00:00"],
)
def test_a_tag_without_a_date_is_ignored_and_the_finding_says_so(text: str) -> None:
    found = audit(tagged(accept_until=text))
    assert (idle(found).status, idle(found).acceptance) == (Status.OPEN, None)
    assert idle(found).saving_note.endswith(
        f"Its tag auditor:accept-until is ignored, because it is no date such as 2027-01-31: {text!r}."
    )
    assert len(found.plan) == 1


@pytest.mark.parametrize("text", [build.HOSTILE, "\x1b[31m\n\u202e", "x" * 10_000])
def test_a_hostile_tag_is_quoted_and_short(text: str) -> None:
    note = idle(audit(tagged(accept_until=text))).saving_note
    assert note.isprintable()
    assert len(note) < 400


@pytest.mark.parametrize("left_out", ["vpc-1", "nat-1"])
def test_what_is_left_out_has_no_finding_and_no_step_and_still_costs(left_out: str) -> None:
    evidence = one_idle()
    found = audit(evidence, exclude=(left_out,))
    assert IDLE not in {one.id for one in found.findings}
    assert found.plan == ()
    assert found.totals.nat_monthly_cost == Decimal("32.85")
    hidden = len(audit(evidence).findings) - len(found.findings)
    (note,) = found.notes
    assert note.startswith(f"Left out as configured: {left_out}. {hidden} finding")
    assert note.endswith("its cost stands in the totals.")


def test_what_is_left_out_and_was_not_seen_is_named() -> None:
    found = audit(one_idle(), exclude=("vpc-9", "nat-1"))
    assert found.notes[1] == "The configuration leaves out what this audit did not see: vpc-9."


@given(evidences(), st.data())
def test_no_finding_and_no_step_is_about_what_is_left_out(evidence: Evidence, data: st.DataObject) -> None:
    network = evidence.network
    left_out = data.draw(st.sampled_from([*network.vpc, *network.nat_gateway, *network.endpoint]))
    found = audit(evidence, exclude=(left_out,))
    rest = {one.id for one in audit(evidence).findings}
    assert {one.id for one in found.findings} <= rest
    for one in found.findings:
        assert left_out not in {one.resource, one.vpc_id}
        assert left_out not in {line.resource for line in one.added if one.vpc_id == left_out}
    assert {step.finding_id for step in found.plan} <= {one.id for one in found.findings}
    assert left_out not in {one.resource for one in found.not_evaluated}
    assert found.totals.nat_monthly_cost == audit(evidence).totals.nat_monthly_cost


@given(evidences())
def test_where_all_is_accepted_nothing_is_planned_and_everything_is_shown(evidence: Evidence) -> None:
    found = audit(evidence, accepted=(Accepted("*", "net", "all"),))
    assert {one.id for one in found.findings} == {one.id for one in audit(evidence).findings}
    assert all(one.status is Status.ACCEPTED for one in found.findings)
    assert (found.plan, found.totals.saving_measured, found.totals.saving_unmeasured_high) == (
        (),
        Decimal(0),
        Decimal(0),
    )


def test_what_saves_too_little_is_counted_and_not_shown() -> None:
    """32.85 are saved at the most: that is no less than itself."""
    assert IDLE in {one.id for one in audit(one_idle(), min_saving=Decimal("32.85")).findings}
    found = audit(one_idle(), min_saving=Decimal("32.86"))
    savings = [one.saving for one in found.findings]
    assert savings == [None] * len(savings)
    assert found.plan == ()
    hidden = len(audit(one_idle()).findings) - len(found.findings)
    (note,) = found.notes
    assert note.startswith(f"{hidden} finding")
    assert "less than 32.86 USD a month at the most" in note


@given(evidences(), st.decimals(0, 100, places=2))
def test_nothing_that_saves_enough_or_nothing_by_nature_is_hidden(evidence: Evidence, least: Decimal) -> None:
    whole, found = audit(evidence), audit(evidence, min_saving=least)
    enough = {one.id for one in whole.findings if one.saving is None or one.saving.high >= least}
    shown = {one.id: one for one in found.findings}
    assert enough <= shown.keys()
    assert all("not known here" in shown[one].saving_note for one in shown.keys() - enough)


def idle_endpoint(service: str) -> Evidence:
    endpoint: Endpoint = build.interface(service, build.A)
    network = build.app((build.A, "nat-a"), endpoints=(endpoint,))
    return build.evidence(network, build.nat_series("nat-a"), build.silent_series(endpoint.id))


def test_an_endpoint_that_must_stay_is_in_no_plan_and_the_finding_says_why() -> None:
    dropped = "idle-interface-endpoint:vpce-kms"
    assert dropped in {step.finding_id for step in audit(idle_endpoint("kms")).plan}
    found = audit(idle_endpoint("kms"), keep_private=("kms",))
    (finding,) = (one for one in found.findings if one.id == dropped)
    assert finding.status is Status.ACCEPTED
    assert finding.acceptance == Acceptance(AcceptedBy.KEEP_PRIVATE, None, "kms must stay private", None)
    assert dropped not in {step.finding_id for step in found.plan}
    other = audit(idle_endpoint("sqs"), keep_private=("kms",))
    assert "idle-interface-endpoint:vpce-sqs" in {step.finding_id for step in other.plan}


def test_rules_see_the_constraints() -> None:
    evidence = replace(one_idle(), constraints=Constraints(min_endpoint_azs=3))
    situation = situation_of(evidence, REGION, traffics_of(evidence)[0])
    assert View(evidence, situation, "1", REGION).constraints.min_endpoint_azs == 3
