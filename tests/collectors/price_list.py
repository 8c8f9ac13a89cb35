"""Answers of AWS's Price List Query API in their true shape, format aws_v1."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TypedDict, Unpack

Step = tuple[str, str, str]
"""beginRange, endRange, USD."""

TIERED: tuple[Step, ...] = (
    ("0", "1048576", "0.01"),
    ("1048576", "5242880", "0.006"),
    ("5242880", "Inf", "0.004"),
)


class Fields(TypedDict, total=False):
    """What a product may have in another way."""

    region: str
    service: str
    unit: str
    currency: str
    location_type: str
    operation: str
    effective: str
    terms: str
    transfer_type: str
    to_region: str
    to_location_type: str


USUAL: Fields = {
    "region": "eu-central-1",
    "service": "AmazonVPC",
    "unit": "GB",
    "currency": "USD",
    "location_type": "AWS Region",
    "operation": "",
    "effective": "2026-10-01T00:00:00Z",
    "terms": "OnDemand",
}


def place(of: Fields) -> dict[str, str]:
    """Where a product is: products of transfer have two ends instead of one location."""
    one = {"regionCode": of["region"], "location": "the region's long name", "locationType": of["location_type"]}
    if of["service"] != "AWSDataTransfer":
        return one
    ends = {"from": one, "to": one | {"regionCode": of.get("to_region", of["region"])}}
    if "to_location_type" in of:
        ends["to"]["locationType"] = of["to_location_type"]
    attributes = {end + name[0].upper() + name[1:]: text for end, row in ends.items() for name, text in row.items()}
    return attributes | {"transferType": of.get("transfer_type", "IntraRegion")}


def product(usage_type: str, *steps: Step, **fields: Unpack[Fields]) -> str:
    """An item of `PriceList`: one JSON text, in it amounts and ranges as strings."""
    of: Fields = USUAL | fields
    sku = f"SKU-{usage_type}"
    code = f"{sku}.JRTCKXETXF"
    dimensions = {
        f"{code}.{number}": {
            "unit": of["unit"],
            "endRange": end,
            "description": f"${usd} per {of['unit']}",
            "appliesTo": [],
            "rateCode": f"{code}.{number}",
            "beginRange": begin,
            "pricePerUnit": {of["currency"]: usd},
        }
        for number, (begin, end, usd) in enumerate(steps)
    }
    term = {
        "priceDimensions": dimensions,
        "sku": sku,
        "effectiveDate": of["effective"],
        "offerTermCode": "JRTCKXETXF",
        "termAttributes": {},
    }
    attributes = {
        "servicecode": of["service"],
        "usagetype": usage_type,
        "servicename": "the service's long name",
        "operation": of["operation"],
    }
    listed = {
        "product": {"productFamily": "a family", "attributes": attributes | place(of), "sku": sku},
        "serviceCode": of["service"],
        "terms": {of["terms"]: {code: term}},
        "version": "20261001000000",
        "publicationDate": "2026-10-01T00:00:00Z",
    }
    return json.dumps(listed)


def flat(usage_type: str, usd: str, **fields: Unpack[Fields]) -> str:
    """A product with one price for any quantity."""
    return product(usage_type, ("0", "Inf", usd), **fields)


def nat_products(region: str, prefix: str, bare: str = "") -> list[str]:
    """The six rows of family NAT Gateway, each price another; `bare` is the name that has no prefix."""

    def row(name: str, usd: str, unit: str, operation: str) -> str:
        usage_type = name if name == bare else f"{prefix}{name}"
        return flat(usage_type, usd, region=region, service="AmazonEC2", unit=unit, operation=operation)

    return [
        row("NatGateway-Prvd-Bytes", "0.0000000000", "GB", "NatGateway"),
        row("RegionalNatGateway-Hours", "0.0530000000", "Hrs", "RegionalNatGateway"),
        row("NatGateway-Hours", "0.0510000000", "Hrs", "NatGateway"),
        row("NatGateway-Prvd-Gbps", "1.0760000000", "Gbps-hrs", "NatGateway"),
        row("RegionalNatGateway-Bytes", "0.0540000000", "GB", "RegionalNatGateway"),
        row("NatGateway-Bytes", "0.0520000000", "GB", "NatGateway"),
    ]


def vpc_products(region: str, prefix: str) -> list[str]:
    """Rows of AmazonVPC: those that an audit needs, and their likes at 0.9."""

    def row(name: str, usd: str, unit: str, operation: str = "") -> str:
        return flat(f"{prefix}{name}", usd, region=region, unit=unit, operation=operation)

    return [
        row("VpcEndpoint-Service-Hours", "0.9", "Hrs", "VpcEndpoint"),
        row("VpcEndpoint-Resource-Hours", "0.9", "Hrs", "VpcResourceConsumer"),
        row("VpcEndpoint-Tunnel-Hours", "0.9", "Hrs", "VpcEndpoint"),
        row("VpcEndpoint-Resource-Bytes", "0.9", "GB", "VpcResourceConsumer"),
        row("VpcEndpoint-Hours", "0.0120000000", "Hrs", "VpcEndpoint"),
        product(f"{prefix}VpcEndpoint-Bytes", *TIERED, region=region, operation="VpcEndpoint"),
        row("VpcEndpoint-GWLBE-Hours", "0.0130000000", "Hrs", "VpcEndpoint"),
        row("VpcEndpoint-GWLBE-Bytes", "0.0035000000", "GB", "VpcEndpoint"),
        row("TransitGateway-Hours", "0.9", "hour", "TransitGatewayVPC"),
        row("TransitGateway-Bytes", "0.9", "GigaBytes", "TransitGatewayDirectConnect"),
        row("TransitGateway-Bytes", "0.0200000000", "GigaBytes", "TransitGatewayVPC"),
        row("PublicIPv4:IdleAddress", "0.9", "Hrs"),
        row("PublicIPv4:InUseAddress", "0.0050000000", "Hrs"),
    ]


def transfer_products(region: str, prefix: str) -> list[str]:
    """Rows of AWSDataTransfer: transfer between zones, and its likes at 0 and at 0.9."""

    def row(name: str, usd: str, kind: str, operation: str = "", to_region: str = region) -> str:
        return flat(
            f"{prefix}{name}",
            usd,
            region=region,
            service="AWSDataTransfer",
            operation=operation,
            transfer_type=kind,
            to_region=to_region,
        )

    return [
        row("DataTransfer-xAZ-In-Bytes", "0.0000000000", "IntraRegion-xAZ-In"),
        row("DataTransfer-xAZ-Out-Bytes", "0.9", "IntraRegion-xAZ-Out"),
        row("VpcPeering-In-Bytes", "0.9", "IntraRegion-VPCpeering-In"),
        row("DataTransfer-Regional-Bytes", "0.9", "IntraRegion-VPCpeering-Out"),
        row("DataTransfer-Regional-Bytes", "0.9", "IntraRegion", operation="VPCPeering-In"),
        row("DataTransfer-Regional-Bytes", "0.0110000000", "IntraRegion"),
        row("DataTransfer-Regional-Bytes", "0.9", "InterRegion Outbound", to_region="eu-north-1"),
        row("DataTransfer-Out-Bytes", "0.9", "AWS Outbound"),
    ]


class Pages(BaseHTTPRequestHandler):
    """GetProducts for us-east-1, one product a page."""

    def do_POST(self) -> None:
        """Answer one page."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        products = {
            "AmazonEC2": nat_products("us-east-1", ""),
            "AmazonVPC": vpc_products("us-east-1", "USE1-"),
            "AWSDataTransfer": transfer_products("us-east-1", ""),
        }[asked["ServiceCode"]]
        number = int(asked.get("NextToken", "0"))
        more = {"NextToken": str(number + 1)} if number + 1 < len(products) else {}
        body = json.dumps({"FormatVersion": "aws_v1", "PriceList": [products[number]], **more}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def price_list_server() -> Iterator[str]:
    """The address of a price list on this machine."""
    with HTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
