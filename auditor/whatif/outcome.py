"""What a change saves: `bill(before) − bill(after)`, between the least and the most favourable reading of the traffic.

Every way that a flow can have taken is routed through both networks; the one that saves least makes `low`, the one
that saves most makes `high`. Only flows, NAT gateways and endpoints that a change can touch are looked at: all others
cost the same before and after, and where they share tiers of a price their bytes are counted in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import compress, count, product
from operator import attrgetter, is_not
from typing import TypeVar

from auditor.model.money import EXACT, ZERO, Bill, Difference, Prices, difference, total
from auditor.model.network import Network
from auditor.model.resources import Endpoint
from auditor.model.traffic import Destination, Flow
from auditor.whatif.bill import Pool, Usage, charges, hours, repriced
from auditor.whatif.routing import End, Path, as_measured, route_from
from auditor.whatif.saving import Bounds, Key, Origin, Situation, destination_of, exits, may_be

Reading = tuple[Callable[["Ways"], "Way"], Callable[..., "Way"]]
Gain = tuple[bool, Decimal, int]
"""Whether nothing of unknown price is added, USD a GB at the lowest tier, and how often an unknown price is avoided."""
Change = Mapping[Usage, int]
"""By how many bytes usages fall (rise, where negative)."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way that a flow may take after a change: how its usages fall, and how much that saves a byte."""

    path: Path
    change: Change = field(default_factory=dict)
    gain: Gain = (True, ZERO, 0)
    is_cut: bool = False
    moves: bool = True


@dataclass(frozen=True, slots=True)
class Ways:
    """All ways of a flow from a VPC: the one that saves least, the one that saves most, and what decides them.

    `moves` says that some way is another than today's, `stays` that some is not.
    """

    least: Way
    most: Way
    vpcs: frozenset[str]
    cuts_off: bool
    moves: bool
    stays: bool

    @classmethod
    def of(cls, ways: Sequence[Way]) -> Ways:
        """The same of each way."""
        vpcs = frozenset[str]().union(*(way.path.vpcs for way in ways))
        moves = [way.moves for way in ways]
        cuts_off = any(way.is_cut for way in ways)
        return cls(min(ways, key=_by_gain), max(ways, key=_by_gain), vpcs, cuts_off, any(moves), not all(moves))


UNMOVED = Way(Path(), moves=False)
T = TypeVar("T")
_by_gain = attrgetter("gain")
READINGS: tuple[Reading, Reading] = ((attrgetter("least"), min), (attrgetter("most"), max))
"""How the ways of a flow from each VPC are read: at the least, at the most."""


