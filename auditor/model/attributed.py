"""What flow records say about NAT gateways."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class NamedBy(StrEnum):
    """What told which service an address belongs to, strongest first."""

    ADDRESS = "address-range"
    QUERY_LOG = "resolver-query-log"
    DNS = "dns"


@dataclass(frozen=True, slots=True)
class Name:
    """The service that an address belongs to, told by something else than the ranges; `region` where it is known."""

    service: str
    region: str | None
    named_by: NamedBy


class Engine(StrEnum):
    """What read the flow records."""

    DUCKDB = "duckdb"
    ATHENA = "athena"
    LOGS_INSIGHTS = "logs-insights"


class EngineChoice(StrEnum):
    """What is to read flow records in S3: this machine, Athena, or whichever suits their size."""

    AUTO = "auto"
    DUCKDB = "duckdb"
    ATHENA = "athena"


@dataclass(frozen=True, slots=True)
class Attribution:
    """Bytes that the flow records of a scan show between one subnet's clients and one destination of a NAT gateway.

    They are those of the scan's days, never scaled. `subnet_id` is `None` where the clients are not known; `ipv6` says
    that they have IPv6 addresses none the less, so that NAT64 carried the bytes.
    """

    nat_gateway_id: str
    subnet_id: str | None
    service: str
    service_region: str | None
    bytes_up: int
    bytes_down: int
    named_by: NamedBy = NamedBy.ADDRESS
    ipv6: bool = False


@dataclass(frozen=True, slots=True)
class TopTalker:
    """One of a NAT gateway's largest clients at one destination; `owner` is empty where nobody is known to own it."""

    nat_gateway_id: str
    address: str
    service: str
    service_region: str | None
    bytes_up: int
    bytes_down: int
    interface_id: str | None = None
    subnet_id: str | None = None
    az: str | None = None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class FlowLogScan:
    """One reading of a flow log's records: whole UTC days, `end` excluded, for these NAT gateways.

    `bytes_estimated` and `usd_estimated` were known before it began; USD are `None` where a price is not known. Of
    the `records`, those of NODATA, SKIPDATA and REJECT carried nothing, and the unreadable ones could not be counted.
    """

    flow_log_id: str
    engine: Engine
    start: datetime
    end: datetime
    nat_gateway_ids: tuple[str, ...]
    bytes_estimated: int = 0
    usd_estimated: Decimal | None = None
    bytes_scanned: int = 0
    usd: Decimal | None = None
    records: int = 0
    nodata: int = 0
    skipdata: int = 0
    rejected: int = 0
    unreadable: int = 0
    clients_known: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedScan:
    """A flow log that a run would read, and what that takes; `refusal` says why it would not."""

    account_id: str
    region: str
    flow_log_id: str
    nat_gateway_ids: tuple[str, ...]
    engine: Engine | None
    detail: str
    usd: Decimal | None
    refusal: str


@dataclass(frozen=True, slots=True)
class DestinationBytes:
    """Bytes to and from one destination."""

    service: str
    region: str | None
    bytes_up: int
    bytes_down: int


@dataclass(frozen=True, slots=True)
class AttributedNatGateway:
    """What one NAT gateway carried, by destination, largest first.

    `clients_known`: the records name the clients too, for all of its bytes.
    """

    id: str
    region: str
    bytes_up: int
    bytes_down: int
    destinations: tuple[DestinationBytes, ...]
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
    named_by: NamedBy = NamedBy.ADDRESS
