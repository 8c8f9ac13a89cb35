"""What a Sankey diagram of NAT bytes is made of: streams of USD a month from clients over NAT gateways to services."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from auditor.model.money import ZERO, total

if TYPE_CHECKING:
    from auditor.model.audit import Audit, NatGatewayCost, Sender, Traffic

KINDS = ("gateway", "interface", "other", "open")
"""What could carry the bytes: a gateway endpoint, an interface endpoint, NAT only; and what nobody attributed."""

OTHERS, UNKNOWN = "others", "?"
"""Ids of the node for what is too small to be shown, and for what nobody knows."""


@dataclass(frozen=True, slots=True)
class Node:
    """A place that bytes pass; `id` tells it from others in its column."""

    id: str
    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """USD a month between two nodes; more than nothing."""

    source: Node
    target: Node
    kind: str
    usd: Decimal


@dataclass(frozen=True, slots=True)
class Streams:
    """Those into NAT gateways and those out of them, which are equal at each NAT gateway."""

    into: tuple[Stream, ...]
    out: tuple[Stream, ...]

    @property
    def usd(self) -> Decimal:
        """USD a month of all of them."""
        return total(one.usd for one in self.out)

    def of_kind(self, kind: str) -> Decimal:
        """USD a month of what one kind of endpoint could carry."""
        return total(one.usd for one in self.out if one.kind == kind)


def streams_of(audit: Audit, limits: tuple[int, int, int]) -> Streams:
    """All bytes with a price; in each column the largest nodes, and one for all others."""
    into = [stream for nat in audit.nat_gateways for stream in _into(nat)]
    out = [stream for nat in audit.nat_gateways for stream in _out(nat)]
    clients = _kept(((one.source, one.usd) for one in into), limits[0])
    nats = _kept(((one.source, one.usd) for one in out), limits[1])
    services = _kept(((one.target, one.usd) for one in out), limits[2])
    return Streams(tuple(_joined(into, clients, nats)), tuple(_joined(out, nats, services)))


def _into(nat: NatGatewayCost) -> Iterator[Stream]:
    for sender in nat.senders:
        if sender.monthly_cost:
            kind = (sender.endpoint or "other") if sender.attributed else "open"
            yield Stream(_client(sender), _nat(nat), kind, sender.monthly_cost)


def _out(nat: NatGatewayCost) -> Iterator[Stream]:
    if not nat.senders:
        return  # an audit of an earlier version: nobody knows where these come from
    for traffic in nat.destinations:
        if traffic.monthly_cost:
            yield Stream(_nat(nat), _service(traffic), traffic.endpoint or "other", traffic.monthly_cost)
    if nat.unattributed_cost:
        yield Stream(_nat(nat), Node(UNKNOWN, "not attributed"), "open", nat.unattributed_cost)


def _client(sender: Sender) -> Node:
    if sender.subnet_id is None:
        return Node(UNKNOWN, "clients not known")
    where = sender.vpc_name or sender.vpc_id or ""
    return Node(sender.subnet_id, sender.subnet_name or sender.subnet_id, where)


def _nat(nat: NatGatewayCost) -> Node:
    return Node(nat.id, nat.name or nat.id)


def _service(traffic: Traffic) -> Node:
    kind = f"{traffic.endpoint} endpoint" if traffic.endpoint else ""
    named = f"{traffic.service} {traffic.region}" if traffic.region else traffic.service
    return Node(f"{traffic.service} {traffic.region} {traffic.endpoint}", named, kind)


def _kept(amounts: Iterable[tuple[Node, Decimal]], limit: int) -> dict[Node, Node]:
    """Each node as it is shown: itself, or the one for all that are too many."""
    sums: dict[Node, list[Decimal]] = defaultdict(list)
    for node, usd in amounts:
        sums[node].append(usd)
    ranked = sorted(sums, key=lambda node: (-total(sums[node]), node.id))
    if len(ranked) <= limit:
        return {node: node for node in ranked}
    rest = ranked[limit - 1 :]
    other = Node(OTHERS, f"and {len(rest):,} others")
    return {node: node for node in ranked[: limit - 1]} | dict.fromkeys(rest, other)


def _joined(found: Sequence[Stream], sources: dict[Node, Node], targets: dict[Node, Node]) -> Iterator[Stream]:
    """Streams between the same shown nodes, of the same kind, as one."""
    sums: dict[Stream, list[Decimal]] = defaultdict(list)
    for one in found:
        shown = Stream(sources[one.source], targets.get(one.target, one.target), one.kind, ZERO)
        sums[shown].append(one.usd)
    yield from (replace(stream, usd=total(amounts)) for stream, amounts in sums.items())
