"""DNS names lead to endpoint services; names of other things lead nowhere."""

from __future__ import annotations

import json
from importlib.resources import files

import botocore.session
import pytest

from auditor.attribution.naming.service_names import likely_names, service_of

HERE = "eu-central-1"

NAMED = {
    f"kms.{HERE}.amazonaws.com": ("kms", HERE),
    f"KMS.{HERE}.AmazonAWS.com.": ("kms", HERE),
    f"api.ecr.{HERE}.amazonaws.com": ("ecr.api", HERE),
    f"ecr.{HERE}.api.aws": ("ecr.api", HERE),
    f"123456789012.dkr.ecr.{HERE}.amazonaws.com": ("ecr.dkr", HERE),
    f"123456789012.dkr-ecr.{HERE}.on.aws": ("ecr.dkr", HERE),
    "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com": ("ecr.dkr", "us-east-1"),
    f"sqs.{HERE}.amazonaws.com": ("sqs", HERE),
    f"sqs.{HERE}.api.aws": ("sqs", HERE),
    f"{HERE}.queue.amazonaws.com": ("sqs", HERE),
    "queue.amazonaws.com": ("sqs", "us-east-1"),
    f"logs.{HERE}.amazonaws.com": ("logs", HERE),
    f"monitoring.{HERE}.amazonaws.com": ("monitoring", HERE),
    f"monitoring-fips.{HERE}.api.aws": ("monitoring", HERE),
    f"sts.{HERE}.amazonaws.com": ("sts", HERE),
    "sts.amazonaws.com": ("sts", "us-east-1"),
    "sts.cn-north-1.amazonaws.com.cn": ("sts", "cn-north-1"),
    "sts.eusc-de-east-1.amazonaws.eu": ("sts", "eusc-de-east-1"),
    "sts.us-gov-west-1.amazonaws.com": ("sts", "us-gov-west-1"),
    f"ssm.{HERE}.amazonaws.com": ("ssm", HERE),
    f"ssmmessages.{HERE}.amazonaws.com": ("ssmmessages", HERE),
    f"ec2messages.{HERE}.amazonaws.com": ("ec2messages", HERE),
    f"secretsmanager.{HERE}.amazonaws.com": ("secretsmanager", HERE),
    f"a1b2c3d4e5.execute-api.{HERE}.amazonaws.com": ("execute-api", HERE),
    "kms-fips.us-east-1.amazonaws.com": ("kms-fips", "us-east-1"),
    "athena-fips.us-east-1.amazonaws.com": ("athena", "us-east-1"),
    "fips.eks.us-east-1.amazonaws.com": ("eks", "us-east-1"),
    "runtime-fips.sagemaker.us-east-1.amazonaws.com": ("sagemaker.runtime-fips", "us-east-1"),
    f"kinesis.{HERE}.amazonaws.com": ("kinesis-streams", HERE),
    f"firehose.{HERE}.amazonaws.com": ("kinesis-firehose", HERE),
    f"ecs-a-3.{HERE}.amazonaws.com": ("ecs-agent", HERE),
    f"ecs-t.{HERE}.amazonaws.com": ("ecs-telemetry", HERE),
    f"a2ki9-ats.iot.{HERE}.amazonaws.com": ("iot.data", HERE),
    f"c3x.credentials.iot.{HERE}.amazonaws.com": ("iot.credentials", HERE),
    f"mine-123456789012.d.codeartifact.{HERE}.amazonaws.com": ("codeartifact.repositories", HERE),
    f"streams.dynamodb.{HERE}.amazonaws.com": ("dynamodb-streams", HERE),
    f"logs--euc1-az1--x-s3.s3express-euc1-az1.{HERE}.amazonaws.com": ("s3express", HERE),
}

