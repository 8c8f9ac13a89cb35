"""What changes are forecast to save, at the least, as measured and at the most.

`expected` counts what flow logs attribute, the days that they were not read for taken for alike, and saves nothing
on what nobody attributed. `low` counts only the bytes that flow logs really showed; `high` lets all others save as
much as they can. Where the records of the whole window were read, or none, low is expected.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from auditor.model.audit import Saving
from auditor.model.money import Difference, Line
from auditor.model.network import Network
from auditor.model.traffic import UNKNOWN, Flow, Level
from auditor.whatif.bill import Traffic
from auditor.whatif.edits import Edit, apply_all, vpcs_of
from auditor.whatif.outcome import Outcome
from auditor.whatif.saving import UNNAMED, Bounds, Key, Situation


@dataclass(frozen=True, slots=True)
class Saved:
    """What a change saves; `level` is what tells where the bytes go that it moves, `cut` those left without a way.

    `shared` are the numbers of flows that it moves for sure if they come from its VPC, and that may come from others.
    """

    low: Difference
    expected: Difference
    high: Difference
    level: Level = Level.METRICS
    cut: frozenset[Key] = frozenset()
    shared: frozenset[int] = frozenset()

    @property
    def amounts(self) -> tuple[Decimal, Decimal, Decimal] | None:
        """USD a month: the least, the expected, the most; `None` where something is added whose cost is unknown."""
        low, expected, high = self.low.usd, self.expected.usd, self.high.usd
        return None if low is None or expected is None or high is None else (low, expected, high)

    @property
    def is_known(self) -> bool:
        """Whether what is expected was measured, and every line of it has a price."""
        is_measured = self.level is not Level.METRICS or self.low.usd == self.high.usd
        return is_measured and all(line.usd is not None for line in self._lines)

    @property
    def shown(self) -> Difference:
        """The lines that make up the figure to go by: what is expected, or the most where that is not known."""
        return self.expected if self.is_known else self.high

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Labels of the lines whose cost is unknown."""
        return tuple(sorted({*self.low.unpriced, *self.high.unpriced}))

    def saving(self) -> Saving | None:
        """For the audit: `None` where nothing of it is known to have a price. Flow logs may tell that it is zero."""
        amounts = self.amounts
        if amounts is None or (self.level is Level.METRICS and not self._lines):
            return None
        if self.is_known:
            return Saving(min(amounts), amounts[1], max(amounts))
        low, _, high = amounts
        return None if self.unpriced and low == high == 0 else Saving(low, None, high)

    @property
    def pays(self) -> bool:
        """Whether it is expected to save something; where that is not known, whether it does at the least."""
        saving = self.saving()
        return saving is not None and (saving.low if saving.expected is None else saving.expected) > 0

    @property
    def _lines(self) -> tuple[Line, ...]:
        return (*self.low.avoided, *self.low.added, *self.high.avoided, *self.high.added)


@dataclass(frozen=True)
class Forecast:
    """A changed network, priced for what is expected and for what was seen: the same where all was, or nothing."""

    expected: Outcome
    seen: Outcome

    @classmethod
    def of(cls, expected: Situation, seen: Traffic) -> Forecast:
        """No change yet; `seen` is the situation's traffic without what is only taken for alike."""
        likely = Outcome.of(expected)
        same = seen.flows == expected.traffic.flows
        return cls(likely, likely if same else Outcome.of(replace(expected, traffic=seen)))

    @property
    def network(self) -> Network:
        """The network after the changes."""
        return self.expected.network

    @property
    def cut(self) -> frozenset[Key]:
        """The flows that the changes leave without a way."""
        return self.expected.cut | self.seen.cut

    @property
    def cuts_off(self) -> bool:
        """Whether the changes leave bytes without a way."""
        return bool(self.cut)

    @property
    def saved(self) -> Saved:
        """What the last change saves on top of those before it."""
        seen, likely = self.seen.bounds, self.expected.bounds
        level = _level(self.expected.situation, likely)
        return Saved(seen.low, likely.low, seen.high, level, self.cut, likely.shared)

    def to(self, after: Network) -> Forecast:
        """The forecast of one more change."""
        likely = self.expected.to(after)
        return Forecast(likely, likely if self.seen is self.expected else self.seen.to(after))

    def within(self, vpc_ids: frozenset[str]) -> Forecast:
        """The same where only changes of these VPCs matter."""
        likely = self.expected.within(vpc_ids)
        return Forecast(likely, likely if self.seen is self.expected else self.seen.within(vpc_ids))

    def on_top_of(self, other: Forecast) -> Forecast:
        """The same after changes of other VPCs: bytes have moved between tiers, flows that may come from there too."""
        likely = self.expected.on_top_of(other.expected)
        return Forecast(likely, likely if self.seen is self.expected else self.seen.on_top_of(other.seen))

    def around(self, edits: Iterable[Edit]) -> frozenset[str]:
        """The VPCs that tell what some edits do."""
        touched = frozenset(vpc_id for edit in edits for vpc_id in vpcs_of(edit, self.network))
        here = self.expected.around(touched)
        return here if self.seen is self.expected else here | self.seen.around(touched)

    def near(self, edits: Iterable[Edit]) -> Forecast:
        """The same where only some edits matter: the VPCs around them."""
        return self.within(self.around(edits))

    def after(self, edits: Sequence[Edit]) -> Forecast:
        """What some edits do on top of the changes so far."""
        here = self.near(edits)
        return here.to(apply_all(here.network, edits))


def _level(situation: Situation, bounds: Bounds) -> Level:
    """Flow logs, where they tell of all bytes that the change may move whether it does; `NAMES` where names decide."""
    moved = {number: situation.traffic.flows[number] for number in sorted(bounds.moved)}
    told = (_is_told(situation.traffic, flow, is_split=number in bounds.split) for number, flow in moved.items())
    if not moved or not all(told):
        return Level.METRICS
    return Level.NAMES if any(flow.level is Level.NAMES and flow.bytes for flow in moved.values()) else Level.FLOW_LOGS


def _is_told(traffic: Traffic, flow: Flow, *, is_split: bool) -> bool:
    """Whether flow logs explain bytes of the resource that measured the flow, and do not leave it open if it moves.

    What they do not attribute at all is open, and so are services without a name where others have one.
    """
    found = traffic.reconciled.get(flow.measured_at)
    if found is None or not found.explains:
        return False
    is_rest = flow.destination.service == UNKNOWN or (flow.destination.service == UNNAMED and found.is_named)
    return is_rest or not is_split or not flow.bytes
