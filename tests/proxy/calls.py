"""The calls that real AWS clients make of the fault proxy, at least one in each protocol."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

Clients = Callable[..., Any]
OWN_ACCOUNT, MEMBER = "123456789012", "222222222222"
ROLE = f"arn:aws:iam::{MEMBER}:role/Auditor"
NO_RETRIES = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
METRICS = {
    "MetricDataQueries": [
        {
            "Id": "up",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/NATGateway",
                    "MetricName": "BytesInFromSource",
                    "Dimensions": [{"Name": "NatGatewayId", "Value": "nat-1"}],
                },
                "Period": 86400,
                "Stat": "Sum",
            },
        }
    ],
    "StartTime": datetime(2026, 10, 1, tzinfo=UTC),
    "EndTime": datetime(2026, 10, 31, tzinfo=UTC),
}

Asked = tuple[str, str, dict[str, Any]]

# One call in each protocol.
EC2: Asked = ("ec2", "describe_vpcs", {})
STS: Asked = ("sts", "get_caller_identity", {})
CLOUDWATCH: Asked = ("cloudwatch", "get_metric_data", METRICS)
PRICING: Asked = ("pricing", "get_products", {"ServiceCode": "AmazonEC2"})
S3: Asked = ("s3", "list_buckets", {})
SES: Asked = ("sesv2", "list_email_identities", {})


def refused(client: Clients, call: Asked) -> tuple[str, int]:
    """Make a call that must fail; return the code and status of its error."""
    service, operation, params = call
    with pytest.raises(ClientError) as caught:
        getattr(client(service), operation)(**params)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def assumed(client: Clients) -> Any:  # noqa: ANN401  # boto3 has no types
    """Return an EC2 client of the member account."""
    given = client("sts").assume_role(RoleArn=ROLE, RoleSessionName="audit")["Credentials"]
    session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    return session.client("ec2", "us-east-1", endpoint_url=client("ec2").meta.endpoint_url, config=NO_RETRIES)
