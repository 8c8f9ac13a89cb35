"""What CloudWatch meters day by day, with what an hour and a GB of it cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from auditor.model.audit import Audit, EndpointCost, NatGatewayCost
from auditor.model.money import Line, total

_NAT_METRICS = frozenset({"BytesInFromSource", "BytesInFromDestination"})
_ENDPOINT_METRICS = frozenset({"BytesProcessed"})


@dataclass(frozen=True, slots=True)
class Meter:
    """A NAT gateway or an interface endpoint: USD a month of all that is not bytes, USD a GB, bytes by day.

    `is_silent_without_traffic`: an endpoint has no datapoint where nothing flowed, a NAT gateway has one of 0 (AWS
    user guides, CloudWatch metrics of each, read 2026-11).
    """

    id: str
    account_id: str
    region: str
    vpc_id: str
    hours_usd: Decimal | None
    gb_usd: Decimal | None
    days: dict[date, int]
    is_silent_without_traffic: bool


def meters(audit: Audit) -> dict[str, Meter]:
    """All metered resources of an audit by id; what is being deleted has no line of cost, and is gone."""
    nats = (_meter(audit, nat, _NAT_METRICS, is_silent=False) for nat in audit.nat_gateways)
    interfaces = (endpoint for endpoint in audit.endpoints if endpoint.type == "Interface")
    endpoints = (_meter(audit, endpoint, _ENDPOINT_METRICS, is_silent=True) for endpoint in interfaces)
    return {meter.id: meter for meter in (*nats, *endpoints) if meter}


def _meter(
    audit: Audit, row: NatGatewayCost | EndpointCost, metrics: frozenset[str], *, is_silent: bool
) -> Meter | None:
    """Tiers of a price are few and far: the lowest that the resource pays stands for all of its bytes.

    Transfer between zones is not metered by resource, and not counted.
    """
    if not row.lines:
        return None
    by_gb = [line for line in row.lines if line.unit == "GB"]
    days: Counter[date] = Counter()
    for series in audit.series:
        if series.resource_id == row.id and series.metric in metrics:
            days.update(dict(zip(series.days, series.values, strict=True)))
    prices = [line.price for line in by_gb if line.price is not None]
    hours = _known([line for line in row.lines if line.unit != "GB"])
    return Meter(
        id=row.id,
        account_id=row.account_id,
        region=row.region,
        vpc_id=row.vpc_id,
        hours_usd=hours,
        gb_usd=max(prices, default=None),
        days=dict(days),
        is_silent_without_traffic=is_silent,
    )


def _known(lines: list[Line]) -> Decimal | None:
    """Their sum; `None` where one of them is not known."""
    if any(line.usd is None for line in lines):
        return None
    return total(line.usd for line in lines if line.usd is not None)
