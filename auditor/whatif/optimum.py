"""Which changes together save most of what was measured: found by search, not by luck.

A change of one service's endpoints moves bytes of that service only; a change of routes (a NAT gateway that goes, a
subnet that moves) may move them all. So all sets of the few changes of routes are tried, and on top of each the best
of every service by itself. The engine prices each of them, and the winner as a whole: where its price is the sum that
the search expected, for every set of routes, no other set can save more, and the choice is proven.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import chain, combinations

from auditor.model.money import ZERO, subtract, total
from auditor.model.network import Network
from auditor.whatif.edits import (
    AddGatewayEndpoint,
    AddInterfaceEndpoint,
    AdmitHttps,
    AssociateRouteTables,
    DropEndpoint,
    DropNatGateway,
    Edit,
    LimitPrivateDnsToInboundResolver,
    RouteSubnetToNat,
    ShareInterfaceEndpoint,
    TurnOnPrivateDns,
    vpcs_of,
)
from auditor.whatif.forecast import Forecast, Saved

MOST_ROUTES, MOST_OF_A_SERVICE = 8, 5
"""Of so many changes all sets are tried; of more, one is changed at a time, and nothing is proven."""

Chosen = frozenset[int]
"""Numbers of candidates."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A change that might go into the plan, with what it saves alone."""

    id: str
    edits: tuple[Edit, ...]
    alone: Saved


@dataclass(frozen=True, slots=True)
class Worth:
    """What some changes save together, USD a month, and the flows that they cut off."""

    low: Decimal
    expected: Decimal
    high: Decimal
    cut: frozenset[int]


@dataclass(frozen=True, slots=True)
class Best:
    """The set that saves most, and whether that is proven."""

    chosen: Chosen
    is_proven: bool


