"""Address -> destination: AWS's published address ranges made disjoint, in the order that tells services apart.

An address can lie in several prefixes at once (every service's lie inside AMAZON's, S3's often inside EC2's too), so
S3 comes first, then DynamoDB, then the other services, then EC2 (anyone's server), then AMAZON (a service without a
name). Ties go to the longer prefix. Source: https://ip-ranges.amazonaws.com/ip-ranges.json; the copy in the package
keeps its `syncToken` and `createDate`.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import socket
import zlib
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Any, TypeAlias

from auditor.errors import UsageError
from auditor.model.traffic import INTERNET, Destination

BUNDLED = Path(__file__).parent.parent / "data/ip-ranges.json.gz"
PUBLISHED = "https://ip-ranges.amazonaws.com/ip-ranges.json"

PRIVATE = "private"
_NAMES = {"EC2": "ec2-hosted", "AMAZON": "aws", "GLOBALACCELERATOR": "global-accelerator"}
_RANKS = {PRIVATE: -1, "S3": 0, "DYNAMODB": 1, "EC2": 3, "AMAZON": 4}  # and 5 is the internet
_OTHER_SERVICE = 2

NAT64 = ip_network("64:ff9b::/96")
"""What a NAT gateway translates to IPv4 (RFC 6052): the last four bytes are the address."""

_PRIVATE = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
    *("100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"),  # RFC 6598, RFC 3927, RFC 1122
    "198.18.0.0/15",  # RFC 2544; Amazon EKS gives pods 198.19.0.0/16
    *("fc00::/7", "fe80::/10", "::1/128"),  # RFC 4193, RFC 4291
)
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_BITS = {4: 32, 6: 128}
_CREATED = re.compile(r"\d{4}(-\d{2}){5}", re.ASCII)
_MOST_BYTES = 32 * 1024 * 1024
"""Ten times what AWS published in 2026."""


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
    """Disjoint ranges by IP version; `private` are further networks of the clients, whoever owns them elsewhere."""

    created: str
    by_version: dict[int, _Disjoint]
    private: tuple[IPv4Network, ...] = ()

    def with_private(self, cidrs: Iterable[str]) -> Ranges:
        """The same with these IPv4 blocks as private: a VPC may use any, publicly routable ones too."""
        return replace(self, private=tuple(IPv4Network(cidr) for cidr in sorted(set(cidrs))))

    def place(self, text: str) -> Place | None:
        """Where an address is, or `None` if it is no address."""
        try:
            address = ip_address(text)
        except ValueError:
            return None
        if address.version == 6 and address in NAT64:  # noqa: PLR2004
            return Place(self._destination(IPv4Address(int(address) & 0xFFFFFFFF)), is_near=False)
        if any(address in network for network in self.private):
            return Place(Destination(PRIVATE), is_near=True)
        destination = self._destination(address)
        return Place(destination, is_near=address.version == 6 or destination.service == PRIVATE)  # noqa: PLR2004

    def _destination(self, address: IPv4Address | IPv6Address) -> Destination:
        ranges = self.by_version[address.version]
        return ranges.destinations[bisect_right(ranges.starts, int(address)) - 1]


_Order: TypeAlias = tuple[int, int, str]
_Prefix: TypeAlias = tuple[int, int, _Order, Destination]
"""Start, end (excluded), what comes first among several, destination."""
_EVERYWHERE: _Prefix = (0, 1 << 129, (5, 0, ""), Destination(INTERNET))


def load_ranges(path: Path | None = None) -> Ranges:
    """The bundled ranges, or those of a file in AWS's shape; `UsageError` where it cannot be read as that."""
    try:
        content = (path or BUNDLED).read_bytes()
        return _parse(gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content, str(path))
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UsageError(f"{path}: not AWS's ip-ranges.json: {error}") from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error


async def refreshed_ranges(
    pinned: Path | None = None, url: str = PUBLISHED, seconds: float = 5
) -> tuple[Ranges, str | None]:
    """The pinned file's ranges; else those that AWS publishes now; else the bundled ones, and a note that says why."""
    if pinned:
        return await asyncio.to_thread(load_ranges, pinned), None
    bundled = await asyncio.to_thread(load_ranges)
    try:
        ranges = await asyncio.to_thread(_parse, await _fetched(url, seconds), url)
        _require_no_worse(ranges, bundled, url)
    except UsageError as error:
        return bundled, f"{error}: the bundled address ranges of {bundled.created[:10]} are used"
    return ranges, None


