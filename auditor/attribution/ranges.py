"""Address -> destination: AWS's published address ranges made disjoint, in the order that tells services apart.

An address can lie in several prefixes at once (every service's lie inside AMAZON's, S3's often inside EC2's too), so
S3 comes first, then DynamoDB, then the other services, then EC2 (anyone's server), then AMAZON (a service without a
name). Ties go to the longer prefix. Source: https://ip-ranges.amazonaws.com/ip-ranges.json; the copy in the package
keeps its `syncToken` and `createDate`.
"""

from __future__ import annotations

import gzip
import json
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

from auditor.errors import UsageError
from auditor.model.traffic import INTERNET, Destination

BUNDLED = Path(__file__).parent.parent / "data/ip-ranges.json.gz"

PRIVATE = "private"
_NAMES = {"EC2": "ec2-hosted", "AMAZON": "aws", "GLOBALACCELERATOR": "global-accelerator"}
_RANKS = {PRIVATE: -1, "S3": 0, "DYNAMODB": 1, "EC2": 3, "AMAZON": 4}
_OTHER_SERVICE = 2

NAT64 = ip_network("64:ff9b::/96")
"""What a NAT gateway translates to IPv4 (RFC 6052): the last four bytes are the address."""

_PRIVATE = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
    *("100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"),  # RFC 6598, RFC 3927, RFC 1122
    *("fc00::/7", "fe80::/10", "::1/128"),  # RFC 4193, RFC 4291
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address is. `is_near`: on the clients' side of a NAT gateway, which has IPv4 and NAT64 on the other."""

    destination: Destination
    is_near: bool


@dataclass(frozen=True, slots=True)
class _Disjoint:
    """Sorted ranges of one IP version: `starts[i]` up to the next start belongs to `destinations[i]`."""

    starts: list[int]
    destinations: list[Destination]


@dataclass(frozen=True, slots=True)
class Ranges:
    """Disjoint ranges by IP version."""

    created: str
    by_version: dict[int, _Disjoint]

    def place(self, text: str) -> Place | None:
        """Where an address is, or `None` if it is no address."""
        try:
            address = ip_address(text)
        except ValueError:
            return None
        if address.version == 6 and address in NAT64:  # noqa: PLR2004
            return Place(self._destination(IPv4Address(int(address) & 0xFFFFFFFF)), is_near=False)
        destination = self._destination(address)
        return Place(destination, is_near=address.version == 6 or destination.service == PRIVATE)  # noqa: PLR2004

    def _destination(self, address: IPv4Address | IPv6Address) -> Destination:
        ranges = self.by_version[address.version]
        return ranges.destinations[bisect_right(ranges.starts, int(address)) - 1]


@dataclass(frozen=True, slots=True)
class _Prefix:
    version: int
    first: int
    end: int
    order: tuple[int, int, str]
    destination: Destination


def load_ranges(path: Path | None = None) -> Ranges:
    """The bundled ranges, or those of a file in AWS's shape; `UsageError` where it cannot be read as that."""
    try:
        content = (path or BUNDLED).read_bytes()
        document = json.loads(gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content)
        rows = [(row["ip_prefix"], row["service"], row["region"]) for row in document["prefixes"]]
        rows += [(row["ipv6_prefix"], row["service"], row["region"]) for row in document["ipv6_prefixes"]]
        prefixes = [_prefix(*row) for row in rows] + [_prefix(text, PRIVATE, "") for text in _PRIVATE]
        return Ranges(document["createDate"], {version: _disjoint(prefixes, version) for version in (4, 6)})
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
        raise UsageError(f"{path}: not AWS's ip-ranges.json: {type(error).__name__}: {error}") from error


def _prefix(text: str, service: str, region: str) -> _Prefix:
    network = ip_network(text)
    first = int(network.network_address)
    order = (_RANKS.get(service, _OTHER_SERVICE), -network.prefixlen, service)
    name = _NAMES.get(service, service.lower().replace("_", "-"))
    where = Destination(name, "global" if region == "GLOBAL" else region or None)
    return _Prefix(network.version, first, first + network.num_addresses, order, where)


def _disjoint(prefixes: Iterable[_Prefix], version: int) -> _Disjoint:
    """Sweep over all bounds; between two of them the first of those prefixes that are open decides."""
    found = [one for one in prefixes if one.version == version]
    bounds = sorted([(one.first, True, one) for one in found] + [(one.end, False, one) for one in found], key=_bound)
    starts, destinations, is_open = [0], [Destination(INTERNET)], set[_Prefix]()
    for bound, opens, prefix in bounds:
        (is_open.add if opens else is_open.discard)(prefix)
        best = min(is_open, key=lambda one: one.order).destination if is_open else Destination(INTERNET)
        if bound == starts[-1]:
            destinations[-1] = best
        else:
            starts.append(bound)
            destinations.append(best)
    return _Disjoint(starts, destinations)


def _bound(bound: tuple[int, bool, _Prefix]) -> int:
    return bound[0]
