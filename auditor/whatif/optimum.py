"""Which changes together save most of what was measured: found by search, not by luck.

A change of one service's endpoints moves bytes of that service only; a change of routes (a NAT gateway that goes, a
subnet that moves) may move them all. So all sets of the few changes of routes are tried, and on top of each the best
of every service by itself. The engine prices each of them, and the winner as a whole: where its price is the sum that
the search expected, for every set of routes, no other set can save more, and the choice is proven.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from itertools import chain, combinations

from auditor.model.money import ZERO, total
from auditor.whatif.edits import Edit, apply_all
from auditor.whatif.forecast import Forecast, Saved
from auditor.whatif.islands import Candidate, Part, exclude_each_other, go_before, parted, service_of
from auditor.whatif.saving import destination_of

MOST_ROUTES, MOST_OF_A_SERVICE = 8, 5
"""Of so many changes all sets are tried; of more, one is changed at a time, and nothing is proven."""

Chosen = frozenset[int]
"""Numbers of candidates."""

Gain = tuple[int, Decimal, int]
"""To rank by: flows that have a way again less those that are cut off, USD a month, and that few changes do it."""

NONE, NOTHING = Chosen(), (0, ZERO, 0)


@dataclass(frozen=True, slots=True)
class Best:
    """The set that saves most, what it adds to what is there, and whether that is proven."""

    chosen: Chosen = NONE
    gain: Gain = NOTHING
    is_proven: bool = True


@dataclass(frozen=True)
class Search:
    """For the best of candidates whose changes may meet, in the order in which they are applied."""

    start: Forecast
    candidates: Sequence[Candidate]

    @classmethod
    def among(cls, now: Forecast, candidates: Sequence[Candidate]) -> Search:
        """A search that looks only at the VPCs around the candidates."""
        return cls(now.within(now.around(chain.from_iterable(one.edits for one in candidates))), candidates)

    def best(self) -> Best:
        """The set whose expected saving is largest; among equals the one of the fewest changes."""
        if len(self.whole.wide) > MOST_ROUTES:
            return self._climbed()
        found = [self._checked(Chosen(wide)) for wide in subsets(self.whole.wide)]
        return replace(max(found, key=_gain), is_proven=all(one.is_proven for one in found))

    def possible(self, chosen: Chosen) -> Chosen:
        """With what may save more on top of them and costs nothing, though nobody measured it."""
        rest = [number for number, one in enumerate(self.candidates) if number not in chosen and may_pay(one)]
        base = self._after(chosen if rest else NONE)
        for number in rest:
            following = self._added(base, chosen, Chosen({number}))
            amounts = following.saved.amounts if following else None
            if following and amounts and min(amounts) >= 0 and following.cut <= base.cut:
                base = self._reached(base, chosen, Chosen({number}))
                chosen |= {number}
        return chosen

    @cached_property
    def whole(self) -> Part:
        """All candidates, parted into choices that do not meet."""
        return parted(self.candidates, self.start.network)

    def _checked(self, wide: Chosen) -> Best:
        """The best with these changes of routes and no others; nothing where they cut off what no service mends."""
        found = self._with(self.whole, self.start, NONE, wide)
        if found is None or found.gain[0] < 0:
            return Best(is_proven=found is None or found.is_proven)
        following = self._after(found.chosen)
        amounts = following.saved.amounts
        if amounts is None or following.cut:
            return Best(is_proven=False)
        gain = (0, amounts[1], -len(found.chosen))
        return Best(found.chosen, gain, found.is_proven and gain == found.gain)

    def _best(self, part: Part, base: Forecast, under: Chosen) -> Best:
        """The best of a part on top of changes that were chosen before."""
        sizes = range(len(part.wide) + 1) if len(part.wide) <= MOST_OF_A_SERVICE else (0, 1, len(part.wide))
        sets = chain.from_iterable(combinations(part.wide, size) for size in sizes)
        found = [one for one in (self._with(part, base, under, Chosen(wide)) for wide in sets) if one]
        is_proven = len(part.wide) <= MOST_OF_A_SERVICE and all(one.is_proven for one in found)
        return replace(max(found, key=_gain), is_proven=is_proven)

    def _with(self, part: Part, base: Forecast, under: Chosen, wide: Chosen) -> Best | None:
        """These wide changes and the best of each smaller part; `None` where they cannot be made together."""
        gain = self._gain(base, under, wide)
        if gain is None:
            return None
        if not part.parts:
            return Best(wide, gain)
        following = self._reached(base, under, wide) if wide else base
        if self._is_hopeless(following):
            return None
        rest = [self._best(one, following, under | wide) for one in part.parts]
        mended, saving, fewest = zip(gain, *(one.gain for one in rest), strict=True)
        chosen = wide.union(*(one.chosen for one in rest))
        return Best(chosen, (sum(mended), total(saving), sum(fewest)), all(one.is_proven for one in rest))

    def _gain(self, base: Forecast, under: Chosen, chosen: Chosen) -> Gain | None:
        if not chosen:
            return NOTHING
        saved = self._saved(base, under, chosen)
        if saved is None or saved.amounts is None:
            return None
        return (len(base.cut) - len(saved.cut), saved.amounts[1], -len(chosen))

    def _saved(self, base: Forecast, under: Chosen, chosen: Chosen) -> Saved | None:
        if len(chosen) == 1 and not under:
            return self.candidates[min(chosen)].alone
        following = self._added(base, under, chosen)
        return following.saved if following else None

    def _added(self, base: Forecast, under: Chosen, chosen: Chosen) -> Forecast | None:
        """The price of candidates on top of others, by a look around them; `None` where they exclude each other."""
        if exclude_each_other(self.candidates[number] for number in sorted(under | chosen)):
            return None
        if self._go_before(chosen, under):
            return base.to(self._after(under | chosen).network)
        return base.after(self._edits(chosen))

    def _reached(self, base: Forecast, under: Chosen, chosen: Chosen) -> Forecast:
        """Everything with candidates on top of others."""
        if self._go_before(chosen, under):
            return base.to(self._after(under | chosen).network)
        return base.to(apply_all(base.network, self._edits(chosen)))

    def _after(self, chosen: Chosen) -> Forecast:
        """Everything with these candidates and no others."""
        return self.start.to(apply_all(self.start.network, self._edits(chosen)))

    def _go_before(self, chosen: Chosen, under: Chosen) -> bool:
        return go_before(self._edits(chosen), self._edits(under), self.start.network)

    def _edits(self, chosen: Chosen) -> list[Edit]:
        return [edit for number in sorted(chosen) for edit in self.candidates[number].edits]

    def _is_hopeless(self, base: Forecast) -> bool:
        """Whether a flow is cut off that no change of a service's endpoints gives a way again."""
        flows = base.expected.situation.traffic.flows
        return any(destination_of(flows[number]).service not in self._services for number, _ in base.cut)

    @cached_property
    def _services(self) -> frozenset[str]:
        """Those whose endpoints some candidate changes."""
        served = (service_of(one.edits, self.start.network) for one in self.candidates)
        return frozenset(one[1] for one in served if one)

    def _climbed(self) -> Best:
        """One change of routes put in or taken out at a time, as long as that saves more."""
        wide = NONE
        best = self._checked(wide)
        while True:
            near = [(self._checked(wide ^ {one}), wide ^ {one}) for one in self.whole.wide]
            found, there = max(near, key=lambda one: one[0].gain)
            if found.gain <= best.gain:
                return replace(best, is_proven=False)
            best, wide = found, there


def _gain(best: Best) -> Gain:
    return best.gain


def may_pay(candidate: Candidate) -> bool:
    """Whether it saves something at the most, and costs nothing at the least."""
    amounts = candidate.alone.amounts
    return amounts is not None and min(amounts) >= 0 and max(amounts) > 0


def subsets(numbers: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """All of them, the smallest first."""
    return chain.from_iterable(combinations(numbers, size) for size in range(len(numbers) + 1))
