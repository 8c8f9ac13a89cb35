"""A peer of the speed table: what a plain boto3 script takes, region by region, call by call.

    AWS_ENDPOINT_URL=http://127.0.0.1:PORT python bench/baseline_boto3.py

The same seven Describe calls a region as in `baseline_aiobotocore.py`, and one GetMetricData call a NAT gateway: the
script that one writes first. Prints what was found.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

HOME_REGION = "us-east-1"
DESCRIBED = {
    "describe_vpcs": "Vpcs",
    "describe_subnets": "Subnets",
    "describe_route_tables": "RouteTables",
    "describe_nat_gateways": "NatGateways",
    "describe_vpc_endpoints": "VpcEndpoints",
    "describe_security_groups": "SecurityGroups",
    "describe_flow_logs": "FlowLogs",
}
METRICS = ("BytesInFromSource", "BytesInFromDestination", "BytesOutToDestination", "BytesOutToSource")
END = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
WINDOW = timedelta(days=30)


def query(nat: str, metric: str) -> dict[str, Any]:
    """Return the query for the daily sums of one metric of one NAT gateway."""
    dimensions = [{"Name": "NatGatewayId", "Value": nat}]
    named = {"Namespace": "AWS/NATGateway", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": metric[0].lower() + metric[1:], "MetricStat": {"Metric": named, "Period": 86_400, "Stat": "Sum"}}


def measured(cloudwatch: Any, nat: str) -> int:  # noqa: ANN401  # boto3 has no types
    """Return how many datapoints one NAT gateway has."""
    queries = [query(nat, metric) for metric in METRICS]
    answer = cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=END - WINDOW, EndTime=END)
    return sum(len(result["Values"]) for result in answer["MetricDataResults"])


def collected(region: str) -> tuple[int, int]:
    """Return how many resources and datapoints a region has."""
    ec2, cloudwatch = boto3.client("ec2", region), boto3.client("cloudwatch", region)
    found = {
        operation: ec2.get_paginator(operation).paginate().build_full_result()[key]
        for operation, key in DESCRIBED.items()
    }
    nats = [nat["NatGatewayId"] for nat in found["describe_nat_gateways"]]
    return sum(map(len, found.values())), sum(measured(cloudwatch, nat) for nat in nats)


def main() -> None:
    """Collect one region after the other."""
    boto3.client("sts", HOME_REGION).get_caller_identity()
    regions = [region["RegionName"] for region in boto3.client("ec2", HOME_REGION).describe_regions()["Regions"]]
    resources, points = (sum(column) for column in zip(*map(collected, regions), strict=True))
    print(f"{len(regions)} regions, {resources} resources, {points} datapoints")


if __name__ == "__main__":
    main()
