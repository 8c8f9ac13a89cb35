"""The peer of the speed table: the same collection in plain aiobotocore, well written and not tuned.

    AWS_ENDPOINT_URL=http://127.0.0.1:PORT python bench/baseline_aiobotocore.py

One client a service and region, everything gathered: seven Describe calls a region, and the four NAT byte
metrics over 30 days in one GetMetricData call a region. Prints the wall seconds since the process was
started, imports included, then what was found. Endpoint and credentials: the standard AWS environment.
Linux only.
"""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiobotocore.session import get_session

if TYPE_CHECKING:
    from aiobotocore.session import AioSession

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
WINDOW = timedelta(days=30)
QUERIES_A_CALL = 500  # CloudWatch's limit


async def described(ec2: Any, operation: str) -> list[dict[str, Any]]:  # noqa: ANN401  # aiobotocore has no types
    """Return all pages of one Describe call."""
    pages = await ec2.get_paginator(operation).paginate().build_full_result()
    found: list[dict[str, Any]] = pages[DESCRIBED[operation]]
    return found


def query(number: int, nat: str, metric: str) -> dict[str, Any]:
    """Return the query for the daily sums of one metric of one NAT gateway."""
    dimensions = [{"Name": "NatGatewayId", "Value": nat}]
    named = {"Namespace": "AWS/NATGateway", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": f"q{number}", "MetricStat": {"Metric": named, "Period": 86_400, "Stat": "Sum"}}


async def measured(session: AioSession, region: str, nats: list[dict[str, Any]]) -> int:
    """Return how many datapoints a region's NAT gateways have."""
    pairs = [(nat["NatGatewayId"], metric) for nat in nats for metric in METRICS]
    queries = [query(number, *pair) for number, pair in enumerate(pairs)]
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    points = 0
    async with session.create_client("cloudwatch", region_name=region) as cloudwatch:
        paginator = cloudwatch.get_paginator("get_metric_data")
        for start in range(0, len(queries), QUERIES_A_CALL):
            asked = queries[start : start + QUERIES_A_CALL]
            pages = paginator.paginate(MetricDataQueries=asked, StartTime=end - WINDOW, EndTime=end)
            results = (await pages.build_full_result())["MetricDataResults"]
            points += sum(len(result["Values"]) for result in results)
    return points


async def collected(session: AioSession, region: str) -> tuple[int, int]:
    """Return how many resources and datapoints a region has."""
    async with session.create_client("ec2", region_name=region) as ec2:
        answers = await asyncio.gather(*(described(ec2, operation) for operation in DESCRIBED))
    nats = answers[list(DESCRIBED).index("describe_nat_gateways")]
    return sum(map(len, answers)), await measured(session, region, nats)


async def main() -> None:
    """Collect all regions at once."""
    session = get_session()
    async with session.create_client("sts", region_name=HOME_REGION) as sts:
        await sts.get_caller_identity()
    async with session.create_client("ec2", region_name=HOME_REGION) as ec2:
        regions = [region["RegionName"] for region in (await ec2.describe_regions())["Regions"]]
    found = await asyncio.gather(*(collected(session, region) for region in regions))
    resources, points = (sum(column) for column in zip(*found, strict=True))
    print(f"{since_process_start():.2f} s: {len(regions)} regions, {resources} resources, {points} datapoints")


def since_process_start() -> float:
    """Return the seconds since this process was started, as the kernel noted it (to a hundredth)."""
    # Field 22 of proc(5) stat counts from boot; the name before it may hold spaces, but ends with a bracket.
    started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    asyncio.run(main())