@dataclass(frozen=True)
class Island:
    """Candidates whose changes may meet, in the order in which they are applied."""

    now: Forecast
    candidates: Sequence[Candidate]

    @cached_property
    def _worths(self) -> dict[Chosen, Worth | None]:
        return {}

    def worth(self, chosen: Chosen) -> Worth | None:
        """What these candidates save together; `None` where they exclude each other or a price is not known."""
        if chosen not in self._worths:
            self._worths[chosen] = self._price([self.candidates[number] for number in sorted(chosen)])
        return self._worths[chosen]

    def best(self) -> Best:
        """The set whose expected saving is largest; among equals the one of the fewest changes."""
        routes, services = self._parted
        if len(routes) > MOST_ROUTES:
            return Best(self._climbed(routes, services), is_proven=False)
        found = [self._on_top_of(Chosen(one), services) for one in subsets(routes)]
        chosen = max((one.chosen for one in found), key=self._rank)
        return Best(chosen, all(one.is_proven for one in found))

    def possible(self, chosen: Chosen) -> Chosen:
        """With what may save more on top of them and costs nothing, though nobody measured it."""
        for number, candidate in enumerate(self.candidates):
            before, after = self.worth(chosen), self.worth(chosen | {number})
            if before and after and may_pay(candidate) and _is_no_worse(after, before):
                chosen |= {number}
        return chosen

    @cached_property
    def _parted(self) -> tuple[list[int], list[list[int]]]:
        """Candidates that may move the bytes of many services, and the others by VPC and service."""
        routes: list[int] = []
        services: dict[tuple[frozenset[str], str], list[int]] = defaultdict(list)
        for number, candidate in enumerate(self.candidates):
            service = service_of(candidate.edits, self.now.network)
            if service is None:
                routes.append(number)
            else:
                services[service].append(number)
        return routes, _met(services)

    def _on_top_of(self, routes: Chosen, services: Iterable[list[int]]) -> Best:
        """The best of each service, given the changes of routes; nothing where these cut off what no service mends."""
        base = self.worth(routes)
        if base is None:
            return Best(Chosen(), is_proven=True)
        chosen, hoped, proven = routes, base.expected, True
        for group in services:
            best = max((routes | one for one in self._sets(group)), key=lambda one: self._gain(one, base))
            proven &= len(group) <= MOST_OF_A_SERVICE
            chosen, hoped = chosen | best, total((hoped, self._gain(best, base)[1]))
        whole = self.worth(chosen)
        if whole is None or whole.cut:
            return Best(Chosen(), proven and self._is_hopeless(base, services, routes))
        return Best(chosen, proven and whole.expected == hoped)

    def _sets(self, group: list[int]) -> Iterator[Chosen]:
        sizes = range(len(group) + 1) if len(group) <= MOST_OF_A_SERVICE else (0, 1, len(group))
        return map(Chosen, chain.from_iterable(combinations(group, size) for size in sizes))

    def _gain(self, chosen: Chosen, base: Worth) -> tuple[int, Decimal, int]:
        """To rank a service's sets by: first that none of its bytes is cut off, then what it adds to the saving."""
        worth = self.worth(chosen)
        if worth is None:
            return (-len(self.now.expected.situation.traffic.flows) - 1, ZERO, 0)
        return (-len(worth.cut), subtract(worth.expected, base.expected), -len(chosen))

    def _is_hopeless(self, base: Worth, services: Iterable[list[int]], routes: Chosen) -> bool:
        """Whether some flow stays cut off whatever services do: then no set with these routes is possible."""
        stays = base.cut
        for group in services:
            worths = (self.worth(routes | one) for one in self._sets(group))
            stays &= frozenset.intersection(base.cut, *(one.cut for one in worths if one))
        return bool(stays)

    def _climbed(self, routes: list[int], services: list[list[int]]) -> Chosen:
        """One change of routes put in or taken out at a time, as long as that saves more."""
        here = Chosen()
        best = self._on_top_of(here, services).chosen
        while True:
            near = [self._on_top_of(here ^ {one}, services).chosen for one in routes]
            chosen = max(near, key=self._rank)
            if self._rank(chosen) <= self._rank(best):
                return best
            best, here = chosen, chosen & Chosen(routes)

    def _rank(self, chosen: Chosen) -> tuple[Decimal, int]:
        worth = self.worth(chosen)
        return (worth.expected if worth else ZERO, -len(chosen))

    def _price(self, candidates: list[Candidate]) -> Worth | None:
        if not candidates:
            return Worth(ZERO, ZERO, ZERO, frozenset())
        if exclude_each_other(candidates):
            return None
        following = self.now.after([edit for candidate in candidates for edit in candidate.edits])
        amounts = following.saved.amounts
        return Worth(*amounts, following.cut) if amounts else None


def islands(now: Forecast, candidates: Sequence[Candidate]) -> list[Island]:
    """Candidates put together with all whose changes may meet theirs."""
    groups: dict[str, list[int]] = {}
    for number, candidate in enumerate(candidates):
        mine = [number]
        places = sorted(meets(now, candidate.edits)) or [candidate.id]
        for other in {id(groups[place]): groups[place] for place in places if place in groups}.values():
            mine += other
            places += [place for place, group in groups.items() if group is other]
        groups.update(dict.fromkeys(places, mine))
    distinct = {id(group): sorted(group) for group in groups.values()}.values()
    return [Island(now, [candidates[number] for number in group]) for group in sorted(distinct)]


def meets(now: Forecast, edits: Iterable[Edit]) -> frozenset[str]:
    """The VPCs that edits change, and those whose bytes these decide."""
    changed = frozenset(vpc_id for edit in edits for vpc_id in vpcs_of(edit, now.network))
    decided = (now.expected.situation.decided_by.get(vpc_id, {}) for vpc_id in changed)
    return changed.union(vpc_id for keys in decided for _, vpc_id in keys if vpc_id)


def _met(services: Mapping[tuple[frozenset[str], str], list[int]]) -> list[list[int]]:
    """Those of one service whose VPCs meet, through an endpoint that several share, put together."""
    groups: list[tuple[frozenset[str], str, list[int]]] = []
    for (vpc_ids, service), numbers in services.items():
        near = [one for one in groups if one[1] == service and one[0] & vpc_ids]
        groups = [one for one in groups if one not in near]
        together = vpc_ids.union(*(one[0] for one in near))
        groups.append((together, service, sorted(chain(numbers, *(one[2] for one in near)))))
    return [numbers for _, _, numbers in groups]


