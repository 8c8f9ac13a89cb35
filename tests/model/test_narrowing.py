"""An owner sees their own accounts: nothing of others, and sums that are right for what is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from auditor.model.audit import ScopeSummary
from auditor.model.history import Lost, SinceLast
from auditor.model.letter import Since
from auditor.model.narrowing import narrowed, narrowed_since
from auditor.model.plain import to_json
from tests.history.audits import MOVED
from tests.report.example import AUDIT, ENDPOINT_FINDING, NAT_A, S3_FINDING

ONE, TWO = "111122223333", "444455556666"


def test_what_is_left_is_of_the_account_and_adds_up() -> None:
    part = narrowed(AUDIT, {ONE})
    assert [nat.id for nat in part.nat_gateways] == [nat.id for nat in AUDIT.nat_gateways if nat.account_id == ONE]
    assert part.findings == (S3_FINDING,)
    # Its NAT gateway costs $219.73005 and its one step saves what the whole plan's first step does.
    assert part.totals.nat_monthly_cost == NAT_A.monthly_cost
    assert part.totals.endpoint_monthly_cost == sum(
        (one.monthly_cost or Decimal(0) for one in part.endpoints), Decimal(0)
    )
    (step,) = part.plan
    assert part.totals.saving_measured == step.saving == step.cumulative
    left = part.totals.nat_monthly_cost + part.totals.endpoint_monthly_cost - step.saving
    assert part.totals.after_plan == left


def test_nothing_names_the_other_account() -> None:
    for mine, other in ((ONE, TWO), (TWO, ONE)):
        lost = Lost(other, "eu-west-1", f"{mine} may not read {other}")
        past = SinceLast("a-run", datetime(2026, 11, 13, tzinfo=UTC), lost=(lost,))
        noted = replace(AUDIT, notes=(f"the flow log of account {other} is late",), since_last=past)
        assert mine in to_json(noted)
        assert other not in to_json(narrowed(noted, {mine}))


def test_all_accounts_together_are_the_whole() -> None:
    accounts = {scope.account_id for scope in AUDIT.scopes} | {gap.account_id for gap in AUDIT.gaps}
    whole = narrowed(AUDIT, accounts)
    assert whole.totals == AUDIT.totals
    assert (whole.findings, whole.plan, whole.gaps) == (AUDIT.findings, AUDIT.plan, AUDIT.gaps)


def test_an_unknown_account_has_nothing() -> None:
    part = narrowed(AUDIT, {"999999999999"})
    assert (part.scopes, part.findings, part.plan, part.nat_gateways) == ((), (), (), ())
    assert part.totals.saving_measured == 0


def test_what_changed_elsewhere_is_not_told() -> None:
    lost = ScopeSummary(TWO, "eu-west-1", "failed", None)
    since = Since(
        datetime(2026, 11, 13, tzinfo=UTC),
        new=(S3_FINDING,),
        resolved=(ENDPOINT_FINDING,),
        less_seen=(lost,),
        saving_changes=(replace(MOVED, account_id=TWO),),
    )
    assert narrowed_since(since, {ONE}) == replace(since, resolved=(), less_seen=(), saving_changes=())
    assert narrowed_since(since, {TWO}) == replace(since, new=())
    assert narrowed_since(since, {"999999999999"}).is_quiet
