"""What was seen of each account in each region: its status, what is missing, and what flow logs explain."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.model.money import total

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from decimal import Decimal

    from auditor.model.audit import Audit, NatGatewayCost

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """An account in one region; `region` is empty for what concerns a whole account.

    `explained` is what flow logs attribute, as a share of what the bytes of its NAT gateways cost; `None` where
    there are no such bytes, or their cost is not known.
    """

    account_id: str
    region: str
    status: str
    reason: str | None
    nat_gateways: int
    with_flow_logs: int
    endpoints: int
    explained: Decimal | None
    missing: tuple[str, ...]


def ledger(audit: Audit) -> tuple[Entry, ...]:
    """One entry a scope, and one for each account of which nothing but a gap is known."""
    nats, missing = _by_place(audit.nat_gateways), _missing(audit)
    endpoints: defaultdict[Place, int] = defaultdict(int)
    for endpoint in audit.endpoints:
        endpoints[endpoint.account_id, endpoint.region] += 1
    scopes = {(scope.account_id, scope.region): scope for scope in audit.scopes}
    return tuple(
        Entry(
            *place,
            scopes[place].status if place in scopes else "failed",
            scopes[place].reason if place in scopes else None,
            len(nats.get(place, ())),
            sum(nat.attribution is not None for nat in nats.get(place, ())),
            endpoints[place],
            explained_share(nats.get(place, ())),
            tuple(sorted(missing.get(place, ()))),
        )
        for place in sorted({*scopes, *missing})
    )


def explained_share(nats: Collection[NatGatewayCost]) -> Decimal | None:
    """What flow logs attribute as a share of what the bytes cost that were measured; `None` where that is nothing."""
    explained = total(one.monthly_cost for nat in nats for one in nat.destinations if one.monthly_cost is not None)
    rest = total(nat.unattributed_cost for nat in nats if nat.unattributed_cost is not None)
    return explained / (explained + rest) if explained else None


def _by_place(nats: Iterable[NatGatewayCost]) -> dict[Place, list[NatGatewayCost]]:
    found: defaultdict[Place, list[NatGatewayCost]] = defaultdict(list)
    for nat in nats:
        found[nat.account_id, nat.region].append(nat)
    return dict(found)


def _missing(audit: Audit) -> dict[Place, set[str]]:
    found: defaultdict[Place, set[str]] = defaultdict(set)
    for gap in audit.gaps:
        found[gap.account_id, gap.region].add(gap.source.value)
    return dict(found)