@dataclass(frozen=True)
class Outcome:
    """A changed network; `bounds` is what its last change saves on top of those before it.

    `ways` are those of the flows that the changes touched, by flow and VPC. `cut` are the flows that the changes leave
    without a way that had one: they are taken to cost what they cost before.
    """

    situation: Situation
    network: Network
    ways: Mapping[int, Mapping[str, Ways]]
    used: tuple[Counter[Pool], Counter[Pool]]
    strays: Mapping[str, Mapping[Key, None]]
    bounds: Bounds
    cut: frozenset[Key] = frozenset()

    @classmethod
    def of(cls, situation: Situation) -> Outcome:
        """No change yet."""
        nothing = Bounds(Difference(), Difference())
        return cls(situation, situation.network, {}, (situation.used, situation.used), {}, nothing)

    def within(self, vpc_ids: frozenset[str]) -> Outcome:
        """The same where only changes of these VPCs matter, which can be priced without a look at all others."""
        numbers = {number for number, _ in self._decided_by(vpc_ids)} if self.ways else ()
        ways = {number: self.ways[number] for number in numbers if number in self.ways}
        strays = {vpc_id: self.strays[vpc_id] for vpc_id in vpc_ids if vpc_id in self.strays}
        return replace(self, network=self.network.part(vpc_ids), ways=ways, strays=strays)

    def on_top_of(self, other: Outcome) -> Outcome:
        """The same after changes of other VPCs: bytes have moved between tiers, flows that may come from there too."""
        shared = {
            number: {**self.ways.get(number, {}), **by_vpc}
            for number, by_vpc in other.ways.items()
            if self.situation.vpcs_of_flow[number] > 1
        }
        return replace(self, used=other.used, ways={**self.ways, **shared})

    def around(self, vpc_ids: Iterable[str]) -> frozenset[str]:
        """All VPCs that decide, today or after the changes, the ways of the flows that these VPCs decide."""
        found = self.situation.around(vpc_ids)
        while more := frozenset().union(*map(self._leads_over, found)) - found:
            found = self.situation.around(found | more)
        return found

    def to(self, after: Network) -> Outcome:
        """The outcome of one more change."""
        found = {key: Ways.of(tuple(self._ways(key, after))) for key in self._touched(after)}
        ways = {number: dict(self.ways.get(number, {})) for number, _ in found}
        for (number, vpc_id), one in found.items():
            ways[number][vpc_id] = one
        used = (self.used[0].copy(), self.used[1].copy())
        standing = self._standing(after)
        low, high = (
            _sum(standing, repriced(self._change(ways, reading), pools, self.situation.prices))
            for reading, pools in zip(READINGS, used, strict=True)
        )
        cut = (self.cut - found.keys()) | {key for key, one in found.items() if one.cuts_off}
        every = {**self.ways, **ways}
        bounds = Bounds(low, high, *self._moved(ways))
        return Outcome(self.situation, after, every, used, self._strays(found), bounds, cut)

    def taken(self, reading: Reading) -> Iterator[tuple[Flow, Way]]:
        """The way of each flow that the changes touched, as a reading has it; its usages fall from those of today."""
        for number, by_vpc in self.ways.items():
            yield self.situation.traffic.flows[number], self._chosen(number, by_vpc, reading)

    def _moved(self, ways: Mapping[int, Mapping[str, Ways]]) -> tuple[frozenset[int], ...]:
        """The flows that can take another way than today; of these that may also stay on it; that VPCs share."""
        moved = {number for number, by_vpc in ways.items() if any(one.moves for one in by_vpc.values())}
        stays = (n for n in moved if any(one.stays for one in ways[n].values()))
        elsewhere = (n for n in moved if len(ways[n]) < self.situation.vpcs_of_flow[n])
        several = (n for n in moved if self.situation.vpcs_of_flow[n] > 1)
        shared = (n for n in several if any(one.least.change for one in ways[n].values()))
        return frozenset(moved), frozenset((*stays, *elsewhere)), frozenset(shared)

    def _touched(self, after: Network) -> dict[Key, None]:
        """Flows whose way leads over a changed VPC, or does since an earlier change, by the VPC they come from.

        Where nothing but endpoints changed, only those to their services can go another way than before.
        """
        wide, narrow = _reach(self.network, after)
        return dict.fromkeys(
            key
            for vpc_id in sorted(wide | narrow.keys())
            for key in self._decided_by((vpc_id,))
            if vpc_id in wide or self._may_be_any(key[0], narrow[vpc_id])
        )

    def _decided_by(self, vpc_ids: Iterable[str]) -> Iterator[Key]:
        """Flows whose way leads over one of these VPCs today, or does since an earlier change."""
        for vpc_id in vpc_ids:
            yield from self.situation.decided_by.get(vpc_id, ())
            yield from self.strays.get(vpc_id, ())

    def _leads_over(self, vpc_id: str) -> frozenset[str]:
        """The VPCs over which ways to the internet from a VPC lead since its routes were changed."""
        if self.network is self.situation.network or not self.ways:
            return frozenset()
        subnets = self.network.subnets_of_vpc.get(vpc_id, ())
        return frozenset().union(*(path.vpcs for subnet in subnets for path in exits(self.network, subnet)))

    def _may_be_any(self, number: int, services: set[Destination]) -> bool:
        destination = self.situation.traffic.flows[number].destination
        return destination in services or any(may_be(destination, service) for service in services)

    def _strays(self, found: Mapping[Key, Ways]) -> Mapping[str, Mapping[Key, None]]:
        """Flows that changes lead over VPCs which did not decide their way before."""
        strays = dict(self.strays)
        for key, ways in found.items():
            for vpc_id in ways.vpcs:
                if key not in self.situation.decided_by.get(vpc_id, {}):
                    strays[vpc_id] = {**strays.get(vpc_id, {}), key: None}
        return strays

    def _ways(self, key: Key, after: Network) -> Iterator[Way]:
        flow, services = self.situation.traffic.flows[key[0]], self._services(key[1], after)
        origins = self.situation.origins[key]
        for origin in origins:
            yield self._way(flow, origin, destination_of(flow), after)
        possible = [service for service in services if may_be(flow.destination, service)]
        subnets = {origin.subnet.id: origin.subnet for origin in origins if origin.subnet} if possible else {}
        for subnet, service in product(subnets.values(), possible):
            for origin in self.situation.ways(subnet, service):
                if origin.path.passes(flow.measured_at):
                    yield self._way(flow, origin, service, after)

    def _services(self, vpc_id: str, after: Network) -> list[Destination]:
        """Where bytes of unknown destination would go if a change of the VPC's endpoints is to make a difference."""
        now = self.situation.network
        own = (now.endpoints_of_vpc.get(vpc_id, ()), after.endpoints_of_vpc.get(vpc_id, ()))
        shared = (now.endpoints_shared_with.get(vpc_id, ()), after.endpoints_shared_with.get(vpc_id, ()))
        is_same = now.vpc.get(vpc_id) == after.vpc.get(vpc_id)
        touched = (*_changed(*own), *_changed(*shared)) if is_same else (*own, *shared)
        services = {_served(endpoint) for part in touched for endpoint in part}
        return sorted(services, key=lambda one: (one.service, one.region or ""))

    def _way(self, flow: Flow, origin: Origin, destination: Destination, after: Network) -> Way:
        old, subnet = origin.path, origin.subnet
        new = route_from(after, subnet, destination, origin.part) if subnet else as_measured(after, flow.measured_at)
        if new == old or not flow.bytes:
            return Way(new, moves=new != old)
        if _is_cut(old, new):
            return Way(new, is_cut=True)
        times = charges(self.situation.network, old, flow.measured_at)
        times.subtract(charges(after, new, flow.measured_at))
        change = {usage: often * flow.bytes for usage, often in times.items() if often}
        return Way(new, change, _gain(times, self.situation.prices))

    def _change(self, ways: Mapping[int, Mapping[str, Ways]], reading: Reading) -> Change:
        """By how much usages fall from the network before to the one after."""
        fall: Counter[Usage] = Counter()
        for number, by_vpc in ways.items():
            fall.update(self._chosen(number, by_vpc, reading).change)
            fall.subtract(self._chosen(number, self.ways.get(number, {}), reading).change)
        return {usage: count for usage, count in fall.items() if count}

    def _chosen(self, number: int, by_vpc: Mapping[str, Ways], reading: Reading) -> Way:
        of_vpc, choose = reading
        ways = [of_vpc(ways) for ways in by_vpc.values()]
        if len(by_vpc) < self.situation.vpcs_of_flow[number]:
            ways.append(UNMOVED)
        return choose(ways, key=_by_gain)

    def _standing(self, after: Network) -> Difference:
        """What resources that come, go or change cost by standing there."""
        nats = _changed(self.network.nat_gateways, after.nat_gateways)
        endpoints = _changed(self.network.endpoints, after.endpoints)
        unmeasured, prices = self.situation.traffic.unmeasured, self.situation.prices
        before, now = (Bill(tuple(hours(n, e, unmeasured, prices))) for n, e in zip(nats, endpoints, strict=True))
        return difference(before, now)


