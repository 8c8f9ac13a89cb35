"""The plan: edits in an order, each priced on top of those before it; one that would take from them is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from heapq import merge
from itertools import accumulate

from auditor.model.audit import PlanStep
from auditor.model.money import EXACT, ZERO, subtract
from auditor.whatif.edits import (
    AddGatewayEndpoint,
    AssociateRouteTables,
    DropNatGateway,
    Edit,
    RouteSubnetToNat,
    apply_all,
)
from auditor.whatif.forecast import Forecast, Saved


@dataclass(frozen=True, slots=True)
class Candidate:
    """A change that might go into the plan, with what it saves alone."""

    id: str
    edits: tuple[Edit, ...]
    alone: Saved


@dataclass(frozen=True, slots=True)
class Step:
    """A change of the plan with what it adds to the saving: at the least, as expected, at the most."""

    id: str
    low: Decimal
    expected: Decimal
    high: Decimal


def make_plan(now: Forecast, candidates: Iterable[Candidate]) -> Iterator[Step]:
    """The steps from a network without any change. Their savings add up to the saving of all of them together."""
    led_to = set[str]()
    for candidate in sorted((c for c in candidates if _may_pay(c)), key=_order):
        if led_to & _dropped(candidate.edits):
            continue
        changed = apply_all(now.network, candidate.edits)
        following = now.to(changed) if changed is not now.network else None
        saved = following.saved.amounts if following and not following.cuts_off else None
        if following is None or saved is None or min(saved) < 0:
            continue
        yield Step(candidate.id, *saved)
        now = following
        led_to |= _led_to(candidate.edits)


def numbered(regions: Iterable[Iterable[Step]]) -> tuple[PlanStep, ...]:
    """The steps of all regions, what saves most first, with running sums; those of a region stay in their order."""
    ordered = list(merge(*regions, key=lambda step: (step.expected.copy_negate(), subtract(step.expected, step.high))))
    unmeasured = [subtract(step.high, step.expected) for step in ordered]
    rows = zip(
        ordered,
        accumulate((step.expected for step in ordered), EXACT.add),
        unmeasured,
        accumulate(unmeasured, EXACT.add),
        strict=True,
    )
    return tuple(
        PlanStep(number, step.id, step.expected, expected, high, cumulative)
        for number, (step, expected, high, cumulative) in enumerate(rows, start=1)
    )


def _dropped(edits: tuple[Edit, ...]) -> set[str]:
    return {edit.nat_gateway_id for edit in edits if isinstance(edit, DropNatGateway)}


def _led_to(edits: tuple[Edit, ...]) -> set[str]:
    """NAT gateways that routes lead to from now on: dropping one would take routes that its commands do not know."""
    taken = {edit.replaced_by for edit in edits if isinstance(edit, DropNatGateway) and edit.replaced_by}
    return taken | {edit.nat_gateway_id for edit in edits if isinstance(edit, RouteSubnetToNat)}


def _may_pay(candidate: Candidate) -> bool:
    amounts = candidate.alone.amounts
    return amounts is not None and min(amounts) >= 0 and max(amounts) > 0


def _order(candidate: Candidate) -> tuple[bool, bool, Decimal, Decimal]:
    """What is measured before what is possible, the largest first; equals stay in the order of the rules.

    Gateway endpoints come first: a subnet's new table copies those of the table that it had, not the other way round.
    """
    _, expected, high = candidate.alone.amounts or (ZERO, ZERO, ZERO)
    is_gateway = any(isinstance(edit, AddGatewayEndpoint | AssociateRouteTables) for edit in candidate.edits)
    return (not expected, not is_gateway, expected.copy_negate(), high.copy_negate())
