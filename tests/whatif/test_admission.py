"""Network ACLs and security groups: what they refuse is found, named by rule, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, ip_network
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.network import Network
from auditor.model.resources import (
    AclEntry,
    Endpoint,
    NatGateway,
    NetworkAcl,
    Permission,
    PrefixList,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
)
from auditor.whatif.admission import Refusal, refusals
from auditor.whatif.edits import (
    AddGatewayEndpoint,
    AddInterfaceEndpoint,
    AdmitHttps,
    AssociateRouteTables,
    DropEndpoint,
    TurnOnPrivateDns,
)

REGION, VPC = "us-east-1", "vpc-1"
CLIENT = Subnet("subnet-client", "1", REGION, VPC, "us-east-1a", "10.0.1.0/24")
PLACE = replace(CLIENT, id="subnet-place", cidr="10.0.2.0/24")
ALL_OUT, ALL_IN = AclEntry(100, egress=True, allow=True), AclEntry(100, egress=False, allow=True)
LAST = (AclEntry(32767, egress=True, allow=False), AclEntry(32767, egress=False, allow=False))
OPEN = (ALL_OUT, ALL_IN, *LAST)
CALLS, ANSWERS = (443, 443), (32768, 65535)
S3 = PrefixList("pl-1", REGION, f"com.amazonaws.{REGION}.s3", ("52.216.0.0/15", "3.5.0.0/19"))
GATEWAY = AddGatewayEndpoint(VPC, "1", REGION, "s3", ("rtb-1",))
INTERFACE = AddInterfaceEndpoint(VPC, "1", REGION, "kms", (PLACE.id,), ("10.0.0.0/16",))


def acl(*entries: AclEntry, subnet: Subnet = CLIENT) -> NetworkAcl:
    return NetworkAcl(f"acl-{subnet.id}", "1", REGION, VPC, subnet_ids=(subnet.id,), entries=entries)


def network(*acls: NetworkAcl, endpoint: Endpoint | None = None, groups: tuple[SecurityGroup, ...] = ()) -> Network:
    """A VPC whose two subnets leave through a NAT gateway."""
    return Network(
        vpcs=(Vpc(VPC, "1", REGION, ("10.0.0.0/16",), dns_support=True, dns_hostnames=True),),
        subnets=(CLIENT, PLACE),
        route_tables=(RouteTable("rtb-1", "1", REGION, VPC, is_main=True, routes=(Route("0.0.0.0/0", "nat-1"),)),),
        nat_gateways=(NatGateway("nat-1", "1", REGION, VPC, subnet_id=PLACE.id),),
        endpoints=(endpoint,) if endpoint else (),
        prefix_lists=(S3,),
        security_groups=groups,
        network_acls=acls,
    )


def refusal(rule: int | None, ports: tuple[int, int], addresses: str, *, out: bool, cuts_off: bool = False) -> Refusal:
    return Refusal("acl-subnet-client", rule, CLIENT.id, out, ports, addresses, "s3", cuts_off)


def deny(number: int, cidr: str, *, out: bool, ports: tuple[int, int] | None = None, protocol: str = "6") -> AclEntry:
    low, high = ports or (None, None)
    return AclEntry(number, egress=out, allow=False, protocol=protocol, cidr=cidr, from_port=low, to_port=high)


def test_what_is_open_or_was_not_read_refuses_nothing() -> None:
    assert refusals(network(acl(*OPEN)), (GATEWAY, INTERFACE)) == ()
    assert refusals(network(), (GATEWAY, INTERFACE)) == ()
    assert refusals(replace(network(acl(*LAST)), prefix_lists=()), (GATEWAY,)) == ()


def test_the_rule_that_denies_a_gateway_endpoints_addresses_is_named() -> None:
    """Rule 50 denies a part of 52.216.0.0/15 before 100 admits it; 3.5.0.0/19 gets no answers."""
    some = deny(50, "52.217.0.0/16", out=True)
    answers = deny(60, "3.5.0.0/19", out=False, ports=(60000, 65535))
    assert refusals(network(acl(some, answers, *OPEN)), (GATEWAY,)) == (
        refusal(50, CALLS, "52.216.0.0/15", out=True),
        refusal(60, ANSWERS, "3.5.0.0/19", out=False),
    )


def test_where_no_rule_admits_the_last_one_is_not_called_one() -> None:
    only_calls = AclEntry(100, egress=True, allow=True, protocol="6", from_port=443, to_port=443)
    found = refusals(network(acl(only_calls, *LAST)), (GATEWAY,))
    assert found == tuple(refusal(None, ANSWERS, cidr, out=False) for cidr in S3.cidrs)


@pytest.mark.parametrize(
    "entry",
    [
        deny(50, "52.216.0.0/15", out=True, protocol="17"),
        deny(50, "52.216.0.0/15", out=True, ports=(80, 80)),
        deny(50, "::/0", out=True),
        deny(50, "9.0.0.0/8", out=True),
        deny(50, "52.216.0.0/15", out=False, ports=(0, 1023)),
        deny(200, "52.216.0.0/15", out=True),
    ],
    ids=["UDP", "another port", "IPv6", "other addresses", "low ports in", "too late"],
)
def test_rules_about_something_else_refuse_nothing(entry: AclEntry) -> None:
    assert refusals(network(acl(entry, *OPEN)), (GATEWAY,)) == ()


def test_only_subnets_whose_table_is_associated_count() -> None:
    other = replace(GATEWAY, route_table_ids=("rtb-2",))
    assert refusals(network(acl(*LAST)), (other,)) == ()
    there = Endpoint("vpce-1", "1", REGION, VPC, "Gateway", "s3")
    found = refusals(network(acl(*LAST), endpoint=there), (AssociateRouteTables("vpce-1", REGION, ("rtb-1",)),))
    assert len(found) == 4


def test_dropping_s3s_interface_endpoint_cuts_off_who_may_not_reach_s3s_own_addresses() -> None:
    """Private addresses are admitted, and used today."""
    private = (replace(ALL_OUT, cidr="10.0.0.0/8"), replace(ALL_IN, cidr="10.0.0.0/8"), *LAST)
    there = Endpoint("vpce-1", "1", REGION, VPC, "Interface", "s3", private_dns=True, subnet_ids=(PLACE.id,))
    found = refusals(network(acl(*private), endpoint=there), (DropEndpoint("vpce-1", REGION),))
    assert {(one.rule, one.cuts_off, one.addresses) for one in found} == {(None, True, cidr) for cidr in S3.cidrs}
    assert (
        refusals(network(acl(*private), endpoint=replace(there, service="kms")), (DropEndpoint("vpce-1", REGION),))
        == ()
    )


def test_an_interface_endpoint_needs_both_subnets_acls_in_both_directions() -> None:
    """Calls leave the client's subnet and enter the endpoint's, answers the other way round."""
    found = refusals(network(acl(*LAST), acl(*LAST, subnet=PLACE)), (INTERFACE,))
    assert {(one.guard_id, one.egress, one.ports, one.addresses) for one in found} == {
        ("acl-subnet-client", True, CALLS, PLACE.cidr),
        ("acl-subnet-client", False, ANSWERS, PLACE.cidr),
        ("acl-subnet-place", False, CALLS, CLIENT.cidr),
        ("acl-subnet-place", True, ANSWERS, CLIENT.cidr),
    }
    assert all(one.cuts_off for one in found)


def test_within_the_endpoints_own_subnet_no_acl_looks() -> None:
    alone = replace(network(acl(*LAST, subnet=PLACE)), subnets=(PLACE,))
    assert refusals(alone, (INTERFACE,)) == ()


def test_clients_that_leave_another_way_are_not_asked_about() -> None:
    of = network(acl(*LAST))
    table = RouteTable("rtb-2", "1", REGION, VPC, subnet_ids=(CLIENT.id,), routes=(Route("0.0.0.0/0", "igw-1"),))
    assert refusals(replace(of, route_tables=(*of.route_tables, table)), (INTERFACE,)) == ()


HTTPS_FROM = {
    "all of it": (("10.0.1.0/24",), True),
    "more": (("0.0.0.0/0",), True),
    "half of it": (("10.0.1.0/25",), False),
    "another subnet": (("10.0.2.0/24",), False),
}


@pytest.mark.parametrize(("cidrs", "admitted"), HTTPS_FROM.values(), ids=HTTPS_FROM)
def test_private_dns_sends_clients_to_an_endpoint_whose_groups_must_admit_them(
    cidrs: tuple[str, ...], *, admitted: bool
) -> None:
    group = SecurityGroup("sg-1", "1", REGION, VPC, (Permission("tcp", 443, 443, (*cidrs, "10.0.2.0/24")),))
    there = Endpoint("vpce-1", "1", REGION, VPC, "Interface", "kms", security_group_ids=("sg-1",))
    turn_on = TurnOnPrivateDns("vpce-1", VPC, REGION)
    of = network(endpoint=there, groups=(group,))
    expected = () if admitted else (Refusal("sg-1", None, CLIENT.id, False, CALLS, CLIENT.cidr, "kms"),)  # noqa: FBT003
    assert refusals(of, (turn_on,)) == expected
    assert refusals(of, (turn_on, AdmitHttps("sg-1", REGION, ("10.0.0.0/16",)))) == ()
    assert refusals(replace(of, security_groups=()), (turn_on,)) == ()
    by_group = replace(group, ingress=(Permission("-1", groups=("sg-clients",)),))
    assert refusals(replace(of, security_groups=(by_group,)), (turn_on,)) == ()


@given(st.randoms(use_true_random=False))
def test_an_oracle_that_sends_packets_agrees(rng: Random) -> None:
    """Some packet is refused by the rule that is named; where none is named, all packets pass."""
    entries = tuple(_entry(rng, number) for number in rng.sample(range(1, 50), rng.randint(0, 6)))
    found = {(one.egress, one.addresses): one.rule for one in refusals(network(acl(*entries, *LAST)), (GATEWAY,))}
    for out, ports, cidr in [
        (out, ports, cidr) for out, ports in ((True, CALLS), (False, ANSWERS)) for cidr in S3.cidrs
    ]:
        denied = {rule for address in _addresses(cidr) for rule in _sent(entries, out, address, ports)}
        if (out, cidr) in found:
            assert found[out, cidr] in denied
        else:
            assert denied == set()


BLOCKS = ("0.0.0.0/0", "52.216.0.0/15", "52.217.0.0/16", "52.217.255.0/24", "3.0.0.0/8", "3.5.16.0/20", "10.0.0.0/8")
EDGES = (0, 443, 444, 32768, 40000, 65535)


def _entry(rng: Random, number: int) -> AclEntry:
    low, high = sorted(rng.sample(EDGES, 2))
    protocol = rng.choice(["-1", "6", "6", "6", "17"])
    ports = (None, None) if protocol == "-1" or rng.random() < 0.3 else (low, high)
    return AclEntry(number, rng.random() < 0.5, rng.random() < 0.7, protocol, rng.choice(BLOCKS), *ports)


def _addresses(cidr: str) -> set[IPv4Address]:
    """All corners of blocks within it."""
    corners = {block[at] for block in map(ip_network, (*BLOCKS, cidr)) for at in (0, -1)}
    near = {corner + step for corner in corners for step in (-1, 0, 1) if 0 <= int(corner) + step < 2**32}
    return {one for one in near if isinstance(one, IPv4Address) and one in ip_network(cidr)}


def _sent(entries: tuple[AclEntry, ...], out: bool, address: IPv4Address, ports: tuple[int, int]) -> set[int | None]:  # noqa: FBT001
    """The rules that deny a packet to or from an address, for all ports at which rules change."""
    tried = [port for edge in EDGES for port in (edge - 1, edge, edge + 1) if ports[0] <= port <= ports[1]]
    verdicts = (_verdict(entries, out, address, port) for port in (*ports, *tried))
    return {number for number, allowed in verdicts if not allowed}


def _verdict(entries: tuple[AclEntry, ...], out: bool, address: IPv4Address, port: int) -> tuple[int | None, bool]:  # noqa: FBT001
    for one in sorted(entries, key=lambda entry: entry.number):
        ports = range(65536) if one.from_port is None or one.to_port is None else range(one.from_port, one.to_port + 1)
        if one.egress == out and one.protocol != "17" and address in ip_network(one.cidr) and port in ports:
            return one.number, one.allow
    return None, False
