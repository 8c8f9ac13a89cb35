"""The plan: edits in an order, each priced on top of those before it; one that would take from them is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from auditor.model.money import ZERO
from auditor.model.network import Network
from auditor.whatif.edits import DropNatGateway, Edit, RouteSubnetToNat, apply_all
from auditor.whatif.outcome import Outcome
from auditor.whatif.saving import Bounds, Situation


@dataclass(frozen=True, slots=True)
class Candidate:
    """A change that might go into the plan, with what it saves alone."""

    id: str
    edits: tuple[Edit, ...]
    alone: Bounds


@dataclass(frozen=True, slots=True)
class Step:
    """A change of the plan with what it adds to the saving, at the least and at the most."""

    id: str
    low: Decimal
    high: Decimal


def price_alone(situation: Situation, edits: tuple[Edit, ...]) -> Bounds:
    """What some edits save if nothing else changes."""
    return Outcome.of(situation).to(apply_all(situation.network, edits)).bounds


def make_plan(situation: Situation, candidates: Iterable[Candidate]) -> Iterator[Step]:
    """The steps for one situation. Their savings add up to the saving of all of them together."""
    now, led_to = Outcome.of(situation), set[str]()
    for candidate in sorted((c for c in candidates if _may_pay(c)), key=_order):
        if led_to & _dropped(candidate.edits):
            continue
        changed = apply_all(now.network, candidate.edits)
        following = now.to(changed) if changed is not now.network else None
        saved = _amounts(following.bounds) if following and not following.cuts_off else None
        if following is None or saved is None or min(saved) < 0:
            continue
        yield Step(candidate.id, *saved)
        now = following
        led_to |= _led_to(candidate.edits)


def after(situation: Situation, candidates: Iterable[Candidate], steps: Iterable[Step]) -> Network:
    """The network once the plan is carried out."""
    edits = {candidate.id: candidate.edits for candidate in candidates}
    return apply_all(situation.network, (edit for step in steps for edit in edits[step.id]))


def _dropped(edits: tuple[Edit, ...]) -> set[str]:
    return {edit.nat_gateway_id for edit in edits if isinstance(edit, DropNatGateway)}


def _led_to(edits: tuple[Edit, ...]) -> set[str]:
    """NAT gateways that routes lead to from now on: dropping one would take routes that its commands do not know."""
    taken = {edit.replaced_by for edit in edits if isinstance(edit, DropNatGateway) and edit.replaced_by}
    return taken | {edit.nat_gateway_id for edit in edits if isinstance(edit, RouteSubnetToNat)}


def _may_pay(candidate: Candidate) -> bool:
    amounts = _amounts(candidate.alone)
    return amounts is not None and amounts[0] >= 0 and amounts[1] > 0


def _order(candidate: Candidate) -> tuple[Decimal, Decimal]:
    """What is certain before what is possible, the largest first; equals stay in the order of the rules."""
    low, high = _amounts(candidate.alone) or (ZERO, ZERO)
    return (low.copy_negate(), high.copy_negate())


def _amounts(bounds: Bounds) -> tuple[Decimal, Decimal] | None:
    low, high = bounds.low.usd, bounds.high.usd
    return None if low is None or high is None else (low, high)
