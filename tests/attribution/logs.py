"""Random flow logs of every shape: a little network, its conversations, the records each makes, and files of them."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from tests.attribution.oracle import Nat, prefixes

V2 = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
LATER = "vpc-id subnet-id instance-id tcp-flags type region az-id flow-direction traffic-path"
PACKET = "pkt-srcaddr pkt-dstaddr"
START = 1_760_000_000

Row = dict[str, str]


@dataclass
class Network:
    """Two or three zonal NAT gateways, one of them with secondary addresses, a regional one, and clients all over."""

    chance: random.Random
    nats: list[Nat] = field(default_factory=list)

    def __post_init__(self) -> None:
        for number in range(self.chance.randint(2, 3)):
            count = self.chance.choice([1, 1, 4])
            own = {f"10.0.{number}.{220 + index}" for index in range(count)}
            self.nats.append(Nat(f"nat-0{number}", regional=False, interfaces={f"eni-0{number}"}, addresses=own))
        self.nats.append(Nat("nat-0r", regional=True, interfaces=set(), addresses={"198.51.100.9", "10.0.9.9"}))

    def described(self) -> str:
        """What `aws ec2 describe-nat-gateways` prints."""
        return json.dumps({"NatGateways": [describe(nat) for nat in self.nats]})

    def client(self) -> str:
        """In this VPC, a peered one, behind a transit gateway, in shared address space."""
        start = self.chance.choice(["10.0.{}", "172.16.{}", "10.77.{}", "100.64.{}", "192.168.{}"])
        return start.format(self.chance.randint(0, 3)) + f".{self.chance.randint(1, 20)}"

    def host(self) -> str:
        """An address of AWS, or of someone else."""
        if self.chance.random() < 0.3:
            return self.chance.choice(["203.0.113.5", "8.8.8.8", "1.1.1.1", "93.184.216.34"])
        service = self.chance.choice(["S3", "DYNAMODB", "EC2", "AMAZON", "CLOUDFRONT", None])
        net = self.chance.choice(_networks_of(service))
        return str(net[self.chance.randrange(net.num_addresses)])

    def conversation(self) -> list[Row]:
        """All records of one conversation: the gateway's, and the client's own of a log on its VPC."""
        nat, host = self.chance.choice(self.nats), self.host()
        up, down = str(self.chance.randint(40, 2**40)), str(self.chance.randint(40, 2**33))
        if nat.regional:
            return self._regional(nat, host, up, down)
        primary, *_ = sorted(nat.addresses)
        used = self.chance.choice(sorted(nat.addresses))
        shown = self.chance.choice([primary, used])
        if self.chance.random() < 0.2:
            client, far, near = "2600:1f18::5", nat64(self.chance, host), ""
        else:
            client, far, near = self.client(), host, shown
        own = {"interface-id": next(iter(nat.interfaces))}
        legs = [
            {"srcaddr": client, "dstaddr": near or far, "pkt-srcaddr": client, "pkt-dstaddr": far, "bytes": up},
            {"srcaddr": shown, "dstaddr": host, "pkt-srcaddr": used, "pkt-dstaddr": host, "bytes": up},
            {"srcaddr": host, "dstaddr": shown, "pkt-srcaddr": host, "pkt-dstaddr": used, "bytes": down},
            {"srcaddr": near or far, "dstaddr": client, "pkt-srcaddr": far, "pkt-dstaddr": client, "bytes": down},
        ]
        return [{**leg, **own} for leg in legs] + self._own(client, far, up, down)

    def _own(self, client: str, far: str, up: str, down: str) -> list[Row]:
        mine = {"interface-id": f"eni-c{self.chance.randint(0, 9)}"}
        out = {"srcaddr": client, "dstaddr": far, "pkt-srcaddr": client, "pkt-dstaddr": far, "bytes": up}
        back = {"srcaddr": far, "dstaddr": client, "pkt-srcaddr": far, "pkt-dstaddr": client, "bytes": down}
        return [{**out, **mine}, {**back, **mine}]

    def _regional(self, nat: Nat, host: str, up: str, down: str) -> list[Row]:
        client, own = self.client(), self.chance.choice(sorted(nat.addresses))
        if self.chance.random() < 0.3:
            client, host = "2600:1f18::6", nat64(self.chance, host)
        pairs = [(client, host, up), (own, host, up), (host, own, down), (host, client, down)]
        rows = []
        for source, target, size in pairs:
            rows.append(
                {"interface-id": "-", "resource-id": nat.id, "srcaddr": source, "dstaddr": target, "bytes": size}
            )
            rows[-1] |= {"pkt-srcaddr": source, "pkt-dstaddr": target}
        return rows + self._own(client, host, up, down)

    def odd(self) -> Row:
        """A record that carried nothing, or that nobody can read."""
        row = self.chance.choice(self.conversation())
        kind = self.chance.choice(["NODATA", "SKIPDATA", "REJECT", "garbage", "address", "dash"])
        if kind in {"NODATA", "SKIPDATA"}:
            return {"interface-id": row["interface-id"], "log-status": kind}
        changed = {"REJECT": {"action": "REJECT"}, "garbage": {"bytes": "many"}, "dash": {"bytes": "-"}}
        address = dict.fromkeys(("srcaddr", "pkt-srcaddr"), "no-address")
        return {**row, **changed.get(kind, address)}

    def records(self, conversations: int) -> list[Row]:
        """Records in random order."""
        rows = [row for _ in range(conversations) for row in self.conversation()]
        rows += [self.odd() for _ in range(conversations // 3)]
        for row in rows:
            second = START + self.chance.randint(0, 86_000)
            carried = {} if row.get("log-status") else {"action": row.get("action", "ACCEPT"), "log-status": "OK"}
            row |= {
                "version": "2",
                "start": str(second),
                "end": str(second + 60),
                "account-id": "123456789012",
                **carried,
            }
        self.chance.shuffle(rows)
        return rows


@cache
def _networks_of(service: str | None) -> list[Any]:
    """Its IPv4 networks, or those of all services."""
    return [net for net, name, _ in prefixes() if net.version == 4 and (service is None or name == service)]


def nat64(chance: random.Random, host: str) -> str:
    number = int(IPv4Address(host))
    return chance.choice([f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}", f"64:ff9b::{host}"])


def describe(nat: Nat) -> dict[str, Any]:
    interface = {"NetworkInterfaceId": next(iter(nat.interfaces))} if nat.interfaces else {}
    kinds = {ip: "PublicIp" if ip.startswith("198.") else "PrivateIp" for ip in sorted(nat.addresses)}
    addresses = [{kind: ip, **interface} for ip, kind in kinds.items()]
    mode = {"AvailabilityMode": "regional"} if nat.regional else {"SubnetId": "subnet-1"}
    return {"NatGatewayId": nat.id, "VpcId": "vpc-1", "State": "available", "NatGatewayAddresses": addresses, **mode}


def shuffled(chance: random.Random, *, packet: bool, resource: bool) -> list[str]:
    """A custom format: fields in any order, some of the later versions, none that counting needs left out."""
    fields = V2.split() + chance.sample(LATER.split(), 4) + (PACKET.split() if packet else [])
    fields += ["resource-id"] if resource else []
    chance.shuffle(fields)
    return fields


def text(rows: list[Row], fields: list[str], *, header: bool = True) -> str:
    lines = [" ".join(row.get(name, "-") for name in fields) for row in rows]
    return "".join(f"{line}\n" for line in ([" ".join(fields)] if header else []) + lines)


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content.encode()) if path.suffix == ".gz" else content.encode())
    return path
