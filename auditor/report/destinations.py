"""Where the bytes of all NAT gateways with flow logs go, summed by destination."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from auditor.model.attributed import NamedBy
from auditor.model.audit import Audit, NatGatewayCost, Traffic
from auditor.model.money import total

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Told:
    """What flow logs tell of `count` NAT gateways, the largest destination first; sums mean little of unlike days."""

    count: int
    is_of_same_days: bool
    destinations: tuple[Traffic, ...]
    unattributed_bytes: int
    unattributed_cost: Decimal | None


def told(audit: Audit) -> Told:
    """The sums; a cost is `None` where one of its parts is unknown."""
    nats = [nat for nat in audit.nat_gateways if nat.attribution or nat.destinations]
    return Told(
        count=len(nats),
        is_of_same_days=len({nat.attribution and (nat.attribution.start, nat.attribution.end) for nat in nats}) == 1,
        destinations=_destinations(nats),
        unattributed_bytes=sum(nat.unattributed_bytes or 0 for nat in nats),
        unattributed_cost=_sum(nat.unattributed_cost for nat in nats),
    )


def _destinations(nats: Iterable[NatGatewayCost]) -> tuple[Traffic, ...]:
    found: dict[tuple[str, str | None], list[Traffic]] = defaultdict(list)
    for traffic in (traffic for nat in nats for traffic in nat.destinations):
        found[traffic.service, traffic.region].append(traffic)
    return tuple(sorted((_sum_of(same) for same in found.values()), key=lambda one: -(one.bytes_up + one.bytes_down)))


def _sum_of(same: list[Traffic]) -> Traffic:
    """A name is as weak as its weakest."""
    return replace(
        same[0],
        bytes_up=sum(one.bytes_up for one in same),
        bytes_down=sum(one.bytes_down for one in same),
        named_by=max((one.named_by for one in same), key=list(NamedBy).index),
        monthly_cost=_sum(one.monthly_cost for one in same),
    )


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = list(amounts)
    return None if None in known else total(usd for usd in known if usd is not None)
