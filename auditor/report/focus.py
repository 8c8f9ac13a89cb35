"""The lines of today's bill in the columns of FOCUS, the FinOps Open Cost and Usage Specification, version 1.2.

1.2 is the version that AWS exports ("FOCUS 1.2 with AWS columns"). Ours is an estimate at list prices for a month of
730 hours, no bill: whatever only a bill says (billed, contracted and effective cost, the account that pays, periods)
is empty, although FOCUS demands most of it.

Sources, read 2026-11-29: https://focus.finops.org/focus-specification/v1-2/ (published 2025-05-29), Data Exports user
guide, "FOCUS 1.2 with AWS columns".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from auditor.model.audit import EndpointCost, NatGatewayCost
from auditor.model.evidence import Window
from auditor.model.money import Line
from auditor.report.columns import Cell, Column, Kind, Table, column
from auditor.report.view import View
from auditor.whatif.bill import ADDRESSES

_EC2, _VPC = "Amazon Elastic Compute Cloud", "Amazon Virtual Private Cloud"
"""What offers the usage types in the price list: NAT gateways are EC2's, endpoints and public addresses the VPC's."""

_UNITS = {"hour": "Hours", "AZ-hour": "Hours", "GB": "GB"}
"""Our units in FOCUS's spelling (attribute Unit Format)."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of the bill with the resource that it is of."""

    resource: NatGatewayCost | EndpointCost
    line: Line
    window: Window
    currency: str


def _charges(seen: View) -> Iterator[Charge]:
    audit = seen.audit
    resources: tuple[NatGatewayCost | EndpointCost, ...] = (*audit.nat_gateways, *audit.endpoints)
    for resource in resources:
        yield from (Charge(resource, line, audit.window, audit.currency) for line in resource.lines)


def _zone(row: Charge) -> Cell:
    return row.resource.az if isinstance(row.resource, NatGatewayCost) else None


def _kind(row: Charge) -> str:
    return "NAT gateway" if isinstance(row.resource, NatGatewayCost) else "VPC endpoint"


def _described(row: Charge) -> Cell:
    return f"{_kind(row)}: {row.line.label}"


def _service(row: Charge) -> Cell:
    return _EC2 if isinstance(row.resource, NatGatewayCost) and row.line.label != ADDRESSES else _VPC


def _unit(row: Charge) -> Cell:
    return None if row.line.quantity is None else _UNITS.get(row.line.unit, row.line.unit)


def _always(name: str, value: str) -> Column:
    return Column(name, Kind.TEXT, f"Always `{value}`.", lambda _: value)


def _unknown(name: str, kind: Kind = Kind.TEXT) -> Column:
    return Column(name, kind, "Empty: only the bill says it.", lambda _: None)


FOCUS = Table(
    "Focus",
    "One row per line of today's bill, in the columns of FOCUS 1.2, alphabetically, then our own.",
    (
        Column("AvailabilityZone", Kind.TEXT, "Of a zonal NAT gateway; else empty.", _zone),
        _unknown("BilledCost", Kind.USD),
        _unknown("BillingAccountId"),
        _unknown("BillingAccountName"),
        column("BillingCurrency", Kind.TEXT, "`USD`.", "currency"),
        _unknown("BillingPeriodEnd", Kind.MOMENT),
        _unknown("BillingPeriodStart", Kind.MOMENT),
        _always("ChargeCategory", "Usage"),
        Column("ChargeClass", Kind.TEXT, "Empty: no row is a correction.", lambda _: None),
        Column("ChargeDescription", Kind.TEXT, "What is charged, and for what.", _described),
        _always("ChargeFrequency", "Usage-Based"),
        _unknown("ChargePeriodEnd", Kind.MOMENT),
        _unknown("ChargePeriodStart", Kind.MOMENT),
        _unknown("ContractedCost", Kind.USD),
        _unknown("EffectiveCost", Kind.USD),
        _unknown("InvoiceIssuerName"),
        column("ListCost", Kind.USD, "Quantity × price of a month; empty where one of them is unknown.", "line.usd"),
        column("ListUnitPrice", Kind.PRICE, "The list price; empty where it is unknown.", "line.price"),
        _always("PricingCategory", "Standard"),
        column("PricingQuantity", Kind.QUANTITY, "Of a month of 730 hours; empty where not measured.", "line.quantity"),
        Column("PricingUnit", Kind.TEXT, "`Hours` or `GB` (2^30 bytes); empty with the quantity.", _unit),
        _always("ProviderName", "AWS"),
        _always("PublisherName", "AWS"),
        column("RegionId", Kind.TEXT, "Region.", "resource.region"),
        column("ResourceId", Kind.TEXT, "The id, such as `nat-…`; AWS's export has the ARN.", "resource.id"),
        Column("ResourceName", Kind.TEXT, "Its tag `Name`; empty without one.", lambda row: row.resource.name or None),
        Column("ResourceType", Kind.TEXT, "`NAT gateway` or `VPC endpoint`.", _kind),
        _always("ServiceCategory", "Networking"),
        Column("ServiceName", Kind.TEXT, f"`{_EC2}` for NAT gateways, else `{_VPC}`.", _service),
        column("SubAccountId", Kind.TEXT, "The account of the resource.", "resource.account_id"),
        column("x_ObservedEnd", Kind.MOMENT, "End of the window that the month is scaled from.", "window.end"),
        column("x_ObservedStart", Kind.MOMENT, "Its start.", "window.start"),
        column("x_PriceDate", Kind.TEXT, "Of which day the price is.", "line.as_of"),
        column("x_PriceSource", Kind.TEXT, "Where the price is from.", "line.source"),
        column("x_VpcId", Kind.TEXT, "VPC.", "resource.vpc_id"),
    ),
    _charges,
)
