"""Networks as they are commonly built, deployed from templates and audited, with the findings worked out by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest

from auditor.analyzer import analyze
from auditor.collectors.run import Selection, collect, window_of
from auditor.model.audit import Audit, Finding
from auditor.remediation.remedy import remedy
from tests.embedded import ROOT, Served, served
from tests.remediation.languages import faults, resources

SAMPLES = ROOT / "tests" / "samples"
DAYS = 30
# What stands since today is older than a window that begins in ten days.
NOW = datetime.now(UTC) + timedelta(days=DAYS + 10)
GB = 2**30
NAT_BYTES = ("BytesInFromSource", "BytesInFromDestination")


@dataclass(frozen=True)
class Sample:
    """A template that is deployed in a region of its own, and what its resources are called."""

    aws: Served
    region: str
    ids: Mapping[str, str]

    def measure(self, resource: str, gb_a_day: int) -> None:
        """Let a NAT gateway download, or an endpoint process, so much on each day of the window."""
        if resource.startswith("Nat"):
            dimensions = {"NatGatewayId": self.ids[resource]}
            self._put("AWS/NATGateway", "BytesInFromSource", dimensions, 0)
            self._put("AWS/NATGateway", "BytesInFromDestination", dimensions, gb_a_day)
        else:
            self._put("AWS/PrivateLinkEndpoints", "BytesProcessed", self._dimensions_of(resource), gb_a_day)

    def audit(self) -> Audit:
        """The audit of the region, 30 days from when it was deployed."""
        with pytest.MonkeyPatch.context() as environment:
            for name, value in self.aws.environment.items():
                environment.setenv(name, value)
            selection = Selection(window_of(DAYS, NOW), NOW, regions=(self.region,), live_prices=False)
            return analyze(asyncio.run(collect(selection)), remedy)

    def _dimensions_of(self, resource: str) -> dict[str, str]:
        endpoint = self._describe(self.ids[resource])
        return {
            "Endpoint Type": endpoint["VpcEndpointType"],
            "Service Name": endpoint["ServiceName"],
            "VPC Endpoint Id": endpoint["VpcEndpointId"],
            "VPC Id": endpoint["VpcId"],
        }

    def _describe(self, endpoint_id: str) -> dict[str, str]:
        ec2 = client(self.aws, "ec2", self.region)
        (endpoint,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint_id])["VpcEndpoints"]
        found: dict[str, str] = endpoint
        return found

    def _put(self, namespace: str, metric: str, dimensions: dict[str, str], gb_a_day: int) -> None:
        window = window_of(DAYS, NOW)
        points = [
            {
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
                "Timestamp": window.start + timedelta(days=day, hours=12),
                "Value": gb_a_day * GB,
            }
            for day in range(DAYS)
        ]
        client(self.aws, "cloudwatch", self.region).put_metric_data(Namespace=namespace, MetricData=points)


def client(aws: Served, service: str, region: str) -> Any:  # noqa: ANN401 -- boto3 publishes no types
    keys = {key.lower(): aws.environment[key] for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    return boto3.Session(region_name=region, **keys).client(service, endpoint_url=aws.url)


@pytest.fixture(scope="module")
def blank() -> Iterator[Served]:
    with served("blank") as aws:
        yield aws


def deployed(aws: Served, name: str, region: str) -> Sample:
    cloudformation = client(aws, "cloudformation", region)
    cloudformation.create_stack(StackName=name, TemplateBody=(SAMPLES / f"{name}.yaml").read_text("utf-8"))
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    resources = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    ids = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}
    _associate(client(aws, "ec2", region), name, ids)
    return Sample(aws, region, ids)


def _associate(ec2: Any, name: str, ids: dict[str, str]) -> None:  # noqa: ANN401
    """Associate subnets with their tables: moto creates the association of a template and forgets it."""
    for resource in resources((SAMPLES / f"{name}.yaml").read_text("utf-8")).values():
        if resource["Type"] == "AWS::EC2::SubnetRouteTableAssociation":
            wanted = resource["Properties"]
            table, subnet = ids[wanted["RouteTableId"]["Ref"]], ids[wanted["SubnetId"]["Ref"]]
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)


def found(audit: Audit) -> list[str]:
    return sorted(finding.id for finding in audit.findings)


def finding(audit: Audit, rule: str) -> Finding:
    (one,) = [one for one in audit.findings if one.rule == rule]
    return one


def cents(usd: Decimal | None) -> Decimal:
    assert usd is not None
    return usd.quantize(Decimal("0.01"))


def test_a_network_with_endpoints_alone_pays_for_these_and_misses_none(blank: Served) -> None:
    """Two interface endpoints in two zones each: 2 × 2 × 730 h × $0.01, and 300 GB × 730/720 × $0.01 of images."""
    sample = deployed(blank, "private-with-endpoints", "us-east-1")
    sample.measure("Images", gb_a_day=10)
    audit = sample.audit()
    assert audit.gaps == ()
    assert audit.nat_gateways == ()
    assert audit.totals.nat_monthly_cost == 0
    assert cents(audit.totals.endpoint_monthly_cost) == Decimal("32.24")
    vpc = sample.ids["Network"]
    assert found(audit) == [
        f"endpoint-policy-open:{vpc}:data",
        f"endpoint-policy-open:{vpc}:services",
        f"idle-interface-endpoint:{sample.ids['Secrets']}",
    ]
    saving = finding(audit, "idle-interface-endpoint").saving
    assert saving
    assert cents(saving.low) == Decimal("14.60")


def test_public_and_private_subnets_with_an_s3_endpoint_miss_only_dynamodb(blank: Served) -> None:
    """A NAT gateway in eu-west-1: 730 h × ($0.048 + $0.005 for its address), and 3,000 GB × 730/720 × $0.048."""
    sample = deployed(blank, "public-private-with-s3-endpoint", "eu-west-1")
    for nat in ("NatA", "NatB"):
        sample.measure(nat, gb_a_day=100)
    audit = sample.audit()
    vpc = sample.ids["Network"]
    assert audit.gaps == ()
    assert [cents(nat.monthly_cost) for nat in audit.nat_gateways] == [Decimal("184.69")] * 2
    assert found(audit) == sorted(
        [
            f"endpoint-policy-open:{vpc}:data",
            f"interface-endpoint-pays:{vpc}",
            f"missing-gateway-endpoint:{vpc}:dynamodb",
            *(f"unmeasured-nat:{sample.ids[nat]}" for nat in ("NatA", "NatB")),
        ]
    )
    missing = finding(audit, "missing-gateway-endpoint")
    assert missing.saving
    assert missing.saving.low == 0
    assert missing.saving.expected is None
    # At the most all that both carry: 2 × 3,000 GB × 730/720 × $0.048.
    assert cents(missing.saving.high) == Decimal("292.00")
    assert missing.remediation.cli == (
        f"aws ec2 create-vpc-endpoint --region eu-west-1 --vpc-id {vpc} --vpc-endpoint-type Gateway"
        " --service-name com.amazonaws.eu-west-1.dynamodb"
        f" --route-table-ids {sample.ids['InsideA']} {sample.ids['InsideB']} --tag-specifications"
        f" 'ResourceType=vpc-endpoint,Tags=[{{Key=auditor:change,Value=new-dynamodb-endpoint-of-{vpc}}}]'"
    )


def test_a_nat_gateway_per_zone_without_endpoints_misses_both(blank: Served) -> None:
    """And the one in the third zone carries nothing: 730 h × ($0.052 + $0.005) in eu-central-1."""
    sample = deployed(blank, "nat-gateway-per-zone", "eu-central-1")
    sample.measure("NatA", gb_a_day=100)
    sample.measure("NatB", gb_a_day=40)
    audit = sample.audit()
    vpc = sample.ids["Network"]
    assert found(audit) == sorted(
        [
            f"idle-nat-gateway:{sample.ids['NatC']}",
            f"interface-endpoint-pays:{vpc}",
            f"missing-gateway-endpoint:{vpc}:dynamodb",
            f"missing-gateway-endpoint:{vpc}:s3",
            f"unmeasured-nat:{sample.ids['NatA']}",
            f"unmeasured-nat:{sample.ids['NatB']}",
        ]
    )
    idle = finding(audit, "idle-nat-gateway").saving
    assert idle
    assert cents(idle.low) == cents(idle.high) == Decimal("41.61")
    assert cents(audit.totals.saving_measured) == Decimal("41.61")


def test_a_shared_nat_gateway_and_an_endpoint_that_one_table_lacks(blank: Served) -> None:
    sample = deployed(blank, "shared-nat-gateway", "ap-southeast-2")
    sample.measure("NatA", gb_a_day=100)
    audit = sample.audit()
    nat = sample.ids["NatA"]
    endpoint = f"gateway-endpoint-not-associated:{sample.ids['S3']}"
    policy = f"endpoint-policy-open:{sample.ids['Network']}:data"
    bound = f"interface-endpoint-pays:{sample.ids['Network']}"
    assert found(audit) == sorted([endpoint, policy, bound, f"single-az-nat:{nat}", f"unmeasured-nat:{nat}"])
    forgotten = finding(audit, "gateway-endpoint-not-associated")
    assert forgotten.remediation.cli == (
        f"aws ec2 modify-vpc-endpoint --region ap-southeast-2 --vpc-endpoint-id {sample.ids['S3']}"
        f" --add-route-table-ids {sample.ids['InsideB']}"
    )


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_templates_are_such_as_aws_takes(path: Path) -> None:
    assert faults(path.read_text("utf-8")) == []