def changed_vpcs(before: Network, after: Network) -> frozenset[str]:
    """VPCs that were changed themselves, or whose route tables, NAT gateways or endpoints were."""
    wide, narrow = _reach(before, after)
    return wide | narrow.keys()


def _reach(before: Network, after: Network) -> tuple[frozenset[str], dict[str, set[Destination]]]:
    """The VPCs whose routes were changed or that were themselves, and by VPC the services of changed endpoints."""
    wide = {vpc.id for part in _changed(before.vpcs, after.vpcs) for vpc in part}
    routes = (
        *_changed(before.route_tables, after.route_tables),
        *_changed(before.nat_gateways, after.nat_gateways),
    )
    narrow: dict[str, set[Destination]] = {}
    for endpoint in (one for part in _changed(before.endpoints, after.endpoints) for one in part):
        for vpc_id in (endpoint.vpc_id, *endpoint.shared_with):
            narrow.setdefault(vpc_id, set()).add(_served(endpoint))
    return frozenset(wide.union(one.vpc_id for part in routes for one in part)), narrow


def _served(endpoint: Endpoint) -> Destination:
    return Destination(endpoint.service, endpoint.service_region or endpoint.region)


def _changed(old: tuple[T, ...], new: tuple[T, ...]) -> tuple[list[T], list[T]]:
    """What only the old and what only the new has: edits hand on all that they leave as it is."""
    if old is new:
        return [], []
    start = next(compress(count(), map(is_not, old, new)), min(len(old), len(new)))
    old, new = old[start:], new[start:]
    before, after = {id(one) for one in old}, {id(one) for one in new}
    return [one for one in old if id(one) not in after], [one for one in new if id(one) not in before]


def _is_cut(old: Path, new: Path) -> bool:
    return not new.hops or new.end not in {End.ARRIVES, old.end}


def _gain(times: Mapping[Usage, int], prices: Prices) -> Gain:
    """To rank ways by: what adds something of unknown price saves least; among equals what avoids some saves most."""
    tiers = {usage: prices.tiers(usage.region, usage.item) for usage in times}
    known = all(tiers[usage] for usage, count in times.items() if count < 0)
    rates = (EXACT.multiply(Decimal(count), tiers[usage][0].usd) for usage, count in times.items() if tiers[usage])
    return (known, total(rates), sum(count for usage, count in times.items() if not tiers[usage]))


def _sum(one: Difference, other: Difference) -> Difference:
    return Difference((*one.avoided, *other.avoided), (*one.added, *other.added))