def service_of(edits: Iterable[Edit], network: Network) -> tuple[frozenset[str], str] | None:
    """The VPCs and the service whose bytes alone edits can move; `None` where they may move others."""
    found = {(vpcs_of(edit, network), _service(edit, network)) for edit in edits if not isinstance(edit, AdmitHttps)}
    ((vpc_ids, service),) = found if len(found) == 1 else {(frozenset[str](), None)}
    return (vpc_ids, service) if service else None


def _service(edit: Edit, network: Network) -> str | None:
    match edit:
        case AddGatewayEndpoint():
            return edit.service
        case AddInterfaceEndpoint():
            return edit.service if _resolves(network, edit.vpc_id) else None
        case ShareInterfaceEndpoint():
            return edit.service if all(_resolves(network, vpc_id) for vpc_id in edit.served) else None
        case TurnOnPrivateDns():
            endpoint = network.endpoint.get(edit.endpoint_id)
            return endpoint.service if endpoint and _resolves(network, edit.vpc_id) else None
        case AssociateRouteTables() | DropEndpoint() | LimitPrivateDnsToInboundResolver():
            endpoint = network.endpoint.get(edit.endpoint_id)
            return endpoint.service if endpoint else None
        case _:
            return None


def _resolves(network: Network, vpc_id: str) -> bool:
    """Whether the VPC's DNS attributes are on already: turning them on lets its other endpoints answer too."""
    vpc = network.vpc.get(vpc_id)
    return vpc is None or (vpc.dns_support is not False and vpc.dns_hostnames is not False)


def exclude_each_other(candidates: Sequence[Candidate]) -> bool:
    """Whether what one does makes another impossible."""
    return _drops_what_others_lead_to(candidates) or _answers_twice(candidates)


def _answers_twice(candidates: Iterable[Candidate]) -> bool:
    """Whether a shared endpoint and another one are to answer for one service in one VPC: AWS refuses the second."""
    answered: dict[tuple[str, str], tuple[bool, str]] = {}
    for candidate in candidates:
        for edit in candidate.edits:
            is_shared = isinstance(edit, ShareInterfaceEndpoint)
            for key in _answering(edit):
                other_is_shared, other = answered.setdefault(key, (is_shared, candidate.id))
                if other != candidate.id and (is_shared or other_is_shared):
                    return True
    return False


def _answering(edit: Edit) -> Iterator[tuple[str, str]]:
    """The VPCs and the service for which a new endpoint answers."""
    match edit:
        case AddInterfaceEndpoint():
            yield edit.vpc_id, edit.service
        case ShareInterfaceEndpoint():
            yield from ((vpc_id, edit.service) for vpc_id in edit.served)


def _drops_what_others_lead_to(candidates: Iterable[Candidate]) -> bool:
    """Whether one drops a NAT gateway to which another leads routes: its commands would not know these."""
    led_to, dropped = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for candidate in candidates:
        for edit in candidate.edits:
            if isinstance(edit, DropNatGateway):
                dropped[edit.nat_gateway_id].add(candidate.id)
                led_to[edit.replaced_by or ""].add(candidate.id)
            elif isinstance(edit, RouteSubnetToNat):
                led_to[edit.nat_gateway_id].add(candidate.id)
    return any(len(led_to[one] | names) > 1 for one, names in dropped.items() if led_to.get(one))


def may_pay(candidate: Candidate) -> bool:
    """Whether it saves something at the most, and costs nothing at the least."""
    amounts = candidate.alone.amounts
    return amounts is not None and min(amounts) >= 0 and max(amounts) > 0


def _is_no_worse(one: Worth, other: Worth) -> bool:
    amounts = zip((one.low, one.expected, one.high), (other.low, other.expected, other.high), strict=True)
    return one.cut <= other.cut and all(mine >= theirs for mine, theirs in amounts)


def subsets(numbers: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """All of them, the smallest first."""
    return chain.from_iterable(combinations(numbers, size) for size in range(len(numbers) + 1))
