"""What flow records say about NAT gateways, in the very shape of `auditor attribute`'s JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from auditor.model.audit import Traffic


@dataclass(frozen=True, slots=True)
class AttributedNatGateway:
    """What one NAT gateway carried, by destination, largest first.

    `clients_known`: the records name the clients too, for all of its bytes.
    """

    id: str
    region: str
    bytes_up: int
    bytes_down: int
    destinations: tuple[Traffic, ...]
    clients_known: bool


@dataclass(frozen=True, slots=True)
class Attributed:
    """All NAT gateways, and how many records there were.

    `records` are all lines but headers; of them `nodata`, `skipdata` and `rejected` carried nothing. `unreadable` are
    lines that are no records, and one for each file that could not be read to its end. `first` and `last` are the
    earliest start and the latest end of a record, of whatever interface.
    """

    nat_gateways: tuple[AttributedNatGateway, ...]
    records: int
    nodata: int
    skipdata: int
    rejected: int
    unreadable: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class ClientTraffic:
    """Bytes between one client and one destination through one NAT gateway; `client` is `None` where unknown."""

    nat_gateway_id: str
    client: str | None
    service: str
    region: str | None
    bytes_up: int
    bytes_down: int
