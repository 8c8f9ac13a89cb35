"""Edits as CloudFormation and Terraform: what each language can make honestly, and nothing that it cannot."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from auditor.model.network import Network
from auditor.model.resources import Endpoint, NatAddress, NatGateway, Route, RouteTable, Subnet, Vpc
from auditor.remediation.cloudformation import template
from auditor.remediation.services import service_name
from auditor.remediation.terraform import configuration
from auditor.whatif.edits import (
    AddGatewayEndpoint,
    AddInterfaceEndpoint,
    AdmitHttps,
    AssociateRouteTables,
    DropEndpoint,
    DropNatGateway,
    Edit,
    LimitPrivateDnsToInboundResolver,
    RouteSubnetToNat,
    TurnOnPrivateDns,
)
from tests.remediation.languages import STRANGE, faults, resources, terraform, terraform_value
from tests.remediation.test_cli import EDITS, hostile, hostile_network

REGION = "eu-west-1"


def real(kind: str, number: int) -> str:
    """An id as AWS makes them."""
    return f"{kind}-{number:017x}"


VPC = real("vpc", 1)
OWN, SHARED, MAIN = (real("rtb", n) for n in range(3))
ALONE, TOGETHER, PLAIN = (real("subnet", n) for n in range(3))
NAT, OTHER = real("nat", 1), real("nat", 2)
INTERFACE, GATEWAY, GROUP = real("vpce", 1), real("vpce", 2), real("sg", 1)
PLACE: Any = {"account_id": "123456789012", "region": REGION, "vpc_id": VPC}
NETWORK = Network(
    vpcs=(Vpc(VPC, "123456789012", REGION, ("10.0.0.0/16",)),),
    subnets=tuple(Subnet(one, az="eu-west-1a", **PLACE) for one in (ALONE, TOGETHER, PLAIN)),
    route_tables=(
        RouteTable(OWN, subnet_ids=(ALONE,), routes=(Route("0.0.0.0/0", NAT),), **PLACE),
        RouteTable(
            SHARED,
            subnet_ids=(TOGETHER, "subnet-9"),
            routes=(Route("10.0.0.0/16", "local"), Route("0.0.0.0/0", NAT), Route("::/0", "eigw-1")),
            **PLACE,
        ),
        RouteTable(
            MAIN,
            is_main=True,
            routes=(Route("0.0.0.0/0", NAT), Route("10.1.0.0/16", real("tgw", 1))),
            **PLACE,
        ),
    ),
    nat_gateways=(
        NatGateway(NAT, subnet_id=ALONE, addresses=(NatAddress(allocation_id="eipalloc-1"),), **PLACE),
        NatGateway(OTHER, subnet_id=ALONE, **PLACE),
    ),
    endpoints=(
        Endpoint(INTERFACE, type="Interface", service="s3", **PLACE),
        Endpoint(GATEWAY, type="Gateway", service="s3", route_table_ids=(SHARED,), **PLACE),
    ),
)
ADD_GATEWAY = AddGatewayEndpoint(VPC, "123456789012", REGION, "s3", (OWN, MAIN))
ADD_INTERFACE = AddInterfaceEndpoint(VPC, "123456789012", REGION, "ecr.api", (ALONE, PLAIN), ("10.0.0.0/16",))
ADMIT = AdmitHttps(GROUP, REGION, ("10.0.0.0/16", "100.64.0.0/16"))
REROUTE_MAIN = RouteSubnetToNat(PLAIN, REGION, MAIN, OTHER)
REROUTE_SHARED = RouteSubnetToNat(TOGETHER, REGION, SHARED, OTHER)
REROUTE_OWN = RouteSubnetToNat(ALONE, REGION, OWN, OTHER)
ASSOCIATE = AssociateRouteTables(GATEWAY, REGION, (OWN,))
MADE = [ADD_GATEWAY, ADD_INTERFACE, ADMIT, REROUTE_MAIN]
"""What a stack can make."""
OF_OTHERS: list[Edit] = [
    ASSOCIATE,
    REROUTE_SHARED,
    REROUTE_OWN,
    TurnOnPrivateDns(INTERFACE, VPC, REGION),
    LimitPrivateDnsToInboundResolver(INTERFACE, REGION),
    DropEndpoint(INTERFACE, REGION),
    DropNatGateway(NAT, REGION, replaced_by=OTHER),
]


@pytest.mark.parametrize("edit", MADE, ids=lambda edit: type(edit).__name__)
def test_a_template_is_without_fault(edit: Edit) -> None:
    made = template([edit], NETWORK)
    assert made
    assert faults(made) == []


@pytest.mark.parametrize("edit", OF_OTHERS, ids=lambda edit: type(edit).__name__)
def test_a_stack_neither_changes_nor_deletes_what_it_does_not_manage(edit: Edit) -> None:
    assert template([edit], NETWORK) is None


def test_a_stack_makes_the_gateway_endpoint() -> None:
    made = resources(template([ADD_GATEWAY], NETWORK))
    assert [one["Type"] for one in made.values()] == ["AWS::EC2::VPCEndpoint"]
    (one,) = made.values()
    assert one["Properties"] == {
        "VpcEndpointType": "Gateway",
        "VpcId": VPC,
        "ServiceName": "com.amazonaws.eu-west-1.s3",
        "RouteTableIds": [OWN, MAIN],
    }


def test_a_stack_makes_the_interface_endpoint_with_a_group_that_admits_the_vpc() -> None:
    text = template([ADD_INTERFACE], NETWORK)
    group, endpoint = (one["Properties"] for one in resources(text).values())
    assert group["SecurityGroupIngress"] == [
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16"}
    ]
    assert endpoint["PrivateDnsEnabled"] is True
    assert endpoint["SubnetIds"] == [ALONE, PLAIN]
    assert endpoint["SecurityGroupIds"] == [{"Ref": next(iter(resources(text)))}]


def test_a_template_says_what_private_names_need_of_the_vpc_unless_it_is_so() -> None:
    on = replace(NETWORK, vpcs=(replace(NETWORK.vpcs[0], dns_support=True, dns_hostnames=True),))
    assert f"# First turn on enableDnsSupport and enableDnsHostnames of {VPC}" in (
        template([ADD_INTERFACE], NETWORK) or ""
    )
    assert "enableDnsSupport" not in (template([ADD_INTERFACE], on) or "")
    assert "enable_dns_support" not in (configuration([ADD_INTERFACE], on) or "")


def test_a_subnet_of_the_main_table_gets_its_own_only_once_its_routes_are_there() -> None:
    made = resources(template([REROUTE_MAIN], NETWORK))
    table, *routes, move = made.values()
    assert table == {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": VPC}}
    assert [one["Properties"] for one in routes] == [
        {"RouteTableId": {"Ref": next(iter(made))}, "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": OTHER},
        {
            "RouteTableId": {"Ref": next(iter(made))},
            "DestinationCidrBlock": "10.1.0.0/16",
            "TransitGatewayId": real("tgw", 1),
        },
    ]
    assert move["DependsOn"] == list(made)[1:-1]


def test_a_stack_would_lose_the_gateway_endpoint_of_the_main_table() -> None:
    """It cannot associate one that is there, so it makes no table at all."""
    there = Endpoint(GATEWAY, type="Gateway", service="s3", route_table_ids=(MAIN,), **PLACE)
    assert template([REROUTE_MAIN], replace(NETWORK, endpoints=(there,))) is None


def test_a_table_and_an_endpoint_that_are_both_new_refer_to_each_other() -> None:
    both: list[Edit] = [ADD_GATEWAY, REROUTE_MAIN]
    text = template(both, NETWORK)
    assert text
    assert faults(text) == []
    made = resources(text)
    table = next(name for name, one in made.items() if one["Type"] == "AWS::EC2::RouteTable")
    endpoint = next(one for one in made.values() if one["Type"] == "AWS::EC2::VPCEndpoint")
    assert endpoint["Properties"]["RouteTableIds"] == [OWN, MAIN, {"Ref": table}]
    blocks = terraform(configuration(both, NETWORK))
    (tables,) = (one["route_table_ids"] for name, one in blocks.items() if name.startswith("aws_vpc_endpoint."))
    assert tables[-1] == f"${{aws_route_table.new_table_of_{PLAIN.replace('-', '_')}.id}}"


@pytest.mark.parametrize("edit", [*MADE, *OF_OTHERS], ids=lambda edit: type(edit).__name__)
def test_terraform_reads_every_edit(edit: Edit) -> None:
    text = configuration([edit], NETWORK)
    assert text
    terraform(text)
    assert "eu-west-1" in text


def test_terraform_makes_the_interface_endpoint() -> None:
    blocks = terraform(configuration([ADD_INTERFACE], NETWORK))
    kinds = [name.split(".", maxsplit=1)[0] for name in blocks]
    assert kinds[:3] == ["aws_security_group", "aws_vpc_security_group_ingress_rule", "aws_vpc_endpoint"]
    group, rule, endpoint, output = blocks.values()
    assert group["vpc_id"] == f'"{VPC}"'
    assert (rule["ip_protocol"], rule["from_port"], rule["cidr_ipv4"]) == ('"tcp"', 443, '"10.0.0.0/16"')
    assert endpoint["private_dns_enabled"] is True
    assert endpoint["service_name"] == '"com.amazonaws.eu-west-1.ecr.api"'
    assert output["value"] == f"${{{list(blocks)[2]}.id}}"


def test_terraform_takes_over_an_association_instead_of_making_a_second_one() -> None:
    blocks = terraform(configuration([REROUTE_SHARED], NETWORK))
    moved = f"aws_route_table_association.{TOGETHER.replace('-', '_')}"
    assert blocks[f"import {moved}"]["id"] == f'"{TOGETHER}/{SHARED}"'
    assert blocks[moved]["lifecycle"][0]["prevent_destroy"] is True
    assert any(name.startswith("aws_vpc_endpoint_route_table_association.") for name in blocks)
    routes = [one for name, one in blocks.items() if name.startswith("aws_route.")]
    assert [one.get("nat_gateway_id") or one.get("egress_only_gateway_id") for one in routes] == [
        f'"{OTHER}"',
        '"eigw-1"',
    ]


def test_terraform_takes_over_the_route_of_a_table_that_only_this_subnet_uses() -> None:
    blocks = terraform(configuration([REROUTE_OWN], NETWORK))
    (route,) = (one for name, one in blocks.items() if name.startswith("aws_route."))
    (taken,) = (one for name, one in blocks.items() if name.startswith("import "))
    assert taken["id"] == f'"{OWN}_0.0.0.0/0"'
    assert (route["route_table_id"], route["nat_gateway_id"]) == (f'"{OWN}"', f'"{OTHER}"')


def test_terraform_tells_whoever_manages_it_what_to_delete() -> None:
    text = configuration([DropNatGateway(NAT, REGION, replaced_by=OTHER)], NETWORK)
    assert text
    assert terraform(text) == {}
    told = [line.removeprefix("# Where it is managed: ") for line in text.splitlines() if "managed" in line]
    assert told == [
        f"routes to {NAT} of {OWN}, {SHARED}, {MAIN} lead to {OTHER}.",
        f"delete the aws_nat_gateway {NAT}.",
        "delete the aws_eip eipalloc-1, unless partners have it on an allow list.",
    ]


@pytest.mark.parametrize(
    ("edit", "name"),
    [
        (AddGatewayEndpoint(VPC, "1", "cn-north-1", "s3", ()), "com.amazonaws.cn-north-1.s3"),
        (AddInterfaceEndpoint(VPC, "1", "cn-north-1", "sqs", ()), "cn.com.amazonaws.cn-north-1.sqs"),
        (AddInterfaceEndpoint(VPC, "1", "cn-north-1", "sns", ()), "com.amazonaws.cn-north-1.sns"),
        (AddInterfaceEndpoint(VPC, "1", REGION, "x", (), (), "aws.api.eu-west-1.x"), "aws.api.eu-west-1.x"),
    ],
)
def test_services_have_other_names_in_china(edit: AddGatewayEndpoint | AddInterfaceEndpoint, name: str) -> None:
    assert service_name(edit) == name
    assert f'"{name}"' in (template([edit], Network()) or "")
    assert f'"{name}"' in (configuration([edit], Network()) or "")


@pytest.mark.parametrize("text", STRANGE)
@pytest.mark.parametrize("name", EDITS)
def test_hostile_ids_stay_one_value_in_every_language(name: str, text: str) -> None:
    """The structure is that of a harmless id, and each value is the text itself."""
    plain, evil = (hostile(EDITS[name], word) for word in ("id-1", text))
    tame, wild = hostile_network("id-1"), hostile_network(text)
    assert shape(terraform(configuration([evil], wild))) == shape(terraform(configuration([plain], tame)))
    made, expected = template([evil], wild), template([plain], tame)
    assert (made is None) == (expected is None)
    if made and expected:
        values = [filled(one["Properties"], text, "id-1") for one in resources(made).values()]
        assert values == [filled(one["Properties"], "id-1", "id-1") for one in resources(expected).values()]


def shape(blocks: dict[str, Any]) -> list[Any]:
    """Blocks without what their names and values are; every string must be one."""
    for value in (one for block in blocks.values() for one in block.values()):
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and text.startswith('"'):
                terraform_value(text)
    return [sorted(block) for block in blocks.values()]


def filled(value: Any, text: str, other: str) -> Any:  # noqa: ANN401
    """The properties with another id; logical ids are of the ids as well, and DNS names hold nothing strange."""
    if isinstance(value, dict):
        made_here = {"Ref", "Fn::GetAtt"}
        return {key: "made here" if key in made_here else filled(one, text, other) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, text, other) for one in value]
    tame = re.sub(r"[^A-Za-z0-9._:/*-]", "_", text)
    return value.replace(text, other).replace(tame, other) if isinstance(value, str) else value
