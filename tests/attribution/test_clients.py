"""Client addresses find their subnets, the largest are named, and no byte is lost on the way."""

from __future__ import annotations

import random
from ipaddress import ip_address, ip_network

import pytest

from auditor.attribution.clients import TOP, Subnets, place, with_owners
from auditor.attribution.owners import owner_of
from auditor.model.attributed import ClientTraffic, NamedBy, TopTalker
from auditor.model.network import Network
from auditor.model.resources import Interface, NatGateway, Subnet, Tags

NAT = NatGateway("nat-1", "1", "eu-west-1", "vpc-a")


def subnet(name: str, vpc: str, cidr: str, region: str = "eu-west-1") -> Subnet:
    return Subnet(name, "1", region, vpc, f"{region}a", cidr)


SUBNETS = [
    subnet("a1", "vpc-a", "10.0.0.0/24"),
    subnet("a2", "vpc-a", "10.0.1.0/28"),
    subnet("a3", "vpc-a", "10.0.1.16/28"),
    subnet("b1", "vpc-b", "10.0.0.0/20"),
    subnet("c1", "vpc-c", "172.16.0.0/16"),
    subnet("d1", "vpc-d", "10.9.0.0/16"),
    subnet("e1", "vpc-e", "10.9.0.0/20"),
    subnet("far", "vpc-f", "192.168.0.0/24", "us-east-1"),
]
NETWORK = Network(subnets=tuple(SUBNETS))
CONNECTED = {"vpc-a", "vpc-b", "vpc-c", "vpc-d", "vpc-e"}


def slowly(address: str, vpc_id: str) -> str | None:
    holding = [s for s in SUBNETS if s.vpc_id in CONNECTED and ip_address(address) in ip_network(s.cidr)]
    own = [s for s in holding if s.vpc_id == vpc_id]
    if own:
        return own[0].id
    return holding[0].id if len(holding) == 1 else None


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("10.0.0.255", "a1"),
        ("10.0.1.15", "a2"),
        ("10.0.1.16", "a3"),
        ("10.0.1.32", "b1"),
        ("10.0.16.1", None),
        ("172.16.200.1", "c1"),
        ("10.9.1.1", None),
        ("10.9.200.1", "d1"),
        ("192.168.0.1", None),
        ("2600:1f18::5", None),
        ("255.255.255.255", None),
    ],
)
def test_an_address_is_in_its_own_vpc_or_in_the_only_other_one(address: str, found: str | None) -> None:
    holding = Subnets(NETWORK, CONNECTED).holding(address, "vpc-a")
    assert (holding.id if holding else None) == found


def test_a_slow_search_finds_the_same() -> None:
    chance, subnets = random.Random(5), Subnets(NETWORK, CONNECTED)
    for _ in range(2000):
        start = chance.choice(["10.0.0", "10.0.1", "10.0.15", "10.9.0", "10.9.16", "172.16.4", "192.168.0", "8.8.8"])
        address, vpc_id = f"{start}.{chance.randint(0, 255)}", chance.choice(["vpc-a", "vpc-b", "vpc-d", "vpc-z"])
        found = subnets.holding(address, vpc_id)
        assert (found.id if found else None) == slowly(address, vpc_id)


def carried(client: str | None, service: str, up: int, down: int, by: NamedBy = NamedBy.ADDRESS) -> ClientTraffic:
    return ClientTraffic("nat-1", client, service, "eu-west-1", up, down, by)


def test_bytes_are_summed_by_subnet_and_destination() -> None:
    clients = [
        carried("10.0.0.1", "s3", 1, 10),
        carried("10.0.0.2", "s3", 2, 20),
        carried("10.0.1.1", "s3", 4, 40),
        carried("10.0.0.1", "kms", 8, 80, NamedBy.DNS),
        carried(None, "s3", 16, 160),
        carried("10.9.1.1", "s3", 32, 320),
    ]
    found, _ = place(clients, [NAT], Subnets(NETWORK, CONNECTED))
    assert [(a.subnet_id, a.service, a.bytes_up, a.bytes_down, a.named_by) for a in found] == [
        (None, "s3", 48, 480, NamedBy.ADDRESS),
        ("a1", "kms", 8, 80, NamedBy.DNS),
        ("a2", "s3", 4, 40, NamedBy.ADDRESS),
        ("a1", "s3", 3, 30, NamedBy.ADDRESS),
    ]


