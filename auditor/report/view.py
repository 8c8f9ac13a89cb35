"""What every report shows of an audit, in the order in which it is read; amounts stay exact.

A sum from which something may be missing is "at least", and one of which nothing was seen is unknown: a gap
never looks like zero.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from auditor.model.audit import Audit, Finding, NotEvaluated, PlanStep, Saving, Severity, Status
from auditor.model.evidence import Gap, Source
from auditor.model.money import ZERO, Bill, Difference, Line
from auditor.model.parts import on_transit
from auditor.report.destinations import Told, told
from auditor.report.filters import usd
from auditor.report.ledger import explained_share
from auditor.report.text import counted, unique

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from decimal import Decimal

STATUS_WORDS = (
    ("audited", "read in full"),
    ("partial", "read in part"),
    ("skipped", "skipped"),
    ("failed", "not readable"),
)
READ = frozenset({"audited", "partial"})
REACH = frozenset({Source.ACCOUNT, Source.REGIONS})
"""Without these, nobody knows which resources there are at all."""

SEVERITIES = (Severity.HIGH, Severity.MEDIUM, Severity.LOW)
TOP = 3
"""Changes that the first page names."""

SETTLED = frozenset({Status.ACCEPTED, Status.RESOLVED})


@dataclass(frozen=True, slots=True)
class Figure:
    """USD a month: `None` where nothing of it is known, `at_least` where something of it is not."""

    usd: Decimal | None
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class NumberedFinding:
    """A finding with its number in this report, which is also its anchor."""

    number: int
    finding: Finding

    @property
    def difference(self) -> Decimal | None:
        """Lines avoided less lines added; `None` where one of them has no known cost."""
        return Difference(self.finding.avoided, self.finding.added).usd


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the plan with its finding; `None` where the audit does not hold it."""

    step: PlanStep
    numbered: NumberedFinding | None

    @property
    def title(self) -> str:
        """Its finding's title, else its id."""
        return self.numbered.finding.title if self.numbered else self.step.finding_id

    @property
    def worth(self) -> tuple[Decimal, Decimal]:
        """What it saves, measured first."""
        return self.step.saving, self.step.unmeasured_high


@dataclass(frozen=True, slots=True)
class GapGroup:
    """Gaps of one account that differ by their region only."""

    account_id: str
    source: Source
    action: str
    reason: str
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SilentRule:
    """A rule that could not be judged, for one reason, in these places."""

    rule: str
    reason: str
    places: tuple[str, ...]


@dataclass(frozen=True)
class View:
    """An audit as a reader meets it."""

    audit: Audit
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    nat_cost: Figure
    endpoint_cost: Figure
    saving: Figure
    after_plan: Figure
    seen: str
    is_complete: bool
    findings: tuple[NumberedFinding, ...]
    settled: tuple[NumberedFinding, ...]
    names: Mapping[str, str]
    steps: tuple[Step, ...]
    gaps: tuple[GapGroup, ...]
    not_evaluated: tuple[SilentRule, ...]
    told: Told
    explained_share: Decimal | None

    @property
    def top(self) -> tuple[Step, ...]:
        """The steps worth most: by what was measured, and by the bound where nothing was."""
        worth = [step for step in self.steps if step.step.saving > 0 or step.step.unmeasured_high > 0]
        return tuple(sorted(worth, key=lambda step: step.worth, reverse=True)[:TOP])

    @cached_property
    def step_of(self) -> dict[str, PlanStep]:
        """Steps by their finding's id."""
        return {row.step.finding_id: row.step for row in self.steps}

    @property
    def apart(self) -> str:
        """What the plan changes on bills that hold neither NAT gateways nor endpoints; empty where nothing."""
        on_them = on_transit(one for row in self.steps for one in row.step.parts)
        if not on_them:
            return ""
        return f"Transit gateways are in no bill here: they cost {usd(on_them.copy_abs())} {_direction(on_them)}."

    @property
    def severities(self) -> tuple[tuple[Severity, int], ...]:
        """How many open findings there are of each severity that occurs, the highest first."""
        counts = Counter(numbered.finding.severity for numbered in self.findings)
        return tuple((severity, counts[severity]) for severity in SEVERITIES if counts[severity])


def _direction(saving: Decimal) -> str:
    return (
        "a month less, which the plan's saving holds" if saving > 0 else "a month more, which is off the plan's saving"
    )


