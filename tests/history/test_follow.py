"""Findings keep their identity from run to run, and what could not be seen is never resolved."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.history import follow
from auditor.model.audit import Audit, Finding, NotEvaluated, ScopeSummary, Status
from auditor.model.constraints import Constraints
from auditor.model.evidence import Gap, Source
from auditor.model.history import SinceLast
from auditor.model.traffic import Level
from auditor.report.document import render_json
from auditor.store.files import parse_audit
from tests.history.audits import ACCOUNT, REGION, audit, finding, nat

S3, ECR, KMS = finding("s3"), finding("ecr", saving="30"), finding("kms", saving=None)
DENIED = Gap(ACCOUNT, REGION, Source.FLOW_LOGS, "ec2:DescribeFlowLogs", "denied")


def sequence(*audits: Audit, constraints: Constraints = Constraints()) -> list[Audit]:
    """Each compared with the one before, by way of its file, as a store gives it."""
    before: Audit | None = None
    found: list[Audit] = []
    for n, one in enumerate(audits):
        found.append(follow(before, f"run-{n - 1}" if n else None, one, constraints))
        before = parse_audit(render_json(found[-1]).encode(), "audit.json")
    return found


def since(one: Audit) -> SinceLast:
    assert one.since_last
    return one.since_last


def told(one: Audit) -> dict[str, list[str]]:
    """The comparison in short: last parts of ids."""
    names = ("new", "resolved", "came_back", "not_seen")
    return {
        name: [m.id.split(":")[-1] for m in getattr(since(one), name)] for name in names if getattr(since(one), name)
    }


def statuses(one: Audit) -> list[tuple[str, Status, datetime | None]]:
    return [(found.id.split(":")[-1], found.status, found.since) for found in one.findings]


def test_the_first_run_has_nothing_new() -> None:
    (only,) = sequence(audit(0, [S3]))
    assert (since(only).run, since(only).at, told(only)) == (None, None, {})
    assert statuses(only) == [("s3", Status.OPEN, only.generated_at)]


def test_a_finding_is_new_then_open_then_resolved_then_came_back() -> None:
    first, second, third, fourth, fifth, sixth = sequence(
        audit(0), audit(1, [S3]), audit(2, [S3]), audit(3), audit(4), audit(5, [S3])
    )
    assert (told(second), statuses(second)) == ({"new": ["s3"]}, [("s3", Status.NEW, second.generated_at)])
    assert (told(third), statuses(third)) == ({}, [("s3", Status.OPEN, second.generated_at)])
    assert told(fourth) == {"resolved": ["s3"]}
    (gone,) = since(fourth).resolved
    assert (gone.since, gone.until, gone.planned) == (second.generated_at, third.generated_at, Decimal(90))
    assert told(fifth) == {}, "it is resolved once"
    assert told(sixth) == {"came_back": ["s3"]}
    assert since(sixth).came_back[0].until == third.generated_at
    assert statuses(sixth) == [("s3", Status.CAME_BACK, sixth.generated_at)]
    assert (since(sixth).run, since(sixth).at) == ("run-4", fifth.generated_at)
    assert [point.run for point in since(sixth).trend] == [*(f"run-{n}" for n in range(5)), None]
    assert since(first).trend[0].nat_monthly_cost == Decimal(0)


def test_an_accepted_finding_stays_accepted_and_keeps_its_date() -> None:
    accepted = replace(S3, status=Status.ACCEPTED)
    _, second, third = sequence(audit(0), audit(1, [accepted]), audit(2, [accepted]))
    assert (told(second), told(third)) == ({}, {})
    assert statuses(third) == [("s3", Status.ACCEPTED, second.generated_at)]


UNSEEN: dict[str, dict[str, object]] = {
    "the scope failed": {"scopes": (ScopeSummary(ACCOUNT, REGION, "failed", "denied"),)},
    "the region was skipped": {"scopes": (ScopeSummary(ACCOUNT, REGION, "skipped", "not opted in"),)},
    "the account is gone": {"scopes": ()},
    "another source was denied": {"gaps": (DENIED,)},
    "a call of the whole account was denied": {"gaps": (replace(DENIED, region=""),)},
    "the rule was not judged": {"not_evaluated": (NotEvaluated(S3.rule, ACCOUNT, REGION, "no prices"),)},
    "nor for the resource": {"not_evaluated": (NotEvaluated(S3.rule, ACCOUNT, REGION, "no prices", "vpc-1"),)},
}


@pytest.mark.parametrize("why", UNSEEN)
def test_what_could_not_be_seen_is_not_resolved_until_it_can_be(why: str) -> None:
    blind = replace(audit(1), **UNSEEN[why])  # type: ignore[arg-type]
    _, second, third, fourth = sequence(
        audit(0, [S3]), blind, replace(blind, generated_at=audit(2).generated_at), audit(3)
    )
    assert told(second) == told(third) == {"not_seen": ["s3"]}
    assert told(fourth) == {"resolved": ["s3"]}
    *_, back = sequence(audit(0, [S3]), blind, audit(2, [S3]))
    assert told(back) == {}, "it was there all the time"
    assert back.findings[0].since == audit(0).generated_at


ELSEWHERE: dict[str, dict[str, object]] = {
    "a gap in another region": {"gaps": (replace(DENIED, region="eu-west-1"),)},
    "a gap in another account": {"gaps": (replace(DENIED, account_id="444455556666"),)},
    "another rule not judged": {"not_evaluated": (NotEvaluated("idle-nat-gateway", ACCOUNT, REGION, "no metrics"),)},
    "another resource not judged": {"not_evaluated": (NotEvaluated(S3.rule, ACCOUNT, REGION, "no prices", "vpc-2"),)},
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_what_is_unseen_elsewhere_does_not_matter(where: str) -> None:
    _, second = sequence(audit(0, [S3]), replace(audit(1), **ELSEWHERE[where]))  # type: ignore[arg-type]
    assert told(second) == {"resolved": ["s3"]}


def test_a_gap_that_was_there_when_it_was_seen_does_not_hide_it() -> None:
    _, second = sequence(audit(0, [S3], gaps=(DENIED,)), audit(1, gaps=(DENIED,)))
    assert told(second) == {"resolved": ["s3"]}


def test_without_the_flow_logs_that_it_rested_on_it_is_not_seen() -> None:
    measured = replace(S3, evidence=Level.FLOW_LOGS)
    _, second = sequence(audit(0, [measured]), audit(1))
    assert told(second) == {"not_seen": ["s3"]}
    silent = replace(nat(), bytes_in_from_source=0, bytes_in_from_destination=0)
    _, third = sequence(audit(0, [measured]), audit(1, nat_gateways=(silent,)))
    assert told(third) == {"resolved": ["s3"]}, "without bytes there is nothing that flow logs could tell"


@pytest.mark.parametrize("decided", [Constraints(exclude=("vpc-1",)), Constraints(min_saving=Decimal(91))])
def test_what_the_user_hides_is_not_resolved(decided: Constraints) -> None:
    _, second = sequence(audit(0, [S3]), audit(1), constraints=decided)
    assert told(second) == {"not_seen": ["s3"]}


def test_what_only_came_into_sight_is_not_new() -> None:
    for before in (audit(0, gaps=(DENIED,)), audit(0, scopes=())):
        _, second = sequence(before, audit(1, [S3]))
        assert (told(second), statuses(second)[0][1]) == ({}, Status.OPEN)


def test_what_could_be_seen_then_and_not_now_is_said() -> None:
    other = ScopeSummary(ACCOUNT, "eu-west-1", "audited", None)
    lost = replace(other, status="failed", reason="AuthFailure")
    _, second = sequence(
        audit(0, scopes=(*audit(0).scopes, other)), audit(1, scopes=(*audit(0).scopes, lost), gaps=(DENIED,))
    )
    assert [(one.region, one.reason) for one in since(second).lost] == [("eu-west-1", "AuthFailure")]
    assert since(second).new_gaps == (DENIED,)


def test_of_a_source_with_several_gaps_only_more_of_them_are_news() -> None:
    """One flow log could not be read before, now it is two; that a reason names another figure is no news."""
    first, second = (
        Gap(ACCOUNT, REGION, Source.FLOW_RECORDS, "s3:GetObject", f"fl-{n}: $1.01 above the budget") for n in (1, 2)
    )
    dearer = replace(first, reason="fl-1: $1.02 above the budget")
    for now, told in (((first, second), (second,)), ((dearer,), ()), ((), ())):
        _, after = sequence(audit(0, gaps=(first,)), audit(1, gaps=now))
        assert since(after).new_gaps == told


def test_a_gap_of_the_whole_account_is_news_where_something_of_it_is_read() -> None:
    """Its regions could not be asked for: those that are read may not be all."""
    gap = Gap(ACCOUNT, "", Source.REGIONS, "ec2:DescribeRegions", "denied")
    elsewhere = replace(gap, account_id="999999999999")
    _, second = sequence(audit(0), audit(1, gaps=(gap, elsewhere)))
    assert since(second).new_gaps == (gap,)


def test_memory_is_flat_and_a_year_is_remembered() -> None:
    """Two hundred weeks, each with a finding of its own: what is older than CloudWatch's memory is forgotten."""
    before: Audit | None = None
    for week in range(200):
        before = follow(before, "run", audit(week, [finding(f"service-{week}")]))
    assert before
    assert len(since(before).trend) == 65  # 455 days are 65 weeks
    assert len(since(before).settled) == 64
    assert len(json.loads(render_json(before))["since_last"]["realised"]) <= 65


