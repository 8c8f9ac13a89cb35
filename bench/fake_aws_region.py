"""What all EC2 answers of the fake AWS share: a region's names, ids and placements, and their XML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

ACCOUNT = "123456789012"
OF_ACCOUNT = ACCOUNT[-8:]
"""What keeps the ids of accounts apart: no two resources of AWS have the same."""

CREATED = "2024-01-15T10:00:00.000Z"
ZONES = (0, 1, 2)
PREFIX_LISTS = {"s3": ("52.216.0.0/15", "54.231.0.0/16"), "dynamodb": ("52.94.0.0/22",)}

Fields = dict[str, object]


@dataclass(frozen=True, slots=True)
class Region:
    """A region's size. `index` keeps the ids of regions apart; `names` are all regions of the account."""

    name: str
    index: int
    vpcs: int
    nats: int
    names: tuple[str, ...]

    def id(self, kind: str, vpc: int, number: int = 0) -> str:
        """Return the id of a resource: its kind, then 17 hexadecimal digits as AWS has them, the account first."""
        return f"{kind}-{OF_ACCOUNT}{self.index:02x}{vpc:02x}{number:05x}"

    def zones(self) -> list[tuple[str, str]]:
        """Return the name and the id of each AZ."""
        return [(f"{self.name}{'abc'[zone]}", f"{zone_prefix(self.name)}-az{zone + 1}") for zone in ZONES]

    def prefix_list(self, service: str) -> str:
        """Return the id of a service's prefix list, in the short form that AWS's own ones have."""
        return f"pl-{self.index:04x}{list(PREFIX_LISTS).index(service):04x}"

    def nat_gateways(self) -> Iterator[tuple[int, int, int]]:
        """Yield number, VPC and AZ of each NAT gateway."""
        for number in range(self.nats):
            yield number, number % self.vpcs, number // self.vpcs % len(ZONES)

    def nat_of(self, vpc: int, zone: int) -> str | None:
        """Return the NAT gateway that a private subnet uses: its AZ's, else its VPC's first, else none."""
        own = {z: number for number, v, z in reversed(list(self.nat_gateways())) if v == vpc}
        return self.id("nat", vpc, own.get(zone, own[0])) if own else None


def zone_prefix(region: str) -> str:
    """Return how the ids of a region's AZs begin: 'use1' for us-east-1, 'apse2' for ap-southeast-2."""
    area, direction, number = region.split("-")
    letters = [word[0] for word in ("north", "south", "central") if direction.startswith(word)]
    letters += [word[0] for word in ("east", "west") if direction.endswith(word)]
    return area + "".join(letters) + number


def tags(name: str) -> list[Fields]:
    """Return the tags of a resource."""
    return [{"key": "Name", "value": name}, {"key": "team", "value": "network"}]


def render(value: object) -> str:
    """Return a value as EC2 writes it: a mapping as elements, a list as <item>s, anything else as text."""
    if isinstance(value, Mapping):
        return "".join(f"<{name}>{render(each)}</{name}>" for name, each in value.items())
    if isinstance(value, list):
        return "".join(f"<item>{render(each)}</item>" for each in value)
    return str(value).lower() if isinstance(value, bool) else escape(str(value))


def answer(operation: str, fields: Fields) -> bytes:
    """Return the whole body of an EC2 answer."""
    namespace = "http://ec2.amazonaws.com/doc/2016-11-15/"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{operation}Response xmlns="{namespace}">'
        f"<requestId>8f7724cf-496f-496e-8fe3-000000000000</requestId>"
        f"{render(fields)}</{operation}Response>"
    ).encode()
