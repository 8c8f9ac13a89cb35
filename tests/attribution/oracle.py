"""The same counting, slowly and obviously: one record after the other, `ipaddress` and dicts, nothing of the product.

Written from the description of flow records alone; it reads text only.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
PRIVATE = (
    "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 169.254.0.0/16 127.0.0.0/8 198.18.0.0/15 fc00::/7 fe80::/10"
    " ::1/128"
)
NAT64 = ip_network("64:ff9b::/96")
ORDER = {"S3": 0, "DYNAMODB": 1, "EC2": 3, "AMAZON": 4}

Place = tuple[str, str | None]


@cache
def prefixes() -> list[tuple[Any, str, str]]:
    """Network, service, region."""
    document = json.loads(gzip.decompress((ROOT / "auditor/data/ip-ranges.json.gz").read_bytes()))
    rows = [(row["ip_prefix"], row) for row in document["prefixes"]]
    rows += [(row["ipv6_prefix"], row) for row in document["ipv6_prefixes"]]
    return [(ip_network(text), row["service"], row["region"]) for text, row in rows]


@cache
def _by_length(version: int) -> dict[int, dict[int, list[tuple[Any, str, str]]]]:
    """The networks of a version of IP by the length of their prefix and its bits."""
    found: dict[int, dict[int, list[tuple[Any, str, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in prefixes():
        if row[0].version == version:
            found[row[0].prefixlen][_first_bits(row[0].network_address, row[0].prefixlen)].append(row)
    return found


def _first_bits(address: IPv4Address | IPv6Address, length: int) -> int:
    return int(address) >> (address.max_prefixlen - length)


def is_private(text: str) -> bool:
    return any(ip_address(text) in ip_network(network) for network in PRIVATE.split())


def is_nat64(text: str) -> bool:
    return ip_address(text) in NAT64


@cache
def place(text: str) -> Place:
    """Of the prefixes that hold it the first service in the order wins, then the longest prefix."""
    address = ip_address(text)
    if is_nat64(text):
        return place(str(IPv4Address(address.packed[-4:])))
    if is_private(text):
        return "private", None
    lengths = _by_length(address.version).items()
    holding = [row for length, rows in lengths for row in rows.get(_first_bits(address, length), ())]
    if not holding:
        return "internet", None
    _, service, region = min(holding, key=lambda row: (ORDER.get(row[1], 2), -row[0].prefixlen, row[1]))
    known = {"EC2": "ec2-hosted", "AMAZON": "aws", "GLOBALACCELERATOR": "global-accelerator"}
    return known.get(service, service.lower().replace("_", "-")), "global" if region == "GLOBAL" else region


@dataclass
class Nat:
    """A NAT gateway as the oracle wants it."""

    id: str
    regional: bool
    interfaces: set[str]
    addresses: set[str]


def nats_of(described: dict[str, Any]) -> list[Nat]:
    """NAT gateways as `aws ec2 describe-nat-gateways` prints them."""
    found = []
    for one in described["NatGateways"]:
        addresses = one["NatGatewayAddresses"]
        ips = {address[kind] for address in addresses for kind in ("PrivateIp", "PublicIp") if address.get(kind)}
        interfaces = {a["NetworkInterfaceId"] for a in addresses if a.get("NetworkInterfaceId")}
        found.append(Nat(one["NatGatewayId"], one.get("AvailabilityMode") == "regional", interfaces, ips))
    return found


def no_sums() -> dict[Place, list[int]]:
    return defaultdict(lambda: [0, 0])


@dataclass
class Totals:
    """Sums by NAT gateway and destination, and counts of records."""

    sums: dict[str, dict[Place, list[int]]] = field(default_factory=lambda: defaultdict(no_sums))
    counts: Counter[str] = field(default_factory=Counter)
    times: list[int] = field(default_factory=list)
    anonymous: set[str] = field(default_factory=set)

    def add(self, nat: Nat, remote: str, up: int, down: int, *, named: bool) -> None:
        both = self.sums[nat.id][place(remote)]
        both[0] += up
        both[1] += down
        if not named:
            self.anonymous.add(nat.id)


def lines_of(path: Path, totals: Totals) -> list[str]:
    """Whole lines of a file; a gzip file that ends too early is one more thing unreadable."""
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        stream = zlib.decompressobj(wbits=31)
        content = stream.decompress(content)
        if not stream.eof:
            totals.counts["unreadable"] += 1
            content = content[: content.rfind(b"\n") + 1]
    return [line for line in content.decode().splitlines() if line]


def count(files: list[Path], nats: list[Nat], log_format: list[str] | None) -> Totals:
    totals = Totals()
    for path in dict.fromkeys(files):
        lines = lines_of(path, totals)
        names = log_format
        if lines and "srcaddr" in lines[0]:
            names, lines = lines[0].split(), lines[1:]
        for line in lines:
            assert names is not None
            one_record(line.split(" "), names, nats, totals)
    return totals


def one_record(values: list[str], names: list[str], nats: list[Nat], totals: Totals) -> None:
    totals.counts["records"] += 1
    row = dict(zip(names, values, strict=False))
    numbers = [row[name] for name in ("bytes", "start", "end") if name in row]
    if len(values) != len(names) or any(not (text == "-" or text.isdigit()) for text in numbers):
        totals.counts["unreadable"] += 1
        return
    totals.times += [int(row[name]) for name in ("start", "end") if row.get(name, "-") != "-"]
    if row.get("log-status") in {"NODATA", "SKIPDATA"}:
        totals.counts[row["log-status"].lower()] += 1
    elif row.get("action") == "REJECT":
        totals.counts["rejected"] += 1
    elif row["bytes"] == "-":
        totals.counts["unreadable"] += 1
    else:
        carried(row, nats, totals)


def carried(row: dict[str, str], nats: list[Nat], totals: Totals) -> None:
    interface = row.get("interface-id", "-")
    for nat in nats:
        if interface in nat.interfaces or (interface == "-" and row.get("resource-id") == nat.id):
            if not nat.regional and not is_looked_at(row):
                return
            try:
                [ip_address(row[name]) for name in row if name.endswith("addr")]
            except ValueError:
                totals.counts["unreadable"] += 1
                return
            (of_regional if nat.regional else by_packet if "pkt-srcaddr" in row else by_address)(row, nat, totals)


def is_looked_at(row: dict[str, str]) -> bool:
    """Legs 2 and 3 are passed over where legs 1 and 4 can be told, whatever is wrong with them."""
    if "pkt-srcaddr" not in row:
        return True
    is_64 = any(row[name].startswith("64:ff9b:") for name in ("pkt-srcaddr", "pkt-dstaddr"))
    return is_64 or row["srcaddr"] != row["pkt-srcaddr"] or row["dstaddr"] != row["pkt-dstaddr"]


def by_packet(row: dict[str, str], nat: Nat, totals: Totals) -> None:
    """Legs 1 and 4: the client's side; the other end of the conversation stands in the packet."""
    size, source, target = int(row["bytes"]), row["pkt-srcaddr"], row["pkt-dstaddr"]
    if (row["dstaddr"] in nat.addresses and target not in nat.addresses) or is_nat64(target):
        totals.add(nat, target, size, 0, named=True)
    elif (row["srcaddr"] in nat.addresses and source not in nat.addresses) or is_nat64(source):
        totals.add(nat, source, 0, size, named=True)


def by_address(row: dict[str, str], nat: Nat, totals: Totals) -> None:
    """Legs 2 and 3: between the gateway and a public IPv4 address."""
    size, source, target = int(row["bytes"]), row["srcaddr"], row["dstaddr"]
    if source in nat.addresses and not is_private(target):
        totals.add(nat, target, size, 0, named=False)
    elif target in nat.addresses and not is_private(source):
        totals.add(nat, source, 0, size, named=False)


def of_regional(row: dict[str, str], nat: Nat, totals: Totals) -> None:
    """Final addresses on both sides; rows that show the gateway's own are the same bytes again."""
    size, source, target = int(row["bytes"]), row["srcaddr"], row["dstaddr"]
    if {source, target} & nat.addresses:
        return
    if is_near(source) and not is_near(target):
        totals.add(nat, target, size, 0, named=True)
    elif is_near(target) and not is_near(source):
        totals.add(nat, source, 0, size, named=True)


def is_near(text: str) -> bool:
    return not is_nat64(text) and (is_private(text) or ip_address(text).version == 6)