UNNAMED = [
    "",
    ".",
    "amazonaws.com",
    "example.com",
    f"kms.{HERE}.example.com",
    f"kms.{HERE}.amazonaws.com.example.com",
    "kmsamazonaws.com",
    f"{HERE}.amazonaws.com",
    f"nothing-like-it.{HERE}.amazonaws.com",
    f"x.kms.{HERE}.amazonaws.com",
    # These have address ranges of their own, which decide.
    f"s3.{HERE}.amazonaws.com",
    f"bucket.s3.{HERE}.amazonaws.com",
    f"dynamodb.{HERE}.amazonaws.com",
    # Somebody's own resource, which no endpoint of the service reaches.
    f"0123456789ABCDEF.gr7.{HERE}.eks.amazonaws.com",
    f"mydb.c1abcdefghij.{HERE}.rds.amazonaws.com",
    f"my-lb-123.{HERE}.elb.amazonaws.com",
    f"search-mine-abc.{HERE}.es.amazonaws.com",
    f"ec2-203-0-113-5.{HERE}.compute.amazonaws.com",
    f"vpce-0a1-b2.kms.{HERE}.vpce.amazonaws.com",
    f"abc.lambda-url.{HERE}.on.aws",
    # Services beside those with endpoints.
    f"api.tunneling.iot.{HERE}.amazonaws.com",
    f"iot.{HERE}.amazonaws.com",
    f"ingest.timestream.{HERE}.amazonaws.com",
    "sts.amazonaws.eu",
]


@pytest.mark.parametrize("name", NAMED)
def test_a_name_of_an_endpoint_service_leads_to_it(name: str) -> None:
    found = service_of(name)
    assert found is not None
    assert (found.service, found.region) == NAMED[name]


@pytest.mark.parametrize("name", UNNAMED)
def test_any_other_name_leads_nowhere(name: str) -> None:
    assert service_of(name) is None


# Service of the SDK -> endpoint service, where neither of botocore's names is the latter's.
ALIASES = {
    "ecr": "ecr.api",
    "kinesis": "kinesis-streams",
    "firehose": "kinesis-firehose",
    "sagemaker": "sagemaker.api",
    "sagemaker-runtime": "sagemaker.runtime",
    "codeartifact": "codeartifact.api",
    "dynamodbstreams": "dynamodb-streams",
    "stepfunctions": "states",
    "cloudwatch": "monitoring",
    "ses": "email",
    "elb": "elasticloadbalancing",
    "emr": "elasticmapreduce",
}
SESSION = botocore.session.get_session()
SDK = [
    *("kms", "sts", "logs", "sqs", "sns", "ssm", "ec2", "secretsmanager", "events", "lambda", "ecs", "eks", "athena"),
    *("glue", "xray", "autoscaling", "cloudformation", "cloudtrail", "config", "cognito-idp", "rds", "batch"),
    *ALIASES,
]


@pytest.mark.parametrize("region", [HERE, "us-gov-west-1", "cn-north-1"])
@pytest.mark.parametrize("sdk", SDK)
def test_the_names_that_the_sdk_calls_are_known(sdk: str, region: str) -> None:
    """The SDK's own host names, with the services that they belong to, in three partitions."""
    client = SESSION.create_client(sdk, region_name=region, aws_access_key_id="x", aws_secret_access_key="x")
    host = client.meta.endpoint_url.split("/")[2]
    found = service_of(host)
    assert found is not None, host
    assert (found.service.removesuffix("-fips"), found.region) == (ALIASES.get(sdk, sdk), region)


@pytest.mark.parametrize("region", [HERE, "cn-north-1", "eusc-de-east-1"])
def test_every_likely_name_is_a_name_of_a_service_in_its_region(region: str) -> None:
    names = likely_names(region, "123456789012")
    found = [service_of(name) for name in names]
    assert {one and one.region for one in found} == {region}
    assert len(set(names)) == len(names) >= 40
    assert f"123456789012.dkr.ecr.{region}" in " ".join(names)


def test_no_short_name_is_lost_between_dns_and_service() -> None:
    """Every short name of the bundled list is what its own labels, turned round, lead to."""
    services = json.loads((files("auditor") / "data" / "service-names.json").read_text("utf-8"))["services"]
    for service in services:
        labels = ".".join(reversed(service.split(".")))
        found = service_of(f"{labels}.{HERE}.amazonaws.com")
        assert found is not None, service
        assert found.service == service
    assert len(services) > 380
    assert not {"s3", "dynamodb"} & set(services)
