"""The Price List Query API of the fake AWS: NAT gateways, endpoints, transit gateways, IPv4, transfer between zones.

Rows are shaped as the real ones: JSON strings, region prefixes in `usagetype`, tiers in no order, public IPv4
rows without product family, neighbours that a careless match would take for the row that was meant.
Amounts are close to the list prices of 2026-11 and made for benchmarks: nothing may be priced with them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# region: (prefix of its usage types, NAT gateway USD an hour and a GB, interface endpoint USD an AZ and hour)
REGIONS = {
    "us-east-1": ("USE1-", "0.045", "0.01"),
    "us-east-2": ("USE2-", "0.045", "0.01"),
    "us-west-1": ("USW1-", "0.048", "0.011"),
    "us-west-2": ("USW2-", "0.045", "0.01"),
    "ca-central-1": ("CAN1-", "0.05", "0.011"),
    "eu-west-1": ("EU-", "0.048", "0.011"),
    "eu-west-2": ("EUW2-", "0.05", "0.011"),
    "eu-west-3": ("EUW3-", "0.05", "0.011"),
    "eu-central-1": ("EUC1-", "0.052", "0.012"),
    "eu-north-1": ("EUN1-", "0.046", "0.0105"),
    "ap-northeast-1": ("APN1-", "0.062", "0.014"),
    "ap-northeast-2": ("APN2-", "0.059", "0.013"),
    "ap-northeast-3": ("APN3-", "0.062", "0.014"),
    "ap-southeast-1": ("APS1-", "0.059", "0.013"),
    "ap-southeast-2": ("APS2-", "0.059", "0.013"),
    "ap-south-1": ("APS3-", "0.056", "0.013"),
    "sa-east-1": ("SAE1-", "0.093", "0.021"),
    "af-south-1": ("AFS1-", "0.057", "0.01309"),
    "ap-east-1": ("APE1-", "0.065", "0.0143"),
    "ap-east-2": ("APE2-", "0.0558", "0.0126"),
    "ap-south-2": ("APS5-", "0.056", "0.013"),
    "ap-southeast-3": ("APS4-", "0.059", "0.013"),
    "ap-southeast-4": ("APS6-", "0.059", "0.013"),
    "ap-southeast-5": ("APS7-", "0.05015", "0.0117"),
    "ap-southeast-6": ("APS8-", "0.06195", "0.01365"),
    "ap-southeast-7": ("APS9-", "0.05015", "0.0117"),
    "ca-west-1": ("CAN2-", "0.05", "0.011"),
    "eu-central-2": ("EUC2-", "0.0572", "0.0132"),
    "eu-south-1": ("EUS1-", "0.05", "0.01155"),
    "eu-south-2": ("EUS2-", "0.048", "0.011"),
    "il-central-1": ("ILC1-", "0.0504", "0.01155"),
    "me-central-1": ("MEC1-", "0.0528", "0.0121"),
    "me-south-1": ("MES1-", "0.0528", "0.0121"),
    "mx-central-1": ("MXC1-", "0.04725", "0.0105"),
}

# beginRange, endRange in GB, USD: not in ascending order, as AWS answers them.
ENDPOINT_TIERS = (("5242880", "Inf", "0.004"), ("0", "1048576", "0.01"), ("1048576", "5242880", "0.006"))

# us-east-1 writes some of its usage types without a prefix.
BARE_IN_US_EAST_1 = {
    "NatGateway-Hours",
    "NatGateway-Bytes",
    "RegionalNatGateway-Hours",
    "DataTransfer-Regional-Bytes",
}
TRANSIT_GATEWAY_OPERATIONS = ("TransitGatewayVPC", "TransitGatewayVPN", "TransitGatewayDirectConnect")
PUBLICATION_DATE = "2026-11-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Row:
    """One product with its on-demand price; `tiers` are (beginRange, endRange, USD)."""

    service: str
    family: str | None
    group: str
    operation: str
    usage: str
    unit: str
    tiers: tuple[tuple[str, str, str], ...]
    transfer: str | None = None


def flat(price: str) -> tuple[tuple[str, str, str], ...]:
    """Return the one tier of a price that does not depend on the amount."""
    return (("0", "Inf", price),)


def rows(region: str) -> Iterator[Row]:
    """Yield all products of a region, those that are traps included."""
    _, nat, endpoint = REGIONS[region]
    for kind in ("NatGateway", "RegionalNatGateway"):
        for usage, unit in (("Hours", "Hrs"), ("Bytes", "GB")):
            group = f"NGW:{kind}"
            yield Row("AmazonEC2", "NAT Gateway", group, kind, f"{kind}-{usage}", unit, flat(nat))
    for usage, unit, price in (("Prvd-Gbps", "Gbps-hrs", "1.076"), ("Prvd-Bytes", "GB", "0")):
        group, name = "NGW:NatGateway", f"NatGateway-{usage}"
        yield Row("AmazonEC2", "NAT Gateway", group, "NatGateway", name, unit, flat(price))
    yield from endpoint_rows(endpoint)
    for operation in TRANSIT_GATEWAY_OPERATIONS:
        for usage, unit, price in (("Bytes", "GB", "0.02"), ("Hours", "Hrs", "0.05")):
            name = f"TransitGateway-{usage}"
            yield Row("AmazonVPC", None, "AWSTransitGateway", operation, name, unit, flat(price))
    for use in ("InUseAddress", "IdleAddress"):
        group = "VPCPublicIPv4Address"
        yield Row("AmazonVPC", None, group, "", f"PublicIPv4:{use}", "Hrs", flat("0.005"))
    yield from transfer_rows()


def endpoint_rows(hour: str) -> Iterator[Row]:
    """Yield interface endpoints, and Gateway Load Balancer endpoints that differ by the usage type alone."""
    for usage, unit, tiers in (
        ("VpcEndpoint-GWLBE-Hours", "Hrs", flat("0.0125")),
        ("VpcEndpoint-GWLBE-Bytes", "GB", flat("0.0035")),
        ("VpcEndpoint-Hours", "Hrs", flat(hour)),
        ("VpcEndpoint-Bytes", "GB", ENDPOINT_TIERS),
    ):
        yield Row("AmazonVPC", "VpcEndpoint", "VPCE:VpcEndpoint", "VpcEndpoint", usage, unit, tiers)


def transfer_rows() -> Iterator[Row]:
    """Yield transfer within a region: between zones, and rows of $0 and of VPC peering that look alike."""
    for usage, kind, price in (
        ("DataTransfer-Regional-Bytes", "IntraRegion", "0.01"),
        ("DataTransfer-xAZ-In-Bytes", "IntraRegion-xAZ-In", "0"),
        ("DataTransfer-xAZ-Out-Bytes", "IntraRegion-xAZ-Out", "0"),
        ("VpcPeering-In-Bytes", "IntraRegion-VPCpeering-In", "0.01"),
        ("VpcPeering-Out-Bytes", "IntraRegion-VPCpeering-Out", "0.01"),
    ):
        yield Row("AWSDataTransfer", "Data Transfer", "", "", usage, "GB", flat(price), kind)


def attributes(row: Row, region: str) -> dict[str, str]:
    """Return what a product is filtered by."""
    bare = region == "us-east-1" and row.usage in BARE_IN_US_EAST_1
    return {
        **place(row, region),
        "servicecode": row.service,
        "usagetype": row.usage if bare else REGIONS[region][0] + row.usage,
        "operation": row.operation,
    }


def place(row: Row, region: str) -> dict[str, str]:
    """Return where a product is: transfer has two ends and no group."""
    if row.transfer is None:
        return {"regionCode": region, "locationType": "AWS Region", "group": row.group}
    ends = {f"{end}RegionCode": region for end in ("from", "to")}
    types = {f"{end}LocationType": "AWS Region" for end in ("from", "to")}
    return {**ends, **types, "transferType": row.transfer}


def product(row: Row, region: str) -> dict[str, object]:
    """Return a row as the price list writes it."""
    sku = f"{row.operation}{row.usage}{region}".upper().replace("-", "").replace(":", "")
    return {
        "product": {**family(row), "attributes": attributes(row, region), "sku": sku},
        "serviceCode": row.service,
        "terms": {"OnDemand": on_demand(row, sku)},
        "version": "20261101000000",
        "publicationDate": PUBLICATION_DATE,
    }


def family(row: Row) -> dict[str, str]:
    """Return the product family, which some products lack."""
    return {"productFamily": row.family} if row.family else {}


def on_demand(row: Row, sku: str) -> dict[str, object]:
    """Return the only offer of a product; 'JRTCKXETXF' is AWS's code for on-demand terms."""
    offer = f"{sku}.JRTCKXETXF"
    dimensions = {
        f"{offer}.TIER{number}": {
            "unit": row.unit,
            "beginRange": begin,
            "endRange": end,
            "description": f"${usd} per {row.unit} of {row.usage}",
            "appliesTo": [],
            "rateCode": f"{offer}.TIER{number}",
            "pricePerUnit": {"USD": f"{Decimal(usd):.10f}"},
        }
        for number, (begin, end, usd) in enumerate(row.tiers)
    }
    term = {
        "sku": sku,
        "offerTermCode": "JRTCKXETXF",
        "effectiveDate": PUBLICATION_DATE,
        "priceDimensions": dimensions,
        "termAttributes": {},
    }
    return {offer: term}


@cache
def catalogue() -> tuple[tuple[dict[str, str], str], ...]:
    """Return all products: what filters may ask for, and the JSON string that answers."""
    return tuple(
        ({**attributes(row, region), **family(row)}, json.dumps(product(row, region)))
        for region in REGIONS
        for row in rows(region)
    )


@cache
def get_products(service: str, filters: frozenset[tuple[str, str]]) -> bytes:
    """Answer GetProducts. As in AWS, a filter that matches nothing gives an empty list, not an error."""
    asked = {("servicecode", service), *filters}
    price_list = [text for fields, text in catalogue() if asked <= fields.items()]
    return json.dumps({"FormatVersion": "aws_v1", "PriceList": price_list}).encode()
