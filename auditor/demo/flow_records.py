"""The flow records that conversations leave at a NAT gateway, and the rows that carry nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from auditor.demo.conversations import AGGREGATION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.demo.conversations import Conversation

Record: TypeAlias = "dict[str, str]"

_HTTPS, _TCP = "443", "6"
_BYTES_PER_PACKET = 1400

# Traffic paths (VPC guide, "Flow log records", 2026-11-20): a resource of the same VPC, an internet gateway.
_INSIDE, _OUTSIDE = "1", "8"

_SCANNER = "192.0.2.66"


@dataclass(frozen=True, slots=True)
class Gateway:
    """A NAT gateway as its records show it; a regional one has no interface, and its public addresses."""

    id: str
    account_id: str
    vpc_id: str
    subnet_id: str
    az_id: str
    interface_id: str
    address: str
    regional: bool


def legs(gateway: Gateway, talk: Conversation) -> Iterator[Record]:
    """Each byte twice a direction: between client and gateway, and between gateway and destination."""
    client, own, far = talk.client.address, gateway.address, talk.address
    near = _ends(client, far if gateway.regional else own, str(20_000 + talk.number))
    outer = _ends(own, far, str(40_000 + talk.number))
    packet = _packet(client, far)
    outer_packet = _packet(own, far)
    base = _base(gateway) | _times(talk.start, talk.end)
    up, down = _size(talk.up), _size(talk.down)
    yield {**base, **near, **packet, **up, "flow-direction": "ingress"}
    yield {**base, **outer, **outer_packet, **up, "flow-direction": "egress", "traffic-path": _OUTSIDE}
    yield {**base, **_turned({**outer, **outer_packet}), **down, "flow-direction": "ingress"}
    yield {**base, **_turned({**near, **packet}), **down, "flow-direction": "egress", "traffic-path": _INSIDE}


def of_client(gateway: Gateway, talk: Conversation, interface_id: str) -> Iterator[Record]:
    """The same bytes once more at the client's own interface, which a flow log on the VPC holds too."""
    base = _base(gateway) | _times(talk.start, talk.end) | {"interface-id": interface_id}
    ends = _ends(talk.client.address, talk.address, str(20_000 + talk.number)) | _packet(
        talk.client.address, talk.address
    )
    yield {**base, **ends, **_size(talk.up), "flow-direction": "egress", "traffic-path": _INSIDE}
    yield {**base, **_turned(ends), **_size(talk.down), "flow-direction": "ingress"}


def refused(gateway: Gateway, start: datetime) -> Record:
    """Somebody tries the gateway's SSH port."""
    ends = _turned(_ends(gateway.address, _SCANNER, "22") | _packet(gateway.address, _SCANNER)) | {"srcport": "51515"}
    times = _times(start, start + AGGREGATION - timedelta(seconds=1))
    return {**_base(gateway), **times, **ends, **_size(44), "flow-direction": "ingress", "action": "REJECT"}


def empty(gateway: Gateway, start: datetime, status: str) -> Record:
    """An interval without traffic (NODATA), or one whose records were lost (SKIPDATA)."""
    known = {"version", "account-id", "interface-id", "resource-id", "vpc-id", "subnet-id", "az-id"}
    base = {name: value for name, value in _base(gateway).items() if name in known}
    return {**base, **_times(start, start + AGGREGATION - timedelta(seconds=1)), "log-status": status}


def _base(gateway: Gateway) -> Record:
    shown = {
        "account-id": gateway.account_id,
        "interface-id": gateway.interface_id,
        "vpc-id": gateway.vpc_id,
        "subnet-id": gateway.subnet_id,
        "az-id": gateway.az_id,
        "protocol": _TCP,
        "action": "ACCEPT",
        "log-status": "OK",
    }
    return shown | ({"resource-id": gateway.id} if gateway.regional else {})


def _times(start: datetime, end: datetime) -> Record:
    return {"start": str(int(start.timestamp())), "end": str(int(end.timestamp()))}


def _ends(source: str, target: str, port: str) -> Record:
    return {"srcaddr": source, "dstaddr": target, "srcport": port, "dstport": _HTTPS}


def _packet(source: str, target: str) -> Record:
    return {"pkt-srcaddr": source, "pkt-dstaddr": target}


def _turned(ends: Record) -> Record:
    return {_TURNED[name]: value for name, value in ends.items()}


_TURNED = {
    "srcaddr": "dstaddr",
    "dstaddr": "srcaddr",
    "srcport": "dstport",
    "dstport": "srcport",
    "pkt-srcaddr": "pkt-dstaddr",
    "pkt-dstaddr": "pkt-srcaddr",
}


def _size(amount: int) -> Record:
    return {"bytes": str(amount), "packets": str(-(-amount // _BYTES_PER_PACKET))}