def test_ipv6_clients_have_no_subnet_and_are_told_from_unknown_ones() -> None:
    """NAT64 carried their bytes: routes to prefix lists, which are IPv4, cannot take them."""
    clients = [ClientTraffic("nat-1", one, "s3", "eu-west-1", 1, 10) for one in ("2600:1f18::5", None, "2600:1f18::6")]
    found, _ = place(clients, [NAT], Subnets(NETWORK, CONNECTED))
    assert [(one.subnet_id, one.ipv6, one.bytes_down) for one in found] == [(None, True, 20), (None, False, 10)]


def test_only_the_largest_talkers_are_kept_and_only_known_ones() -> None:
    clients = [carried(f"10.0.0.{n}", "s3", n, 0) for n in range(1, TOP + 11)] + [carried(None, "s3", 10**9, 0)]
    attributions, talkers = place(clients, [NAT], Subnets(NETWORK, CONNECTED))
    assert [one.bytes_up for one in talkers] == list(range(TOP + 10, 10, -1))
    assert sum(one.bytes_up for one in attributions) == sum(one.bytes_up for one in clients)
    assert {(one.subnet_id, one.az) for one in talkers} == {("a1", "eu-west-1a")}


def interface(ip: str, subnet_id: str, description: str = "", instance: str = "", tags: Tags = ()) -> Interface:
    return Interface(
        *("eni-1", "1", "eu-west-1", "vpc-a", subnet_id, "eu-west-1a"),
        description=description,
        private_ips=(ip, "10.0.0.99"),
        instance_id=instance,
        tags=tags,
    )


def test_a_talker_belongs_to_the_interface_that_has_its_address_in_its_subnet() -> None:
    talkers = [TopTalker("nat-1", ip, "s3", None, 1, 1, subnet_id="a1") for ip in ("10.0.0.1", "10.0.0.99", "10.0.0.7")]
    others = [interface("10.0.0.7", "b1", instance="i-b")]
    found = with_owners(talkers, [interface("10.0.0.1", "a1", instance="i-a"), *others])
    assert [(one.interface_id, one.owner) for one in found] == [("eni-1", "i-a"), ("eni-1", "i-a"), (None, "")]


UUID = "11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("description", "instance", "tags", "owner"),
    [
        (f"AWS Lambda VPC ENI-checkout-api-{UUID}", "", {}, "Lambda checkout-api"),
        (f"arn:aws:ecs:eu-west-1:1:attachment/{UUID}", "", {}, "ECS task"),
        (
            f"arn:aws-cn:ecs:cn-north-1:1:attachment/{UUID}",
            "",
            {"aws:ecs:clusterName": "shop", "aws:ecs:serviceName": "cart"},
            "ECS shop/cart",
        ),
        ("aws-K8S-i-0abc", "i-0abc", {"cluster.k8s.amazonaws.com/name": "shop"}, "EKS shop on i-0abc"),
        ("aws-K8S-i-0abc", "i-0abc", {}, "EKS pods on i-0abc"),
        ("", "i-0abc", {"eks:cluster-name": "shop"}, "EKS shop on i-0abc"),
        ("", "i-0abc", {"Name": "build"}, "i-0abc (build)"),
        ("RDSNetworkInterface", "", {}, "RDSNetworkInterface"),
        ("", "", {"Name": "mine"}, "mine"),
        ("", "", {}, ""),
    ],
)
def test_an_interface_tells_its_owner(description: str, instance: str, tags: dict[str, str], owner: str) -> None:
    assert owner_of(interface("10.0.0.1", "a1", description, instance, tuple(tags.items()))) == owner
