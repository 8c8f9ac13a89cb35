"""The tables of an audit, each defined once: XLSX, CSV and their documentation are made from these columns."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from auditor.model.money import Line
from auditor.report.columns import Column, Kind, Table, column
from auditor.report.view import Figure, NumberedFinding, View, bill


@dataclass(frozen=True, slots=True)
class Total:
    """One of the figures on the first page."""

    figure: str
    amount: Figure
    says: str


def totals(seen: View) -> tuple[Total, ...]:
    """The figures on the first page."""
    unmeasured = None if seen.saving.usd is None else seen.audit.totals.saving_unmeasured_high
    return (
        Total("nat_monthly_cost", seen.nat_cost, "What NAT gateways cost a month"),
        Total("endpoint_monthly_cost", seen.endpoint_cost, "What VPC endpoints cost a month"),
        Total("saving_measured", seen.saving, "What the plan saves a month, measured"),
        Total("saving_unmeasured_high", Figure(unmeasured), "Apart from that at most, not measured: never add it"),
        Total(
            "after_plan",
            seen.after_plan,
            "What NAT gateways and endpoints cost a month after the measured savings on them",
        ),
    )


def findings(seen: View) -> tuple[NumberedFinding, ...]:
    """Open ones as the report numbers them, then those that are accepted."""
    return (*seen.findings, *seen.settled)


def _known(row: Any) -> Decimal:  # noqa: ANN401 -- a NAT gateway or an endpoint
    lines: tuple[Line, ...] = row.lines
    return bill(lines).known_usd


_ACCOUNT = column("account_id", Kind.TEXT, "Account.")
_REGION = column("region", Kind.TEXT, "Region; empty where it is about a whole account.")
_RESOURCE = (
    column("id", Kind.TEXT, "Id."),
    column("name", Kind.TEXT, "Its tag `Name`."),
    _ACCOUNT,
    column("region", Kind.TEXT, "Region."),
    column("vpc_id", Kind.TEXT, "VPC."),
    column("vpc_name", Kind.TEXT, "The VPC's tag `Name`."),
)
_COST = (
    column("monthly_cost_usd", Kind.USD, "USD a month; empty where a line of it is unknown.", "monthly_cost"),
    Column("known_lines_usd", Kind.USD, "The sum of its known lines: this adds up to the total.", _known),
)

TOTALS = Table(
    "Totals",
    "One row per figure of the first page.",
    (
        column("figure", Kind.TEXT, "Its name, as in `totals` of `audit.json`."),
        column("usd", Kind.USD, "The amount; empty where nothing of it is known.", "amount.usd"),
        column("is_lower_bound", Kind.FLAG, "Whether something that could not be read is missing.", "amount.at_least"),
        column("meaning", Kind.PROSE, "The figure in words.", "says"),
    ),
    totals,
)

FINDINGS = Table(
    "Findings",
    "One row per finding, numbered as in the report; accepted ones come last and are in no sum.",
    (
        column("number", Kind.COUNT, "Its number in the report."),
        column("id", Kind.TEXT, "Stable from run to run.", "finding.id"),
        column("rule", Kind.TEXT, "The rule that found it: `auditor explain RULE`.", "finding.rule"),
        column("severity", Kind.TEXT, "`high`, `medium` or `low`.", "finding.severity"),
        column("status", Kind.TEXT, "`new`, `open`, `came-back`, `accepted`.", "finding.status"),
        column("since", Kind.MOMENT, "When it was first seen; empty without a store.", "finding.since"),
        column("evidence", Kind.TEXT, "`topology`, `metrics`, `flow-logs` or `names`.", "finding.evidence"),
        column("account_id", Kind.TEXT, "Account.", "finding.account_id"),
        column("region", Kind.TEXT, "Region.", "finding.region"),
        column("vpc_id", Kind.TEXT, "VPC.", "finding.vpc_id"),
        column("resource", Kind.TEXT, "What it is about.", "finding.resource"),
        column("title", Kind.PROSE, "The finding in one line.", "finding.title"),
        column("saving_low_usd", Kind.USD, "At least. Empty where it saves nothing.", "finding.saving.low"),
        column("saving_expected_usd", Kind.USD, "Empty where it was not measured.", "finding.saving.expected"),
        column("saving_high_usd", Kind.USD, "At most. Findings overlap: only the plan adds up.", "finding.saving.high"),
        column("saving_note", Kind.PROSE, "How the saving was found.", "finding.saving_note"),
        column("why", Kind.PROSE, "Why it matters.", "finding.why"),
        Column("risks", Kind.PROSE, "What to mind.", lambda row: " ".join(row.finding.risks)),
        column("check", Kind.PROSE, "How to verify it.", "finding.check"),
        column("accepted_by", Kind.TEXT, "Where it is said that it is accepted.", "finding.acceptance.by"),
        column("accepted_owner", Kind.TEXT, "Who accepts it.", "finding.acceptance.owner"),
        column("accepted_reason", Kind.PROSE, "Why.", "finding.acceptance.reason"),
        column("accepted_until", Kind.DAY, "To which day, that day included.", "finding.acceptance.expires"),
    ),
    findings,
)

PLAN = Table(
    "Plan",
    "One row per step, in order. Measured savings add up; what was not measured stands apart.",
    (
        column("step", Kind.COUNT, "Its place in the plan.", "step.step"),
        column("finding_number", Kind.COUNT, "The finding's number in the report.", "numbered.number"),
        column("finding_id", Kind.TEXT, "The finding's id.", "step.finding_id"),
        column("account_id", Kind.TEXT, "Account.", "numbered.finding.account_id"),
        column("region", Kind.TEXT, "Region.", "numbered.finding.region"),
        column("title", Kind.PROSE, "The finding in one line.", "numbered.finding.title"),
        column("saving_usd", Kind.USD, "What it saves on top of the steps before it, measured.", "step.saving"),
        column("cumulative_usd", Kind.USD, "The same for all steps up to this one.", "step.cumulative"),
        column("unmeasured_high_usd", Kind.USD, "What it saves more at most, not measured.", "step.unmeasured_high"),
        column(
            "cumulative_unmeasured_high_usd",
            Kind.USD,
            "The same for all steps up to this one.",
            "step.cumulative_unmeasured_high",
        ),
    ),
    lambda seen: seen.steps,
)

NAT_GATEWAYS = Table(
    "NAT gateways",
    "One row per NAT gateway. Bytes are those of the window, costs those of a month of 730 hours.",
    (
        *_RESOURCE,
        column("az", Kind.TEXT, "Availability zone; empty for a regional one."),
        column("state", Kind.TEXT, "State, as AWS says it."),
        column("mode", Kind.TEXT, "`zonal` or `regional`."),
        column("connectivity", Kind.TEXT, "`public` or `private`."),
        column("bytes_in_from_source", Kind.BYTES, "From its clients; empty where nothing was measured."),
        column("bytes_in_from_destination", Kind.BYTES, "From destinations; empty where nothing was measured."),
        column("coverage", Kind.SHARE, "Share of the bytes that flow logs attribute; empty without them."),
        column("unattributed_bytes", Kind.BYTES, "Bytes that flow logs attribute to no destination."),
        column("unattributed_cost_usd", Kind.USD, "What those cost a month.", "unattributed_cost"),
        column("observed_hours", Kind.COUNT, "Hours of the window in which it existed."),
        *_COST,
    ),
    lambda seen: seen.audit.nat_gateways,
)

ENDPOINTS = Table(
    "Endpoints",
    "One row per VPC endpoint.",
    (
        *_RESOURCE,
        column("type", Kind.TEXT, "`Interface`, `Gateway`, `GatewayLoadBalancer` …"),
        column("service", Kind.TEXT, "The service's short name."),
        column("state", Kind.TEXT, "State, as AWS says it."),
        column("bytes_processed", Kind.BYTES, "In the window; empty where it is not metered or was not measured."),
        *_COST,
    ),
    lambda seen: seen.audit.endpoints,
)

GAPS = Table(
    "Gaps",
    "One row per call that AWS did not answer: what it would have told is unknown, not zero.",
    (
        _ACCOUNT,
        _REGION,
        column("source", Kind.TEXT, "What could not be read."),
        column("action", Kind.TEXT, "The IAM action."),
        column("reason", Kind.PROSE, "What AWS said."),
    ),
    lambda seen: seen.audit.gaps,
)

SCOPES = Table(
    "Scopes",
    "One row per account and region, with how much of it was read.",
    (
        _ACCOUNT,
        column("region", Kind.TEXT, "Region."),
        column("status", Kind.TEXT, "`audited`, `partial`, `skipped` or `failed`."),
        column("reason", Kind.PROSE, "Why not all of it."),
    ),
    lambda seen: seen.audit.scopes,
)

PRICES = Table(
    "Prices",
    "One row per price that was used.",
    (
        column("region", Kind.TEXT, "Region."),
        column("item", Kind.TEXT, "What it is for."),
        column("price_usd", Kind.PRICE, "List price per unit, without discounts and taxes.", "usd"),
        column("unit", Kind.TEXT, "The unit; a GB is 2^30 bytes."),
        column("from_quantity", Kind.QUANTITY, "Above how many units a month it holds; 0 unless there are tiers."),
        column("source", Kind.PROSE, "Where it is from."),
        column("as_of", Kind.TEXT, "Of which day."),
    ),
    lambda seen: seen.audit.prices,
)

SHEETS = (FINDINGS, PLAN, NAT_GATEWAYS, ENDPOINTS, GAPS, SCOPES, PRICES)
"""In the order in which they are read."""