def view(audit: Audit) -> View:
    """The audit, ordered and grouped."""
    findings = [NumberedFinding(n, f) for n, f in enumerate(sorted(audit.findings, key=_rank), start=1)]
    by_id = {numbered.finding.id: numbered for numbered in findings}
    nat_missing = _is_missing(audit, Source.NAT_GATEWAYS)
    endpoints_missing = _is_missing(audit, Source.ENDPOINTS)
    return View(
        audit=audit,
        accounts=unique(scope.account_id for scope in audit.scopes),
        regions=unique(scope.region for scope in audit.scopes),
        nat_cost=_figure(audit.totals.nat_monthly_cost, at_least=nat_missing),
        endpoint_cost=_figure(audit.totals.endpoint_monthly_cost, at_least=endpoints_missing),
        saving=Figure(audit.totals.saving_measured if _read(audit) else None),
        after_plan=_figure(audit.totals.after_plan, at_least=nat_missing or endpoints_missing),
        seen=_seen(audit),
        is_complete=_is_complete(audit),
        findings=tuple(n for n in findings if n.finding.status not in SETTLED),
        settled=tuple(n for n in findings if n.finding.status in SETTLED),
        names=_names(audit),
        steps=tuple(Step(step, by_id.get(step.finding_id)) for step in audit.plan),
        gaps=_gap_groups(audit.gaps),
        not_evaluated=_silent_rules(audit.not_evaluated),
        told=told(audit),
        explained_share=explained_share(audit.nat_gateways),
    )


def bill(lines: Iterable[Line]) -> Bill:
    """The lines as a bill, which knows its sum."""
    return Bill(tuple(lines))


def is_measured(saving: Saving) -> bool:
    """Whether the traffic that decides the saving was measured."""
    return saving.expected is not None


def is_exact(saving: Saving) -> bool:
    """Whether low, expected and high are one figure."""
    return saving.low == saving.expected == saving.high


def _figure(amount: Decimal, *, at_least: bool) -> Figure:
    return Figure(None, at_least=False) if at_least and not amount else Figure(amount, at_least)


def _is_missing(audit: Audit, source: Source) -> bool:
    """Whether resources of that source, or lines of their cost, may be missing from a sum."""
    if audit.totals.unknown_lines or not _read(audit):
        return True
    failed = any(scope.status == "failed" for scope in audit.scopes)
    return failed or any(gap.source in REACH | {source} for gap in audit.gaps)


def _read(audit: Audit) -> int:
    return sum(scope.status in READ for scope in audit.scopes)


def _is_complete(audit: Audit) -> bool:
    return bool(audit.scopes) and not audit.gaps and all(scope.status == "audited" for scope in audit.scopes)


def _rank(finding: Finding) -> tuple[int, Decimal, Decimal, str]:
    saving = finding.saving or Saving(ZERO, ZERO, ZERO)
    return SEVERITIES.index(finding.severity), -(saving.expected or ZERO), -saving.high, finding.id


def _seen(audit: Audit) -> str:
    gaps = counted(len(audit.gaps), "gap") if audit.gaps else "no gaps"
    if not audit.scopes:
        return f"No account could be read; {gaps}."
    counts = Counter(scope.status for scope in audit.scopes)
    parts = ", ".join(f"{counts[status]:,} {words}" for status, words in STATUS_WORDS if counts[status])
    return f"{counted(len(audit.scopes), 'scope')} (an account in one region): {parts}; {gaps}."


def _names(audit: Audit) -> dict[str, str]:
    """Names of VPCs, NAT gateways and endpoints by id; what has none, or was not seen, is absent."""
    names: dict[str, str] = {}
    for nat in audit.nat_gateways:
        names |= {nat.id: nat.name, nat.vpc_id: nat.vpc_name}
    for endpoint in audit.endpoints:
        names |= {endpoint.id: endpoint.name, endpoint.vpc_id: endpoint.vpc_name}
    return {key: name for key, name in names.items() if name}


def _gap_groups(gaps: Collection[Gap]) -> tuple[GapGroup, ...]:
    regions: dict[tuple[str, Source, str, str], list[str]] = defaultdict(list)
    for gap in gaps:
        regions[gap.account_id, gap.source, gap.action, gap.reason].append(gap.region)
    return tuple(GapGroup(*key, regions=unique(found)) for key, found in regions.items())


def _silent_rules(rules: Collection[NotEvaluated]) -> tuple[SilentRule, ...]:
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for silent in rules:
        place = " ".join(part for part in (silent.account_id, silent.region, silent.resource) if part)
        places[silent.rule, silent.reason].append(place)
    return tuple(SilentRule(*key, places=unique(found)) for key, found in sorted(places.items()))
