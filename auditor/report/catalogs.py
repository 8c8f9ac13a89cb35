"""The lists of the page: findings, NAT gateways, endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from auditor.model.audit import Severity
from auditor.report.anchors import anchor
from auditor.report.catalog import Catalog, Entry, Order
from auditor.report.text import line, name

if TYPE_CHECKING:
    from auditor.model.audit import EndpointCost, NatGatewayCost, PlanRemediation
    from auditor.report.view import NumberedFinding, View

LESS = 400_000
"""Characters of the lists that are not the findings."""

_SEVERITIES = (Severity.LOW, Severity.MEDIUM, Severity.HIGH)


@dataclass(frozen=True, slots=True)
class Catalogs:
    """The lists of one audit."""

    findings: Catalog
    nats: Catalog
    endpoints: Catalog
    plan_texts: Catalog


def catalogs(view: View, cards: Any) -> Catalogs:  # noqa: ANN401 -- a module of templates has no type
    """The lists of a view; `cards` has a macro for each kind of entry."""
    audit = view.audit
    findings = (*view.findings, *view.settled)
    return Catalogs(
        Catalog(
            "findings",
            "finding",
            ("Severity", "Account", "Region", "Rule", "Status"),
            (
                Order("Most important first", 0),
                Order("Largest saving first", 1),
                Order("Account", 1, by_value=True),
                Order("Region", 2, by_value=True),
                Order("Rule", 3, by_value=True),
            ),
            tuple(_finding(view, one, cards, len(findings) - place) for place, one in enumerate(findings)),
        ),
        Catalog(
            "nats",
            "NAT gateway",
            ("Account", "Region"),
            _COST_ORDERS,
            tuple(_nat(n, cards) for n in audit.nat_gateways),
            LESS,
        ),
        Catalog(
            "endpoint-list",
            "endpoint",
            ("Account", "Region", "Service"),
            _COST_ORDERS,
            tuple(_endpoint(e, cards) for e in audit.endpoints),
            LESS,
        ),
        Catalog(
            "plan-texts",
            "plan",
            ("Account", "Region"),
            (Order("As listed", 0), Order("Account", 0, by_value=True), Order("Region", 1, by_value=True)),
            tuple(_plan_text(text, -place, cards) for place, text in enumerate(audit.plan_remediation)),
            LESS,
        ),
    )


_COST_ORDERS = (
    Order("Dearest first", 0),
    Order("Most bytes first", 1),
    Order("Account", 0, by_value=True),
    Order("Region", 1, by_value=True),
)


def _finding(view: View, numbered: NumberedFinding, cards: Any, importance: int) -> Entry:  # noqa: ANN401 -- see above
    finding = numbered.finding
    saving = finding.saving
    amount = None if saving is None else saving.high if saving.expected is None else saving.expected
    values = (finding.severity.value, finding.account_id, finding.region, finding.rule, finding.status.value)
    names = (view.names.get(key or "", "") for key in (finding.resource, finding.vpc_id))
    words = (finding.title, finding.resource, finding.vpc_id or "", *names)
    return Entry(
        anchor(finding.id),
        tuple(name(value) for value in values),
        (importance, amount),
        " ".join(line(word) for word in words if word),
        partial(cards.finding, numbered),
    )


def _nat(nat: NatGatewayCost, cards: Any) -> Entry:  # noqa: ANN401 -- see above
    up, down = nat.bytes_in_from_source, nat.bytes_in_from_destination
    words = (nat.id, nat.name, nat.vpc_id, nat.vpc_name, nat.az or "", nat.mode)
    return Entry(
        anchor(nat.id),
        (name(nat.account_id), name(nat.region)),
        (nat.monthly_cost, None if up is None or down is None else up + down),
        " ".join(line(word) for word in words if word),
        partial(cards.nat_gateway, nat),
    )


def _endpoint(endpoint: EndpointCost, cards: Any) -> Entry:  # noqa: ANN401 -- see above
    words = (endpoint.id, endpoint.name, endpoint.vpc_id, endpoint.vpc_name, endpoint.type)
    return Entry(
        anchor(endpoint.id),
        (name(endpoint.account_id), name(endpoint.region), name(endpoint.service)),
        (endpoint.monthly_cost, endpoint.bytes_processed),
        " ".join(line(word) for word in words if word),
        partial(cards.endpoint, endpoint),
    )


def _plan_text(whole: PlanRemediation, place: int, cards: Any) -> Entry:  # noqa: ANN401 -- see above
    values = (name(whole.account_id), name(whole.region))
    anchor_of = anchor(f"plan:{whole.account_id}:{whole.region}")
    return Entry(anchor_of, values, (place,), "", partial(cards.plan_text, whole))
