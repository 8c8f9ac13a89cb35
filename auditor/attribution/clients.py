"""Client addresses → subnets, and the largest clients of each NAT gateway."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Network, ip_address

from auditor.attribution.owners import owner_of
from auditor.model.attributed import Attribution, ClientTraffic, NamedBy, TopTalker
from auditor.model.network import Network
from auditor.model.resources import Interface, NatGateway, Subnet

TOP = 20
"""How many pairs of client and destination are kept of each NAT gateway."""


class Subnets:
    """The subnets of VPCs whose clients can reach a NAT gateway, found by an address in them."""

    def __init__(self, network: Network, vpc_ids: Collection[str]) -> None:
        self._found: dict[tuple[int, int], list[Subnet]] = defaultdict(list)
        for subnet in network.subnets:
            if subnet.vpc_id in vpc_ids and subnet.cidr:
                cidr = IPv4Network(subnet.cidr)
                self._found[cidr.prefixlen, int(cidr.network_address) >> (32 - cidr.prefixlen)].append(subnet)
        self._lengths = sorted({length for length, _ in self._found}, reverse=True)

    def holding(self, address: str, vpc_id: str) -> Subnet | None:
        """The subnet of that VPC, else the only one of any other; `None` where several VPCs use the address."""
        number = ip_address(address)
        if number.version != 4:  # noqa: PLR2004
            return None
        found = [s for length in self._lengths for s in self._found.get((length, int(number) >> (32 - length)), ())]
        own = [subnet for subnet in found if subnet.vpc_id == vpc_id]
        if own:
            return own[0]
        return found[0] if len(found) == 1 else None


def place(
    clients: Iterable[ClientTraffic], gateways: Sequence[NatGateway], subnets: Subnets
) -> tuple[tuple[Attribution, ...], tuple[TopTalker, ...]]:
    """Bytes by NAT gateway, subnet and destination; and the largest clients, whose interfaces nobody asked for yet."""
    vpc_of = {gateway.id: gateway.vpc_id for gateway in gateways}
    known: dict[tuple[str, str], Subnet | None] = {}
    sums: dict[tuple[str, str | None, str, str | None, NamedBy, bool], list[int]] = defaultdict(lambda: [0, 0])
    talkers: dict[str, list[TopTalker]] = defaultdict(list)
    for one in clients:
        subnet = None
        if one.client is not None:
            key = (one.client, vpc_of[one.nat_gateway_id])
            if key not in known:
                known[key] = subnets.holding(*key)
            subnet = known[key]
            talkers[one.nat_gateway_id].append(_talker(one, one.client, subnet))
        ipv6 = one.client is not None and ":" in one.client
        both = sums[one.nat_gateway_id, subnet.id if subnet else None, one.service, one.region, one.named_by, ipv6]
        both[0] += one.bytes_up
        both[1] += one.bytes_down
    attributions = (
        Attribution(nat, subnet_id, service, region, up, down, named_by, ipv6)
        for (nat, subnet_id, service, region, named_by, ipv6), (up, down) in sums.items()
    )
    top = (one for found in talkers.values() for one in sorted(found, key=_largest)[:TOP])
    return tuple(sorted(attributions, key=_order)), tuple(
        sorted(top, key=lambda one: (one.nat_gateway_id, _largest(one)))
    )


def with_owners(talkers: Iterable[TopTalker], interfaces: Iterable[Interface]) -> tuple[TopTalker, ...]:
    """The talkers with interface and owner, where the interfaces hold their address in their subnet."""
    by_address = {(address, one.subnet_id): one for one in interfaces for address in one.private_ips}
    return tuple(_owned(talker, by_address) for talker in talkers)


def _talker(one: ClientTraffic, address: str, subnet: Subnet | None) -> TopTalker:
    return TopTalker(
        nat_gateway_id=one.nat_gateway_id,
        address=address,
        service=one.service,
        service_region=one.region,
        bytes_up=one.bytes_up,
        bytes_down=one.bytes_down,
        subnet_id=subnet.id if subnet else None,
        az=subnet.az if subnet else None,
    )


def _owned(talker: TopTalker, by_address: Mapping[tuple[str, str], Interface]) -> TopTalker:
    found = by_address.get((talker.address, talker.subnet_id or ""))
    return replace(talker, interface_id=found.id, owner=owner_of(found)) if found else talker


def _largest(one: TopTalker) -> tuple[int, str, str, str]:
    return (-one.bytes_up - one.bytes_down, one.address, one.service, one.service_region or "")


def _order(one: Attribution) -> tuple[str, int, str, str, str]:
    size = one.bytes_up + one.bytes_down
    return (one.nat_gateway_id, -size, one.service, one.service_region or "", one.subnet_id or "")