@given(st.lists(st.sets(st.sampled_from([S3, ECR, KMS])), min_size=1, max_size=8))
def test_every_finding_is_in_one_place(weeks: list[set[Finding]]) -> None:
    """An oracle by hand: what a set of each week and the weeks before it say."""
    audits = sequence(*(audit(n, sorted(found, key=lambda one: one.id)) for n, found in enumerate(weeks)))
    seen: set[str] = set()
    for n, one in enumerate(audits):
        now = {found.id for found in one.findings}
        then = {found.id for found in audits[n - 1].findings} if n else set()
        past = since(one)
        assert {m.id for m in past.new} == (now - seen if n else set())
        assert {m.id for m in past.resolved} == then - now
        assert {m.id for m in past.came_back} == (now & seen) - then
        assert past.not_seen == ()
        seen |= now
        assert {m.id for m in past.settled} == seen - now


def test_a_run_without_history_is_compared_all_the_same() -> None:
    """An audit.json of before this version has no `since_last`."""
    old = replace(audit(0, [S3]), schema_version="1.1")
    second = follow(old, "run-0", audit(1, [S3, ECR]))
    assert told(second) == {"new": ["ecr"]}
    assert statuses(second)[0] == ("s3", Status.OPEN, old.generated_at)
    assert second.generated_at - old.generated_at == timedelta(weeks=1)


