"""The embedded AWS reaches nobody's real account, and answers as AWS does where the audit depends on it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.loaders import JSONFileLoader, Loader

from auditor.demo import moto_patches
from auditor.demo.embedded import EmbeddedAws
from auditor.demo.extra import DemoUnavailableError, require

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.demo.company import Company

    Clients = Callable[..., Any]


KEYS = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}


def test_the_environment_beats_the_users_profile_token_and_proxy(
    own_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = {"AWS_PROFILE": "gone", "AWS_SESSION_TOKEN": "expired", "http_proxy": "http://127.0.0.1:9"}
    for name, value in (mine | own_aws.environment).items():
        monkeypatch.setenv(name, value)
    client = boto3.Session().client("sts")
    assert client.meta.endpoint_url == own_aws.endpoint_url
    assert client.get_caller_identity()["Account"] == "123456789012"


def test_a_second_one_in_the_process_is_refused(own_aws: EmbeddedAws) -> None:
    assert own_aws.endpoint_url.startswith("http://127.0.0.1:")
    with pytest.raises(DemoUnavailableError, match="already"), EmbeddedAws():
        pass


def test_a_missing_library_is_named_with_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moto.server", None)
    with pytest.raises(DemoUnavailableError, match=r"moto\.server.*pip install 'auditor\[demo\]'"):
        require("moto.server")


def test_a_moto_without_the_patched_attribute_is_refused() -> None:
    with pytest.raises(DemoUnavailableError, match=r"has no object\._created_at"):
        moto_patches.age(object(), datetime(2026, 1, 1, tzinfo=UTC))


def test_models_of_services_are_decoded_once_and_are_what_their_files_say(own_aws: EmbeddedAws) -> None:
    """Also after calls were made and answered with them, and though moto adds to its own. Botocore adds to S3's."""
    for service, operation in (("ec2", "describe_vpcs"), ("sts", "get_caller_identity"), ("s3", "list_buckets")):
        client = boto3.client(service, "eu-west-1", endpoint_url=own_aws.endpoint_url, **KEYS)
        getattr(client, operation)()
    ec2 = Loader().load_service_model("ec2", "service-2")
    assert Loader().load_service_model("ec2", "service-2") is ec2
    for name in ("ec2/2016-11-15/service-2", "sts/2011-06-15/service-2", "s3/2006-03-01/endpoint-rule-set-1"):
        model, path = Loader().load_data_with_path(name)
        assert model == JSONFileLoader().load_file(path)


def test_regions_that_need_an_opt_in_are_listed_only_when_asked_for(clients: Clients) -> None:
    ec2 = clients("shop-prod")

    def names(**options: object) -> list[str]:
        return [region["RegionName"] for region in ec2.describe_regions(**options)["Regions"]]

    enabled = ["ap-southeast-2", "eu-central-1", "eu-west-1", "us-east-1"]
    not_opted_in = ["ap-east-1", "me-central-1"]
    assert names() == enabled
    assert names(AllRegions=True) == sorted(enabled + not_opted_in)
    statuses = [{"Name": "opt-in-status", "Values": ["not-opted-in"]}]
    assert names(AllRegions=True, Filters=statuses) == not_opted_in


@pytest.mark.parametrize(("namespace", "points"), [("AWS/NATGateway", 30), ("AWS/NatGateway", 0)])
def test_metrics_are_found_in_their_namespace_only(
    company: Company, clients: Clients, namespace: str, points: int
) -> None:
    metric = {
        "Namespace": namespace,
        "MetricName": "BytesInFromSource",
        "Dimensions": [{"Name": "NatGatewayId", "Value": company.nat_gateways["shop-prod-a"]}],
    }
    (answer,) = clients("shop-prod", "cloudwatch").get_metric_data(
        MetricDataQueries=[{"Id": "q", "MetricStat": {"Metric": metric, "Period": 86400, "Stat": "Sum"}}],
        StartTime=datetime(2026, 10, 17, tzinfo=UTC),
        EndTime=datetime(2026, 11, 16, tzinfo=UTC),
    )["MetricDataResults"]
    assert len(answer["Values"]) == points


def test_interfaces_lie_in_their_subnets_and_say_what_they_are(company: Company, clients: Clients) -> None:
    found = clients("analytics").describe_network_interfaces(
        Filters=[{"Name": "vpc-id", "Values": [company.vpcs["analytics"]]}]
    )["NetworkInterfaces"]
    kinds = sorted(interface["InterfaceType"] for interface in found)
    assert kinds == ["interface"] * 4 + ["nat_gateway"] * 2 + ["vpc_endpoint"] * 9
    assert all(interface["PrivateIpAddress"].startswith("10.30.") for interface in found)
    addresses = {interface["PrivateIpAddress"] for interface in found}
    assert len(addresses) == len(found)
