"""What a request takes in IAM is read from the request, and a difference to the policy is named."""

from __future__ import annotations

import pytest

from auditor.aws.policy import BY_ATHENA
from tests.recorded_calls import action_of, differences, granted

ALL = granted() - {"ses:SendEmail", "s3:GetBucketLocation"} | {"sts:GetCallerIdentity"}


@pytest.mark.parametrize(
    ("service", "operation", "query", "action"),
    [
        ("ec2", "DescribeVpcs", {}, "ec2:DescribeVpcs"),
        ("monitoring", "GetMetricData", {}, "cloudwatch:GetMetricData"),
        ("ses", "POST /v2/email/outbound-emails", {}, "ses:SendRawEmail"),
        ("s3", "HEAD /bucket", {}, "s3:ListBucket"),
        ("s3", "GET /bucket", {"list-type": "2"}, "s3:ListBucket"),
        ("s3", "GET /bucket/a/b", {}, "s3:GetObject"),
        ("s3", "HEAD /bucket/a/b", {}, "s3:GetObject"),
        ("s3", "PUT /bucket/a/b", {"partNumber": "1", "uploadId": "x"}, "s3:PutObject"),
        ("s3", "POST /bucket/a/b", {"uploads": ""}, "s3:PutObject"),
        ("s3", "DELETE /bucket/a/b", {}, "s3:DeleteObject"),
        ("s3", "POST /bucket", {"delete": ""}, "s3:DeleteObject"),
        ("s3", "DELETE /bucket/a/b", {"uploadId": "x"}, "s3:AbortMultipartUpload"),
    ],
)
def test_the_action_of_a_request(service: str, operation: str, query: dict[str, str], action: str) -> None:
    assert action_of(service, operation, query) == action
    assert action in granted()


@pytest.mark.parametrize("operation", ["PUT /bucket", "DELETE /bucket", "POST /bucket/a"])
def test_a_request_that_nobody_makes_is_in_no_policy(operation: str) -> None:
    assert action_of("s3", operation, {}) not in granted()


def test_calls_and_policy_that_agree_say_nothing() -> None:
    assert differences(ALL, is_whole=True) == []
    assert set(BY_ATHENA) <= granted()


def test_what_is_not_granted_is_named_also_after_a_part_of_the_suite() -> None:
    (said,) = differences({"ec2:DescribeVpcs", "ec2:DeleteVpc"}, is_whole=False)
    assert said == "ec2:DeleteVpc was called, and `auditor iam` does not grant it"


@pytest.mark.parametrize("action", sorted(ALL & granted()))
def test_what_no_test_calls_is_named_after_the_whole_suite(action: str) -> None:
    assert f"{action} is granted, and no test has called it" in differences(ALL - {action}, is_whole=True)
