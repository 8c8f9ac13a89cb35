"""Which services DNS gave an address out for; an address has a name if that is one service only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address

from auditor.attribution.naming.service_names import service_of
from auditor.attribution.ranges import NAT64
from auditor.model.attributed import Name, NamedBy
from auditor.model.traffic import Destination


@dataclass
class Answers:
    """Answers that were seen for the wanted addresses.

    A name of anything but an endpoint service counts too: what went to its address may have been meant for it.
    """

    wanted: Iterable[str]
    _addresses: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _services: dict[str, set[Destination | None]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        for address in self.wanted:
            for spelling in _spellings(address):
                self._addresses[spelling].add(address)

    @property
    def spellings(self) -> list[str]:
        """What an answer for one of the wanted addresses may look like."""
        return list(self._addresses)

    def add(self, name: str, answers: Iterable[str]) -> None:
        """DNS answered the query for this name with these addresses."""
        for answer in answers:
            for address in self._addresses.get(answer, ()):
                self._services[address].add(service_of(name))

    def names(self, named_by: NamedBy) -> dict[str, Name]:
        """The addresses of one service, with the region if it is one, too."""
        return {
            address: Name(service, _only(one.region for one in found if one), named_by)
            for address, found in self._services.items()
            if (service := _only(one.service if one else None for one in found))
        }

    @property
    def ambiguous(self) -> frozenset[str]:
        """Addresses that were seen, but not for one service only."""
        return frozenset(self._services.keys() - self.names(NamedBy.DNS).keys())


def _spellings(address: str) -> Iterator[str]:
    """As DNS writes it; behind NAT64, the IPv4 address too."""
    ip = ip_address(address)
    yield str(ip)
    if ip in NAT64:
        yield str(IPv4Address(int(ip) & 0xFFFFFFFF))


def _only(values: Iterable[str | None]) -> str | None:
    """The one value that all have."""
    different = set(values)
    return different.pop() if len(different) == 1 else None
