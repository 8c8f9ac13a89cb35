"""Edits as AWS CLI commands: each exists, takes what it is given, and runs nothing but itself."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from auditor.model.audit import Remediation
from auditor.model.network import Network
from auditor.model.resources import Endpoint, NatAddress, NatGateway, Route, RouteTable, Subnet, Vpc
from auditor.remediation.cli import commands
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
    ShareInterfaceEndpoint,
    TurnOnPrivateDns,
)
from tests.remediation.shell import BASH, HOSTILE, check, run, scripts

REGION = "eu-west-1"
PLACE: Any = {"account_id": "123456789012", "region": REGION, "vpc_id": "vpc-1"}
NETWORK = Network(
    vpcs=(Vpc("vpc-1", "123456789012", REGION), Vpc("vpc-3", "999999999999", REGION)),
    subnets=(Subnet("subnet-1", az="eu-west-1a", **PLACE), Subnet("subnet-2", az="eu-west-1b", **PLACE)),
    route_tables=(
        RouteTable("rtb-own", subnet_ids=("subnet-1",), routes=(Route("0.0.0.0/0", "nat-1"),), **PLACE),
        RouteTable(
            "rtb-shared",
            subnet_ids=("subnet-2", "subnet-3"),
            routes=(Route("0.0.0.0/0", "nat-1"), Route("::/0", "nat-1"), Route("pl-1", "nat-1")),
            **PLACE,
        ),
        RouteTable("rtb-main", is_main=True, routes=(Route("0.0.0.0/0", "nat-1"),), **PLACE),
    ),
    nat_gateways=(NatGateway("nat-1", subnet_id="subnet-1", **PLACE), NatGateway("nat-2", mode="regional", **PLACE)),
    endpoints=(
        Endpoint(
            "vpce-1",
            type="Interface",
            service="sqs",
            service_name="com.amazonaws.us-east-1.sqs",
            service_region="us-east-1",
            private_dns=True,
            inbound_resolver_only=True,
            subnet_ids=("subnet-1", "subnet-2"),
            security_group_ids=("sg-1",),
            **PLACE,
        ),
        Endpoint("vpce-2", type="Interface", service="logs", service_name="com.amazonaws.eu-west-1.logs", **PLACE),
        Endpoint(
            "vpce-3",
            type="Gateway",
            service="s3",
            service_name="com.amazonaws.eu-west-1.s3",
            route_table_ids=("rtb-own",),
            **PLACE,
        ),
    ),
)
EDITS: dict[str, Edit] = {
    "add a gateway endpoint": AddGatewayEndpoint("vpc-1", "123456789012", REGION, "s3", ("rtb-own", "rtb-shared")),
    "add an interface endpoint": AddInterfaceEndpoint(
        "vpc-1", "123456789012", REGION, "ecr.api", ("subnet-1", "subnet-2"), ("10.0.0.0/16", "100.64.0.0/16")
    ),
    "share an interface endpoint": ShareInterfaceEndpoint(
        "vpc-1",
        "123456789012",
        REGION,
        "ecr.dkr",
        ("subnet-1",),
        ("vpc-2", "vpc-3"),
        ("10.0.0.0/8",),
        dns_names=("dkr.ecr.eu-west-1.amazonaws.com", "*.dkr.ecr.eu-west-1.amazonaws.com"),
    ),
    "associate": AssociateRouteTables("vpce-3", REGION, ("rtb-shared",)),
    "drop a NAT gateway and its routes": DropNatGateway("nat-1", REGION),
    "drop a NAT gateway for another": DropNatGateway("nat-1", REGION, replaced_by="nat-2"),
    "drop a regional NAT gateway": DropNatGateway("nat-2", REGION),
    "reroute a subnet's own table": RouteSubnetToNat("subnet-1", REGION, "rtb-own", "nat-2"),
    "reroute a subnet of a shared table": RouteSubnetToNat("subnet-2", REGION, "rtb-shared", "nat-2"),
    "reroute a subnet of the main table": RouteSubnetToNat("subnet-9", REGION, "rtb-main", "nat-2"),
    "drop an interface endpoint": DropEndpoint("vpce-1", REGION),
    "drop one without private DNS or groups": DropEndpoint("vpce-2", REGION),
    "drop a gateway endpoint": DropEndpoint("vpce-3", REGION),
    "turn on private DNS": TurnOnPrivateDns("vpce-2", "vpc-1", REGION),
    "limit private DNS": LimitPrivateDnsToInboundResolver("vpce-1", REGION),
    "admit HTTPS": AdmitHttps("sg-1", REGION, ("10.0.0.0/16", "100.64.0.0/16")),
}
ROUTE_TARGETS = {"0.0.0.0/0": "--destination-cidr-block", "::/0": "--destination-ipv6-cidr-block"}


def test_every_kind_of_edit_is_tried_here() -> None:
    assert {type(edit) for edit in EDITS.values()} == set(get_args(Edit))


@pytest.mark.parametrize("name", EDITS)
def test_there_and_back_aws_knows_each_command_and_option(name: str, tmp_path: Path) -> None:
    for script in scripts(commands([EDITS[name]], NETWORK)):
        calls = run(script, tmp_path)
        assert calls
        for words in calls:
            check(words)


def hostile(edit: Edit, text: str) -> Edit:
    """The edit with this text for every id, service and region in it."""
    fields = {name: getattr(edit, name) for name in edit.__dataclass_fields__}
    changed: Any = {name: (text,) if isinstance(value, tuple) else text for name, value in fields.items() if value}
    return replace(edit, **changed)


def hostile_network(text: str) -> Network:
    """A network in which everything that an edit may look up is called so."""
    place: Any = dict.fromkeys(PLACE, text)
    routes = (Route(text, text), Route("0.0.0.0/0", text))
    lists: Any = dict.fromkeys(("subnet_ids", "security_group_ids", "route_table_ids"), (text,))
    names: Any = dict.fromkeys(("type", "service", "service_name", "service_region"), text)
    return Network(
        route_tables=(RouteTable(text, subnet_ids=(text, "subnet-2"), routes=routes, **place),),
        nat_gateways=(NatGateway(text, subnet_id=text, **place),),
        endpoints=(Endpoint(text, **place, **names, **lists),),
    )


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", EDITS)
def test_hostile_ids_stay_one_word_and_run_nothing(name: str, text: str, tmp_path: Path) -> None:
    plain, evil = (hostile(EDITS[name], word) for word in ("id-1", text))
    safe = commands([plain], hostile_network("id-1"))
    for script, harmless in zip(scripts(commands([evil], hostile_network(text))), scripts(safe), strict=True):
        subprocess.run([BASH, "-n"], input=script, text=True, check=True)
        calls, expected = run(script, tmp_path), run(harmless, tmp_path)
        tame = re.sub(r"[^A-Za-z0-9._:/-]", "_", text)  # of which a tag may be made
        told = [[word.replace(text, "id-1").replace(tame, "id-1") for word in words] for words in calls]
        assert told == expected
    assert not (tmp_path / "pwned").exists()


def test_nothing_to_change_is_no_command() -> None:
    assert commands([], NETWORK) == Remediation()


def test_the_way_back_runs_in_the_opposite_order() -> None:
    told = commands([EDITS["associate"], EDITS["limit private DNS"]], NETWORK)
    assert told.cli
    assert told.rollback
    assert [re.findall(r"vpce-\d", line) for line in told.cli.splitlines()] == [["vpce-3"], ["vpce-1"]]
    assert [re.findall(r"vpce-\d", line) for line in told.rollback.splitlines()] == [["vpce-1"], ["vpce-3"]]


def test_routes_move_before_the_nat_gateway_goes() -> None:
    """All of them, in every table, by the option that fits the destination."""
    told = commands([DropNatGateway("nat-1", REGION, replaced_by="nat-2")], NETWORK)
    assert told.cli
    *routes, last = [shlex.split(line) for line in told.cli.splitlines()]
    assert last[2:] == ["delete-nat-gateway", "--region", REGION, "--nat-gateway-id", "nat-1"]
    moved = {(words[6], words[7], words[8]) for words in routes}
    assert moved == {
        ("rtb-own", "--destination-cidr-block", "0.0.0.0/0"),
        ("rtb-shared", "--destination-cidr-block", "0.0.0.0/0"),
        ("rtb-shared", "--destination-ipv6-cidr-block", "::/0"),
        ("rtb-shared", "--destination-prefix-list-id", "pl-1"),
        ("rtb-main", "--destination-cidr-block", "0.0.0.0/0"),
    }
    assert all((words[2], words[-1]) == ("replace-route", "nat-2") for words in routes)


def test_without_a_replacement_routes_are_deleted_and_come_back_by_creation() -> None:
    told = commands([DropNatGateway("nat-1", REGION)], NETWORK)
    assert told.cli
    assert told.rollback
    assert told.cli.count("aws ec2 delete-route ") == 5
    assert told.rollback.count("aws ec2 create-route ") == 5
    assert "create-nat-gateway --region eu-west-1 --connectivity-type public --subnet-id subnet-1" in told.rollback


@pytest.mark.parametrize(
    ("nat", "options_of_it"),
    [
        (
            NatGateway("nat-1", subnet_id="subnet-1", **PLACE),
            ["--connectivity-type", "public", "--subnet-id", "subnet-1", "--allocation-id", "made-1"],
        ),
        (
            NatGateway("nat-1", subnet_id="subnet-1", connectivity="private", **PLACE),
            ["--connectivity-type", "private", "--subnet-id", "subnet-1"],
        ),
        (
            NatGateway("nat-1", mode="regional", **PLACE),
            ["--connectivity-type", "public", "--availability-mode", "regional", "--vpc-id", "vpc-1"],
        ),
    ],
)
def test_the_way_back_makes_a_nat_gateway_of_the_same_kind_and_waits_for_it(
    nat: NatGateway, options_of_it: list[str], tmp_path: Path
) -> None:
    told = commands([DropNatGateway("nat-1", REGION)], Network(nat_gateways=(nat,)))
    assert told.rollback
    *allocate, create, wait = run(told.rollback, tmp_path)
    assert [words[1] for words in allocate] == ["allocate-address"] * ("--allocation-id" in options_of_it)
    assert create == [
        "ec2",
        "create-nat-gateway",
        "--region",
        REGION,
        *options_of_it,
        "--tag-specifications",
        "ResourceType=natgateway,Tags=[{Key=auditor:change,Value=again-nat-1}]",
        "--query",
        "NatGateway.NatGatewayId",
        "--output",
        "text",
    ]
    assert wait == ["ec2", "wait", "nat-gateway-available", "--region", REGION, "--nat-gateway-ids", "made-1"]


def test_the_address_that_the_saving_counts_is_released_once_the_nat_gateway_is_gone(tmp_path: Path) -> None:
    address = NatAddress(public_ip="198.18.0.1", allocation_id="eipalloc-1")
    nat = NatGateway("nat-1", subnet_id="subnet-1", addresses=(address,), **PLACE)
    told = commands([DropNatGateway("nat-1", REGION)], Network(nat_gateways=(nat,)))
    assert told.cli
    delete, wait, release = run(told.cli, tmp_path)
    assert delete[1] == "delete-nat-gateway"
    assert wait[1:3] == ["wait", "nat-gateway-deleted"]
    assert release == ["ec2", "release-address", "--region", REGION, "--allocation-id", "eipalloc-1"]


def test_the_addresses_of_a_regional_nat_gateway_are_not_the_users_to_release(tmp_path: Path) -> None:
    nat = NatGateway("nat-1", mode="regional", addresses=(NatAddress(allocation_id="eipalloc-1"),), **PLACE)
    told = commands([DropNatGateway("nat-1", REGION)], Network(nat_gateways=(nat,)))
    assert told.cli
    assert [words[1] for words in run(told.cli, tmp_path)] == ["delete-nat-gateway"]


def test_a_subnet_with_an_own_association_is_moved_by_it_and_back(tmp_path: Path) -> None:
    """associate-route-table refuses a subnet that is associated already."""
    told = commands([EDITS["reroute a subnet of a shared table"]], NETWORK)
    there, back = (run(script, tmp_path) for script in scripts(told))
    assert [words[1] for words in there] == [
        "create-route-table",
        *["create-route"] * 3,
        "describe-route-tables",
        "replace-route-table-association",
    ]
    assert [words[1] for words in back] == [
        "describe-route-tables",
        "describe-route-tables",
        "replace-route-table-association",
        "delete-route-table",
    ]
    assert back[2][-1] == "rtb-shared"


def test_a_copied_table_has_all_routes_and_gateway_endpoints_of_the_old_one(tmp_path: Path) -> None:
    """Each route by the option that fits its target; what comes with the VPC or an endpoint comes by itself."""
    targets = {
        "10.0.0.0/16": "local",
        "10.1.0.0/16": "tgw-1",
        "10.2.0.0/16": "pcx-1",
        "::/0": "eigw-1",
        "10.3.0.0/16": "vpce-gwlb",
        "10.4.0.0/16": "quantum-1",
        "pl-1": "vpce-1",
        "pl-2": "tgw-1",
        "0.0.0.0/0": "nat-1",
    }
    routes = (*(Route(to, target) for to, target in targets.items()), Route("10.5.0.0/16", "eni-1", active=False))
    old = RouteTable("rtb-1", is_main=True, routes=routes, **PLACE)
    gateway = Endpoint("vpce-1", type="Gateway", service="s3", route_table_ids=("rtb-1",), **PLACE)
    network = Network(subnets=NETWORK.subnets, route_tables=(old,), endpoints=(gateway,))
    told = commands([RouteSubnetToNat("subnet-1", REGION, "rtb-1", "nat-2")], network)
    assert told.cli
    assert told.rollback
    there, back = run(told.cli, tmp_path), run(told.rollback, tmp_path)
    assert [words[-4:] for words in there if words[1] == "create-route"] == [
        ["--destination-cidr-block", "0.0.0.0/0", "--nat-gateway-id", "nat-2"],
        ["--destination-cidr-block", "10.1.0.0/16", "--transit-gateway-id", "tgw-1"],
        ["--destination-cidr-block", "10.2.0.0/16", "--vpc-peering-connection-id", "pcx-1"],
        ["--destination-ipv6-cidr-block", "::/0", "--egress-only-internet-gateway-id", "eigw-1"],
        ["--destination-cidr-block", "10.3.0.0/16", "--vpc-endpoint-id", "vpce-gwlb"],
        ["--destination-prefix-list-id", "pl-2", "--transit-gateway-id", "tgw-1"],
    ]
    assert "# Copy the route to 10.4.0.0/16 as well" in told.cli
    assert [words[-1] for words in there if "--add-route-table-ids" in words] == ["made-1"]
    assert [words[1] for words in back[-2:]] == ["modify-vpc-endpoint", "delete-route-table"]


def test_a_subnet_of_the_main_table_gets_an_association_and_loses_it_again(tmp_path: Path) -> None:
    told = commands([EDITS["reroute a subnet of the main table"]], NETWORK)
    there, back = (run(script, tmp_path) for script in scripts(told))
    assert there[-1][1] == "associate-route-table"
    assert [words[1] for words in back] == [
        "describe-route-tables",
        "describe-route-tables",
        "disassociate-route-table",
        "delete-route-table",
    ]


def test_an_endpoint_comes_back_as_it_was() -> None:
    told = commands([DropEndpoint("vpce-1", REGION)], NETWORK)
    assert told.rollback
    line = told.rollback.splitlines()[-1]
    assert line == (
        "aws ec2 create-vpc-endpoint --region eu-west-1 --vpc-id vpc-1 --vpc-endpoint-type Interface"
        " --service-name com.amazonaws.us-east-1.sqs --service-region us-east-1 --subnet-ids subnet-1 subnet-2"
        " --security-group-ids sg-1 --dns-options PrivateDnsOnlyForInboundResolverEndpoint=true --private-dns-enabled"
        " --tag-specifications 'ResourceType=vpc-endpoint,Tags=[{Key=auditor:change,Value=again-vpce-1}]'"
    )
