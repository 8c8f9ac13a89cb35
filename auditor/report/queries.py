"""Commands that ask AWS for a resource's bytes again, so that a reader need not believe the report.

Metrics and dimensions: VPC guide, "NAT gateway metrics and dimensions", and AWS PrivateLink guide, "CloudWatch
metrics for endpoints" (read 2026-11-20). Everything that an account names is quoted for a POSIX shell.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.report.filters import moment
from auditor.report.text import name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from auditor.model.audit import EndpointCost, FlowLogEvidence, NatGatewayCost
    from auditor.model.evidence import Window

DAY = 86_400
METRICS = ("BytesInFromSource", "BytesInFromDestination")


@dataclass(frozen=True, slots=True)
class Query:
    """A text to run, and what its answer is."""

    title: str
    text: str


def nat_queries(nat: NatGatewayCost, window: Window) -> tuple[Query, ...]:
    """CloudWatch's bytes of the window, and the flow records of the days that were read."""
    measured = "\n".join(_nat_metric(nat, metric, window) for metric in METRICS)
    title = f"Bytes of {name(nat.id)} up and down, as CloudWatch counted them"
    return (Query(title, measured), *(_flow_records(nat, nat.attribution) if nat.attribution else ()))


def endpoint_queries(endpoint: EndpointCost, window: Window) -> tuple[Query, ...]:
    """CloudWatch's bytes of an interface endpoint; other kinds are not metered by the byte there."""
    if endpoint.type != "Interface" or not endpoint.service_name:
        return ()
    dimensions = {
        "Endpoint Type": endpoint.type,
        "Service Name": endpoint.service_name,
        "VPC Endpoint Id": endpoint.id,
        "VPC Id": endpoint.vpc_id,
    }
    text = _statistics(endpoint.region, "AWS/PrivateLinkEndpoints", "BytesProcessed", dimensions, window)
    return (Query(f"Bytes of {name(endpoint.id)}, as CloudWatch counted them", text),)


def _nat_metric(nat: NatGatewayCost, metric: str, window: Window) -> str:
    """A regional NAT gateway reports by availability zone."""
    if nat.mode != "regional":
        return _statistics(nat.region, "AWS/NATGateway", metric, {"NatGatewayId": nat.id}, window)
    wanted = json.dumps(name(nat.id))
    search = f"{{AWS/NATGateway,AvailabilityZone,NatGatewayId}} MetricName={metric} NatGatewayId={wanted}"
    expression = f"SUM(SEARCH({_single(search)}, 'Sum', {DAY}))"
    query = json.dumps([{"Id": "bytes", "Expression": expression, "Period": DAY}])
    return _command(
        ("cloudwatch", "get-metric-data", "--region", nat.region),
        (*_times(window), "--metric-data-queries", query, "--query", "sum(MetricDataResults[].Values[])"),
    )


def _single(text: str) -> str:
    return "'" + text.replace("'", "") + "'"


def _statistics(region: str, namespace: str, metric: str, dimensions: dict[str, str], window: Window) -> str:
    named = [{"Name": key, "Value": name(value)} for key, value in dimensions.items()]
    return _command(
        ("cloudwatch", "get-metric-statistics", "--region", region, "--namespace", namespace, "--metric-name", metric),
        ("--dimensions", json.dumps(named), *_times(window), "--period", str(DAY), "--statistics", "Sum"),
        ("--query", "sum(Datapoints[].Sum)", "--output", "text"),
    )


def _times(window: Window) -> tuple[str, ...]:
    return ("--start-time", _second(window.start), "--end-time", _second(window.end))


def _flow_records(nat: NatGatewayCost, read: FlowLogEvidence) -> Iterator[Query]:
    """What read the records can read them again; `auditor attribute` counts files in S3 by the very same query."""
    days = f"{moment(read.start)} to {moment(read.end)}"
    if "logs-insights" in read.engine:
        yield Query(f"Its flow records by address, {days}, in CloudWatch Logs Insights", _insights(nat))
    if {"duckdb", "athena"} & set(read.engine.split(", ")):
        yield Query(f"Its flow records by service, {days}, counted again from the same files", _attribute(nat, read))


def _insights(nat: NatGatewayCost) -> str:
    return (
        f"filter interfaceId in {json.dumps([name(one) for one in nat.interface_ids])}\n"
        "| stats sum(bytes) as sum_bytes by srcAddr, dstAddr\n"
        "| sort sum_bytes desc"
    )


def _attribute(nat: NatGatewayCost, read: FlowLogEvidence) -> str:
    described = _command(
        ("ec2", "describe-nat-gateways", "--region", nat.region, "--nat-gateway-ids", name(nat.id), "--output", "json")
    )
    where = _command(
        ("ec2", "describe-flow-logs", "--region", nat.region),
        ("--flow-log-ids", *(name(one) for one in read.flow_log_ids)),
        ("--query", "FlowLogs[].LogDestination", "--output", "text"),
    )
    return (
        f"{described} > nat-gateways.json\n{where}   # arn:aws:s3:::BUCKET/PREFIX\n"
        "auditor attribute s3://BUCKET/PREFIX --nat-gateways nat-gateways.json "
        f"--region {shlex.quote(name(nat.region))} --format table"
    )


def _command(*parts: tuple[str, ...]) -> str:
    return " \\\n  ".join([shlex.join(("aws", *parts[0])), *(shlex.join(part) for part in parts[1:])])


def _second(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
