"""Flows: how many bytes a month go from where to where, and how sure we are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """The evidence ladder, weakest first."""

    TOPOLOGY = "topology"
    METRICS = "metrics"
    FLOW_LOGS = "flow-logs"
    NAMES = "names"
    BILL = "bill"


UNKNOWN = "unknown"
INTERNET = "internet"
UNNAMED = "aws"
"""An AWS service that its address alone does not tell."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A service's short name with its region, `internet`, or `unknown`."""

    service: str
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """Where bytes come from; `subnet_id` is `None` where only the VPC (or not even that) is known.

    `ipv6`: it is known to use an IPv6 address, so that NAT64 brought it there.
    """

    account_id: str
    region: str
    vpc_id: str | None = None
    subnet_id: str | None = None
    ipv6: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """Bytes a month between a client and a destination, measured at one NAT gateway or endpoint.

    PrivateLink's metric has no direction: an endpoint's bytes stand under `bytes_down`.
    """

    client: Client
    destination: Destination
    bytes_up: int
    bytes_down: int
    level: Level
    measured_at: str

    @property
    def bytes(self) -> int:
        """Both directions."""
        return self.bytes_up + self.bytes_down
