"""Audits of one VPC with one NAT gateway, week by week; each figure in them was worked out on paper."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from auditor.model.audit import Audit, EndpointCost, Finding, NatGatewayCost, PlanStep, Saving, ScopeSummary
from auditor.model.evidence import Series, Window
from auditor.model.history import SavingChange
from auditor.model.money import Line
from auditor.model.traffic import Level
from tests.report.example import ENDPOINT, NAT_A, S3_FINDING, empty_audit

GIB = 2**30
ACCOUNT, REGION = "111122223333", "us-east-1"
FIRST = date(2026, 11, 2)
"""A Monday."""

PRICED = ("AWS price list", "2026-11-01")
HOURS = Decimal("32.85")
"""730 × 0.045."""


def line(resource: str, unit: str, usd: str, price: str = "0.045") -> Line:
    amount = Decimal(usd)
    return Line(resource, "made up", amount / Decimal(price), unit, Decimal(price), amount, *PRICED)


def finding(name: str = "s3", nat: str = "nat-1", saving: str | None = "90", **changes: object) -> Finding:
    """A missing endpoint whose bytes go through that NAT gateway."""
    expected = None if saving is None else Decimal(saving)
    made = replace(
        S3_FINDING,
        id=f"missing-gateway-endpoint:vpc-1:{name}",
        account_id=ACCOUNT,
        region=REGION,
        vpc_id="vpc-1",
        resource="vpc-1",
        title=f"vpc-1 has no {name} endpoint",
        evidence=Level.METRICS,
        saving=Saving(Decimal(0), expected, expected or Decimal(200)),
        avoided=(line(nat, "GB", saving or "200"),),
        added=(),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def nat(name: str = "nat-1") -> NatGatewayCost:
    lines = (line(name, "hour", "32.85"), line(name, "GB", "100"))
    return replace(
        NAT_A,
        id=name,
        account_id=ACCOUNT,
        region=REGION,
        vpc_id="vpc-1",
        attribution=None,
        destinations=(),
        lines=lines,
    )


def endpoint(name: str = "vpce-new") -> EndpointCost:
    """USD 7.30 a month for its hours in one zone, 0.01 a GB."""
    lines = (line(name, "hour", "7.3", "0.01"), line(name, "GB", "1", "0.01"))
    return replace(ENDPOINT, id=name, account_id=ACCOUNT, region=REGION, vpc_id="vpc-1", type="Interface", lines=lines)


def daily(resource: str, end: date, gib: Iterable[int], metric: str = "BytesInFromDestination") -> Series:
    """So many GB on each of the days before `end`, the last one last."""
    counts = tuple(gib)
    days = tuple(end - timedelta(days=n) for n in range(len(counts), 0, -1))
    return Series(resource, metric, days, tuple(count * GIB for count in counts))


def audit(week: int, findings: Iterable[Finding] = (), **changes: object) -> Audit:
    """The audit of a Monday at nine, that many weeks after the first, over 28 days."""
    at = datetime.combine(FIRST + timedelta(weeks=week), datetime.min.time(), UTC)
    found = tuple(findings)
    steps = [one for one in found if one.saving and one.saving.expected]
    made = replace(
        empty_audit(),
        generated_at=at + timedelta(hours=9),
        window=Window(at - timedelta(days=28), at),
        scopes=(ScopeSummary(ACCOUNT, REGION, "audited", None),),
        nat_gateways=(nat(),),
        findings=found,
        plan=tuple(
            PlanStep(n, one.id, one.saving.expected, Decimal(0), Decimal(0), Decimal(0))
            for n, one in enumerate(steps, start=1)
            if one.saving and one.saving.expected
        ),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


MOVED = SavingChange(
    id="missing-gateway-endpoint:vpc-1:s3",
    account_id=ACCOUNT,
    region=REGION,
    title="S3 by NAT",
    before=Decimal(100),
    was_measured=True,
    now=Decimal(310),
    is_measured=True,
)
