"""VPC endpoints of every type, those not invented yet included, and the short names of their services."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

import pytest

from auditor.aws.calls import ScopeCalls
from auditor.aws.operations import Operation
from auditor.collectors.endpoints import fetch_offers, parse_endpoint, parse_endpoint_service, short_service
from auditor.model.resources import Endpoint
from tests.collectors.shapes import item, tags

CREATED = datetime(2025, 3, 1, 12, 30, tzinfo=UTC)
endpoint_item = partial(item, "DescribeVpcEndpoints", "VpcEndpoints", VpcEndpointId="vpce-1")
service_item = partial(item, "DescribeVpcEndpointServices", "ServiceDetails")


def parsed(region: str = "eu-west-1", **fields: object) -> Endpoint:
    return parse_endpoint(endpoint_item(**fields), "123456789012", region)


def test_an_interface_endpoint() -> None:
    endpoint = parsed(
        VpcEndpointType="Interface",
        VpcId="vpc-1",
        ServiceName="com.amazonaws.eu-west-1.ecr.api",
        State="available",
        PolicyDocument='{"Statement": []}',
        RouteTableIds=[],
        SubnetIds=["subnet-1", "subnet-2"],
        Groups=[{"GroupId": "sg-1", "GroupName": "endpoints"}],
        IpAddressType="ipv4",
        DnsOptions={"DnsRecordIpType": "ipv4"},
        PrivateDnsEnabled=True,
        RequesterManaged=False,
        NetworkInterfaceIds=["eni-1", "eni-2"],
        DnsEntries=[{"DnsName": "vpce-1.api.ecr.eu-west-1.vpce.amazonaws.com", "HostedZoneId": "Z1"}],
        CreationTimestamp=CREATED,
        Tags=tags(Name="ecr"),
        OwnerId="210987654321",
    )
    assert endpoint == Endpoint(
        id="vpce-1",
        account_id="210987654321",
        region="eu-west-1",
        vpc_id="vpc-1",
        type="Interface",
        service="ecr.api",
        service_name="com.amazonaws.eu-west-1.ecr.api",
        state="available",
        private_dns=True,
        subnet_ids=("subnet-1", "subnet-2"),
        security_group_ids=("sg-1",),
        interface_ids=("eni-1", "eni-2"),
        created=CREATED,
        name="ecr",
        tags=(("Name", "ecr"),),
    )


def test_a_gateway_endpoint() -> None:
    endpoint = parsed(
        VpcEndpointType="Gateway",
        VpcId="vpc-1",
        ServiceName="com.amazonaws.eu-west-1.s3",
        State="available",
        RouteTableIds=["rtb-1", "rtb-2"],
        SubnetIds=[],
        Groups=[],
        DnsOptions={"DnsRecordIpType": "service-defined"},
    )
    assert (endpoint.type, endpoint.service, endpoint.route_table_ids) == ("Gateway", "s3", ("rtb-1", "rtb-2"))
    assert not endpoint.private_dns


@pytest.mark.parametrize("kind", ["GatewayLoadBalancer", "Resource", "ServiceNetwork", "Tunnel", "Quantum"])
def test_every_other_type_is_kept_even_one_that_does_not_exist(kind: str) -> None:
    """Resource and service network endpoints have no service name."""
    endpoint = parsed(VpcEndpointType=kind, VpcId="vpc-1", State="Available", SubnetIds=["subnet-1"])
    assert (endpoint.type, endpoint.service, endpoint.service_name) == (kind, "", "")
    assert endpoint.is_available


@pytest.mark.parametrize(
    "state", ["PendingAcceptance", "Pending", "Deleting", "Rejected", "Failed", "Expired", "Partial"]
)
def test_only_an_available_endpoint_carries_traffic(state: str) -> None:
    """The model writes states with a capital letter, the wire without."""
    assert not parsed(State=state).is_available
    assert parsed(State="Available").is_available
    assert parsed(State="available").is_available


def test_an_endpoint_to_another_region_is_named_by_that_region() -> None:
    endpoint = parsed(
        VpcEndpointType="Interface", ServiceName="com.amazonaws.us-east-1.sqs", ServiceRegion="us-east-1", VpcId="vpc-1"
    )
    assert (endpoint.region, endpoint.service_region, endpoint.service) == ("eu-west-1", "us-east-1", "sqs")


def test_dns_that_answers_only_inbound_resolvers_is_told() -> None:
    options = {"DnsRecordIpType": "ipv4", "PrivateDnsOnlyForInboundResolverEndpoint": True}
    endpoint = parsed(VpcEndpointType="Interface", PrivateDnsEnabled=True, DnsOptions=options)
    assert (endpoint.private_dns, endpoint.inbound_resolver_only) == (True, True)
    assert not parsed(VpcEndpointType="Interface", PrivateDnsEnabled=True).inbound_resolver_only


def test_what_a_service_put_there_is_not_the_users() -> None:
    assert parsed(RequesterManaged=True).requester_managed


@pytest.mark.parametrize(
    ("name", "region", "short"),
    [
        ("com.amazonaws.eu-west-1.s3", "eu-west-1", "s3"),
        ("com.amazonaws.eu-west-1.ecr.dkr", "eu-west-1", "ecr.dkr"),
        ("com.amazonaws.us-east-1.s3express", "us-east-1", "s3express"),
        ("com.amazonaws.us-gov-west-1.kms-fips", "us-gov-west-1", "kms-fips"),
        # China names gateway services like everybody, most others with a prefix of its own.
        ("com.amazonaws.cn-north-1.s3", "cn-north-1", "s3"),
        ("cn.com.amazonaws.cn-north-1.sqs", "cn-north-1", "sqs"),
        ("aws.api.us-east-1.kendra-ranking", "us-east-1", "kendra-ranking"),
        ("aws.sagemaker.us-east-1.notebook", "us-east-1", "notebook"),
        # A partner's, the account's own, and one without a region stay whole.
        ("com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0", "eu-west-1", None),
        ("cn.com.amazonaws.vpce.cn-north-1.vpce-svc-0123456789abcdef0", "cn-north-1", None),
        ("com.amazonaws.s3-global.accesspoint", "eu-west-1", None),
        ("", "eu-west-1", None),
        # eu-west-10 is not eu-west-1.
        ("com.amazonaws.eu-west-10.s3", "eu-west-1", None),
    ],
)
def test_short_names_of_services(name: str, region: str, short: str | None) -> None:
    assert short_service(name, region) == (name if short is None else short)


def test_of_a_policy_is_kept_whether_it_is_open() -> None:
    full = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "%s", "Resource": "*"}]}'
    name = "com.amazonaws.eu-west-1.s3"
    assert parsed(ServiceName=name, PolicyDocument=full % "*").policy_open is True
    assert parsed(ServiceName=name, PolicyDocument=full % "s3:*").policy_open is True
    assert parsed(ServiceName=name, PolicyDocument=full % "s3:GetObject").policy_open is False
    assert parsed(ServiceName=name).policy_open is None


@pytest.mark.parametrize("supported", [True, False])
def test_whether_a_service_takes_policies_is_told(supported: bool) -> None:  # noqa: FBT001
    told = service_item(ServiceName="com.amazonaws.eu-west-1.sqs", VpcEndpointPolicySupported=supported)
    assert parse_endpoint_service(told, "eu-west-1").policy_supported is supported
    silent = service_item(ServiceName="com.amazonaws.eu-west-1.sqs")
    assert parse_endpoint_service(silent, "eu-west-1").policy_supported is None


def test_a_service_with_several_private_names() -> None:
    service = parse_endpoint_service(
        service_item(
            ServiceName="com.amazonaws.eu-west-1.logs",
            ServiceId="vpce-svc-1",
            ServiceType=[{"ServiceType": "Interface"}],
            AvailabilityZones=["eu-west-1a", "eu-west-1b"],
            Owner="amazon",
            PrivateDnsName="logs.eu-west-1.amazonaws.com",
            PrivateDnsNames=[
                {"PrivateDnsName": "logs.eu-west-1.amazonaws.com"},
                {"PrivateDnsName": "logs.eu-west-1.api.aws"},
            ],
        ),
        "eu-west-1",
    )
    assert (service.service, service.types, service.zones) == ("logs", ("Interface",), ("eu-west-1a", "eu-west-1b"))
    assert service.private_dns_names == ("logs.eu-west-1.amazonaws.com", "logs.eu-west-1.api.aws")


def test_a_service_with_one_private_name_and_one_with_none() -> None:
    one = service_item(ServiceName="com.amazonaws.eu-west-1.sqs", PrivateDnsName="sqs.eu-west-1.amazonaws.com")
    none = service_item(ServiceName="com.amazonaws.eu-west-1.s3", ServiceType=[{"ServiceType": "Gateway"}])
    assert parse_endpoint_service(one, "eu-west-1").private_dns_names == ("sqs.eu-west-1.amazonaws.com",)
    assert parse_endpoint_service(none, "eu-west-1").private_dns_names == ()


class Asked:
    """Answers what EC2 says of some services, and keeps the filters."""

    region = "cn-north-1"

    def __init__(self) -> None:
        self.values: list[list[str]] = []

    async def items(self, _: Operation, Filters: list[dict[str, Any]]) -> list[dict[str, Any]]:  # noqa: N803 -- AWS's name
        (one,) = Filters
        assert one["Name"] == "service-name"
        self.values.append(one["Values"])
        return [service_item(ServiceName="cn.com.amazonaws.cn-north-1.kms")]


def test_services_are_asked_for_by_every_name_that_they_may_have() -> None:
    """By a filter: a name that the region lacks fails a call that lists it among the service names."""
    calls = Asked()
    (found,) = asyncio.run(fetch_offers(cast("ScopeCalls", calls), ["kms"]))
    assert (found.service, found.service_name) == ("kms", "cn.com.amazonaws.cn-north-1.kms")
    assert set(calls.values[0]) >= {"com.amazonaws.cn-north-1.kms", "cn.com.amazonaws.cn-north-1.kms"}


def test_a_filter_holds_at_most_200_names() -> None:
    calls = Asked()
    asyncio.run(fetch_offers(cast("ScopeCalls", calls), [f"service-{number}" for number in range(120)]))
    assert [len(values) for values in calls.values] == [200, 200, 80]