async def _fetched(url: str, seconds: float) -> bytes:
    """What the URL answers, through the proxy that the environment names."""
    import aiohttp  # noqa: PLC0415

    timeout = aiohttp.ClientTimeout(total=seconds)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            if answer.status != HTTPStatus.OK:
                raise UsageError(f"{url}: HTTP {answer.status}")
            content = bytearray()
            async for piece in answer.content.iter_any():
                content += piece
                if len(content) > _MOST_BYTES:
                    raise UsageError(f"{url}: more than {_MOST_BYTES >> 20} MiB")
            return bytes(content)
    except TimeoutError as error:
        raise UsageError(f"{url}: no answer within {seconds:g} seconds") from error
    except (aiohttp.ClientError, OSError) as error:
        raise UsageError(f"{url}: {str(error) or type(error).__name__}") from error


def _require_no_worse(ranges: Ranges, bundled: Ranges, url: str) -> None:
    """Whatever answered under AWS's name must be as new as the bundled copy, and much the same size."""
    if not _CREATED.fullmatch(ranges.created):
        raise UsageError(f"{url}: createDate is {ranges.created[:40]!r}")
    if ranges.created < bundled.created:
        raise UsageError(f"{url}: of {ranges.created[:10]}, so older than the bundled copy")
    if any(2 * len(ranges.by_version[v].starts) < len(bundled.by_version[v].starts) for v in _BITS):
        raise UsageError(f"{url}: less than half of the ranges that are known")


def _parse(content: bytes, origin: str) -> Ranges:
    try:
        document = json.loads(content)
        by_version = {4: _prefixes(document["prefixes"], 4), 6: _prefixes(document["ipv6_prefixes"], 6)}
        for text in _PRIVATE:
            version = 6 if ":" in text else 4
            by_version[version].append(_prefix(text, version, PRIVATE, ""))
        return Ranges(str(document["createDate"]), {version: _disjoint(found) for version, found in by_version.items()})
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
        raise UsageError(f"{origin}: not AWS's ip-ranges.json: {type(error).__name__}: {error}") from error


def _prefixes(rows: Iterable[dict[str, Any]], version: int) -> list[_Prefix]:
    name = "ip_prefix" if version == 4 else "ipv6_prefix"  # noqa: PLR2004
    return [_prefix(row[name], version, row["service"], row["region"]) for row in rows]


def _prefix(text: str, version: int, service: str, region: str) -> _Prefix:
    """Seventeen thousand of them: `ip_network` would take longer than all the rest. `OSError`, `ValueError` if none."""
    address, _, length = text.partition("/")
    first = int.from_bytes(socket.inet_pton(_FAMILIES[version], address))
    bits = _BITS[version] - int(length)
    if bits < 0 or bits > _BITS[version] or first & ((1 << bits) - 1):
        raise ValueError(f"{text!r} is no prefix")
    return first, first + (1 << bits), (_RANKS.get(service, _OTHER_SERVICE), bits, service), _named(service, region)


@cache
def _named(service: str, region: str) -> Destination:
    name = _NAMES.get(service, service.lower().replace("_", "-"))
    return Destination(name, "global" if region == "GLOBAL" else region or None)


def _disjoint(prefixes: list[_Prefix]) -> _Disjoint:
    """Between two bounds the first of the prefixes around decides.

    Prefixes lie in each other or apart, so those around an address are a stack, each with the best so far.
    """
    starts, destinations = [0], [Destination(INTERNET)]

    def mark(start: int, destination: Destination) -> None:
        if start == starts[-1]:
            destinations[-1] = destination
        elif destination is not destinations[-1]:
            starts.append(start)
            destinations.append(destination)

    around = [_EVERYWHERE]
    for prefix in sorted(prefixes, key=lambda one: (one[0], -one[1])):
        while around[-1][1] <= prefix[0]:
            end = around.pop()[1]
            mark(end, around[-1][3])
        first, end, order, destination = prefix
        best = min((order, destination), (around[-1][2], around[-1][3]), key=lambda one: one[0])
        around.append((first, end, *best))
        mark(first, best[1])
    while len(around) > 1:
        end = around.pop()[1]
        mark(end, around[-1][3])
    return _Disjoint(starts, destinations)
