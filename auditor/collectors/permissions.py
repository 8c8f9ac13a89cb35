"""Tries each call once, so that what a run may not read is known before it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from auditor.aws.accounts import own_account
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.operations import (
    ASSUME_ROLE,
    DESCRIBE_VPC_ATTRIBUTE,
    GET_ENDPOINT_METRICS,
    GET_NAT_METRICS,
    GET_PRODUCTS,
    OPERATIONS,
    SEARCH_TRANSIT_ROUTES,
    Operation,
)
from auditor.aws.session import AuditSession
from auditor.collectors.metrics import MetricQuery, request_of
from auditor.model.evidence import Source, Window

_PRICE_LIST_REGION = "us-east-1"
_PROBE = MetricQuery("", "AWS/NATGateway", "BytesInFromSource", "Sum", (("NatGatewayId", "nat-00000000000000000"),))


@dataclass(frozen=True, slots=True)
class Trial:
    """One call that was tried; `problem` is empty where it is allowed."""

    region: str
    action: str
    problem: str = ""


async def try_permissions(profile: str | None, regions: Iterable[str], window: Window) -> tuple[str, list[Trial]]:
    """Who the caller is, and every call in each region; `NoAccessError` without credentials."""
    async with AuditSession(profile) as session:
        own = await own_account(session)
        wanted = tuple(regions) or (own.region,)
        operations = [op for op in dict.fromkeys(OPERATIONS) if _can_be_tried(op)]
        trials = [_try(own.at(_where(op, region)), op, window) for region in wanted for op in operations]
        return own.target.who, list(await asyncio.gather(*trials))


def _can_be_tried(operation: Operation) -> bool:
    """Not the reads of flow records: they are allowed per bucket and log group, and some of them cost money."""
    return operation not in (ASSUME_ROLE, GET_ENDPOINT_METRICS) and operation.source is not Source.FLOW_RECORDS


def _where(operation: Operation, region: str) -> str:
    return _PRICE_LIST_REGION if operation is GET_PRODUCTS else region


async def _try(calls: ScopeCalls, operation: Operation, window: Window) -> Trial:
    try:
        await calls.call(operation, **_params(operation, window))
    except AwsFailureError as failure:
        allowed = failure.kind is Kind.UNKNOWN and ("NotFound" in failure.reason or "Invalid" in failure.reason)
        return Trial(calls.region, operation.action, "" if allowed else failure.reason)
    return Trial(calls.region, operation.action)


def _params(operation: Operation, window: Window) -> dict[str, Any]:
    """The least that the call accepts; ids that cannot exist answer NotFound, which only a permitted caller gets."""
    if operation is DESCRIBE_VPC_ATTRIBUTE:
        return {"VpcId": "vpc-00000000000000000", "Attribute": "enableDnsSupport"}
    if operation is SEARCH_TRANSIT_ROUTES:
        name = "route-search.exact-match"
        filters = [{"Name": name, "Values": ["0.0.0.0/0"]}]
        return {"TransitGatewayRouteTableId": "tgw-rtb-00000000000000000", "Filters": filters}
    if operation is GET_NAT_METRICS:
        return request_of((_PROBE,), window)
    if operation is GET_PRODUCTS:
        return {"ServiceCode": "AmazonVPC", "MaxResults": 1}
    return {"MaxResults": operation.page_size} if operation.page_size else {}
