"""The fault proxy pages EC2's answers as AWS does, which moto never does."""

from __future__ import annotations

import urllib.request

from tests.fault_proxy import FaultProxy
from tests.proxy.calls import Clients


def test_pages_hold_every_item_once(proxy: FaultProxy, client: Clients, upstream: str) -> None:
    whole = client("ec2", endpoint_url=upstream).describe_subnets()["Subnets"]
    assert len(whole) > 4, "the default VPC has a subnet in each AZ"
    proxy.page_size = 4
    pages = list(client("ec2").get_paginator("describe_subnets").paginate())
    assert [subnet for page in pages for subnet in page["Subnets"]] == whole
    assert [len(page["Subnets"]) for page in pages[:-1]] == [4] * (len(pages) - 1)
    assert "NextToken" not in pages[-1]


def test_max_results_is_honoured_below_the_page_size(proxy: FaultProxy, client: Clients) -> None:
    proxy.page_size = 1000
    answer = client("ec2").describe_subnets(MaxResults=5)
    assert (len(answer["Subnets"]), "NextToken" in answer) == (5, True)
    rest = client("ec2").describe_subnets(MaxResults=5, NextToken=answer["NextToken"])
    assert not {each["SubnetId"] for each in answer["Subnets"]} & {each["SubnetId"] for each in rest["Subnets"]}


def test_page_is_written_without_namespace_prefixes(proxy: FaultProxy) -> None:
    """A parser that knows nothing of namespaces can read EC2, so it must be able to read a page."""
    proxy.page_size = 1
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIAOWN/20261120/us-east-1/ec2/aws4_request"}
    asked = urllib.request.Request(proxy.url, b"Action=DescribeSubnets", signed)  # noqa: S310  # the proxy's own
    with urllib.request.urlopen(asked) as answer:  # noqa: S310  # the same
        body = answer.read()
    assert body.count(b"<subnetId>") == body.count(b"<nextToken>page-1</nextToken>") == 1


def test_paging_is_off_until_it_is_set(proxy: FaultProxy, client: Clients) -> None:
    assert proxy.page_size is None
    assert "NextToken" not in client("ec2").describe_subnets(MaxResults=5)


def test_what_aws_never_pages_is_not_paged(proxy: FaultProxy, client: Clients) -> None:
    proxy.page_size = 1
    assert len(client("ec2").describe_regions()["Regions"]) > 1
    assert len(client("ec2").describe_availability_zones()["AvailabilityZones"]) > 1


def test_two_lists_of_one_answer_are_paged_together(proxy: FaultProxy, client: Clients, upstream: str) -> None:
    whole = client("ec2", endpoint_url=upstream).describe_vpc_endpoint_services()
    proxy.page_size = 200
    first, last = client("ec2").get_paginator("describe_vpc_endpoint_services").paginate()
    assert (len(first["ServiceNames"]), len(first["ServiceDetails"])) == (200, 200)
    assert first["ServiceNames"] + last["ServiceNames"] == whole["ServiceNames"]
    assert first["ServiceDetails"] + last["ServiceDetails"] == whole["ServiceDetails"]