def moved(before: Finding, now: Finding) -> list[tuple[Decimal, bool, Decimal, bool]]:
    _, second = sequence(audit(0, [before]), audit(1, [now]))
    return [(one.before, one.was_measured, one.now, one.is_measured) for one in since(second).saving_changes]


@pytest.mark.parametrize(
    ("before", "now", "is_told"),
    [
        ("90", "90", False),
        ("90", "112.49", False),  # less than a fifth of it
        ("90", "112.50", True),
        ("112.50", "90", True),
        ("12", "2.01", False),  # much of it, and less than USD 10
        ("12", "2", True),
        ("90", "-5", True),
    ],
)
def test_a_finding_that_stays_and_saves_another_amount_is_told_where_it_is_news(
    before: str, now: str, *, is_told: bool
) -> None:
    expected = [(Decimal(before), True, Decimal(now), True)] if is_told else []
    assert moved(finding(saving=before), finding(saving=now)) == expected


def test_what_is_measured_now_is_told_beside_the_bound_that_it_was() -> None:
    assert moved(finding(saving=None), finding(saving="30")) == [(Decimal(200), False, Decimal(30), True)]
    assert moved(finding(saving=None), finding(saving=None)) == []
    assert moved(replace(S3, saving=None), S3) == []


def test_only_of_open_findings_it_is_told_and_first_of_those_that_moved_most() -> None:
    dear, dearer = finding("s3", saving="190"), finding("ecr", saving="230")
    accepted = replace(finding("kms", saving="500"), status=Status.ACCEPTED)
    _, second, third = sequence(
        audit(0, [S3, ECR, KMS]), audit(1, [dear, dearer, accepted, finding("sts", saving="70")]), audit(2, [S3])
    )
    assert [one.id.split(":")[-1] for one in since(second).saving_changes] == ["ecr", "s3"]
    assert [one.now for one in since(third).saving_changes] == [Decimal(90)], "compared with the run before alone"
