"""The plan: the changes that together save most, in an order, each priced on top of those before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from heapq import merge
from itertools import accumulate

from auditor.model.audit import PlanStep
from auditor.model.money import EXACT, ZERO, subtract, total
from auditor.whatif.edits import (
    AddGatewayEndpoint,
    AssociateRouteTables,
    DropEndpoint,
    DropNatGateway,
    Edit,
    apply_all,
)
from auditor.whatif.forecast import Forecast
from auditor.whatif.optimum import Candidate, islands


@dataclass(frozen=True, slots=True)
class Step:
    """A change of the plan with what it adds to the saving: at the least, as expected, at the most."""

    id: str
    low: Decimal
    expected: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps; `is_proven` says that no other set of the candidates saves more of what was measured."""

    steps: tuple[Step, ...] = ()
    is_proven: bool = True


def make_plan(now: Forecast, candidates: Iterable[Candidate]) -> Plan:
    """The plan for a network without any change. Its savings add up to the saving of all of them together.

    What saves most as measured is chosen by search; what may save more besides, and costs nothing, is put on top.
    """
    usable: dict[tuple[Edit, ...], Candidate] = {}
    for candidate in candidates:
        if candidate.edits and candidate.alone.amounts:
            usable.setdefault(candidate.edits, candidate)
    ordered = sorted(usable.values(), key=lambda one: _order(now, one))
    chosen: set[str] = set()
    hoped, is_proven = ZERO, True
    for island in islands(now, ordered):
        best = island.best()
        worth = island.worth(best.chosen)
        hoped = EXACT.add(hoped, worth.expected if worth else ZERO)
        is_proven &= best.is_proven
        chosen.update(island.candidates[number].id for number in island.possible(best.chosen))
    steps = tuple(_steps(now, (one for one in ordered if one.id in chosen)))
    return Plan(steps, is_proven and hoped == total(step.expected for step in steps))


def _steps(now: Forecast, chosen: Iterable[Candidate]) -> Iterator[Step]:
    """Each priced on top of those before it; what these have done already is no step."""
    for candidate in chosen:
        changed = apply_all(now.network, candidate.edits)
        if changed is now.network:
            continue
        following = now.to(changed)
        amounts = following.saved.amounts
        if amounts and not following.cut:
            yield Step(candidate.id, *amounts)
            now = following


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


def _order(now: Forecast, candidate: Candidate) -> tuple[bool, bool, bool, Decimal, Decimal]:
    """What others must make possible last; what is measured before what is possible, the largest first.

    Gateway endpoints come first: a subnet's new table copies those of the table that it had, not the other way round.
    Equals stay in the order of the rules.
    """
    _, expected, high = candidate.alone.amounts or (ZERO, ZERO, ZERO)
    is_gateway = any(isinstance(edit, AddGatewayEndpoint | AssociateRouteTables) for edit in candidate.edits)
    needs_others = _cuts(now, candidate.edits)
    return (needs_others, expected <= 0, not is_gateway, expected.copy_negate(), high.copy_negate())


def _cuts(now: Forecast, edits: tuple[Edit, ...]) -> bool:
    """Whether it would cut bytes off if nothing else changed."""
    if not any(isinstance(edit, DropNatGateway | DropEndpoint) for edit in edits):
        return False
    return now.after(edits).cuts_off
