"""The plan: the changes that together save most, in an order, each priced on top of those before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from heapq import merge
from itertools import accumulate

from auditor.model.audit import PlanStep
from auditor.model.money import EXACT, ZERO, Difference, subtract, total
from auditor.model.parts import PartSaving, by_part
from auditor.whatif.edits import AddGatewayEndpoint, AssociateRouteTables, Edit, apply_all
from auditor.whatif.forecast import Forecast
from auditor.whatif.islands import Candidate, islands
from auditor.whatif.optimum import Search

Order = tuple[bool, bool, bool, Decimal, Decimal, int]
"""What steps are sorted by, the place of their scope last."""


@dataclass(frozen=True, slots=True)
class Step:
    """A change of the plan with what it adds to the saving: at the least, as expected, at the most.

    `change` are the lines of what is expected, `order` is its place among the steps of networks that never meet.
    """

    id: str
    low: Decimal
    expected: Decimal
    high: Decimal
    change: Difference = field(default_factory=Difference)
    order: Order = (False, False, False, ZERO, ZERO, 0)


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
    ordered = sorted(usable.values(), key=_order)
    chosen: set[str] = set()
    hoped, is_proven = ZERO, True
    for island in islands(now, ordered):
        search = Search.among(now, island)
        best = search.best()
        hoped = EXACT.add(hoped, best.gain[1])
        is_proven &= best.is_proven
        chosen.update(island[number].id for number in search.possible(best.chosen))
    steps = tuple(_steps(now, [one for one in ordered if one.id in chosen]))
    return Plan(steps, is_proven and hoped == total(step.expected for step in steps))


def _steps(now: Forecast, chosen: list[Candidate]) -> Iterator[Step]:
    """Each priced on top of those before it; what these have done already is no step.

    What does not meet stands in a network of its own; only the tiers of prices are common to all.
    """
    found = islands(now, chosen)
    place = {candidate.id: number for number, island in enumerate(found) for candidate in island}
    standing = [Search.among(now, island).start for island in found]
    for candidate in chosen:
        here = standing[place[candidate.id]].on_top_of(now)
        changed = apply_all(here.network, candidate.edits)
        if changed is here.network:
            continue
        following = here.to(changed)
        amounts = following.saved.amounts
        if amounts and not following.cut:
            yield Step(candidate.id, *amounts, following.saved.expected, _order(candidate))
            now = standing[place[candidate.id]] = following


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
        PlanStep(number, step.id, step.expected, expected, high, cumulative, _parts(step.change))
        for number, (step, expected, high, cumulative) in enumerate(rows, start=1)
    )


def _parts(change: Difference) -> tuple[PartSaving, ...]:
    """Where on the bill the change falls."""
    avoided, added = by_part(change.avoided), by_part(change.added)
    parts = {part: subtract(avoided.get(part, ZERO), added.get(part, ZERO)) for part in (*avoided, *added)}
    return tuple(PartSaving(part, usd) for part, usd in parts.items() if usd)


def _order(candidate: Candidate) -> Order:
    """What others must make possible last; what is measured before what is possible, the largest first.

    Gateway endpoints come first: a subnet's new table copies those of the table that it had, not the other way round.
    Equals stay in the order of the scopes, and in these of the rules.
    """
    _, expected, high = candidate.alone.amounts or (ZERO, ZERO, ZERO)
    is_gateway = any(isinstance(edit, AddGatewayEndpoint | AssociateRouteTables) for edit in candidate.edits)
    largest_first = (expected.copy_negate(), high.copy_negate())
    return (bool(candidate.alone.cut), expected <= 0, not is_gateway, *largest_first, candidate.place)
