"""Changes tried on evidence: the bill before and the bill after, line by line.

Both are bills of the one engine: what usages fall by is taken off the bytes that are counted before, and the rest is
priced in the same way. Their difference is what the engine says is saved, to the last digit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from auditor.model.comparison import Amount, ChangedLine, Comparison, Sums
from auditor.model.money import Bill, Difference, Line, by_key, difference, subtract, total
from auditor.model.traffic import Level
from auditor.whatif.bill import Usage, billed, charges, counted, path_of
from auditor.whatif.edits import Edit, apply_all
from auditor.whatif.forecast import Forecast, Saved
from auditor.whatif.outcome import READINGS, Outcome, Reading, changed_vpcs

_LEVELS = tuple(Level)


@dataclass(frozen=True)
class Bills:
    """What one reading of the traffic costs before and after."""

    before: Bill
    after: Bill

    @classmethod
    def of(cls, outcome: Outcome, reading: Reading) -> Bills:
        """The bills of all changes of an outcome."""
        now = outcome.situation
        old, new = _counted(outcome, reading)
        unmeasured = now.traffic.unmeasured
        return cls(
            billed(now.network, old, unmeasured, now.prices), billed(outcome.network, new, unmeasured, now.prices)
        )

    @cached_property
    def difference(self) -> Difference:
        """What the changes take off the bill and add to it."""
        return difference(self.before, self.after)


@dataclass(frozen=True)
class Tried:
    """A region with the changes that were tried in it."""

    region: str
    now: Forecast
    edits: tuple[Edit, ...]

    @cached_property
    def after(self) -> Forecast:
        """The forecast of all changes at once."""
        return self.now.to(apply_all(self.now.network, self.edits))

    @property
    def saved(self) -> Saved:
        """What the engine says that they save."""
        return self.after.saved

    @cached_property
    def bills(self) -> tuple[Bills, Bills, Bills]:
        """The least, the expected, the most."""
        seen, likely = self.after.seen, self.after.expected
        low, expected, high = (
            Bills.of(*one) for one in ((seen, READINGS[0]), (likely, READINGS[0]), (seen, READINGS[1]))
        )
        known = [(one.difference.usd, one) for one in (low, expected, high)]
        ranked = sorted(((usd, number) for number, (usd, _) in enumerate(known) if usd is not None))
        if len(ranked) < len(known):
            return low, expected, high
        return known[ranked[0][1]][1], expected, known[ranked[-1][1]][1]


def compare(tried: Sequence[Tried], changes: tuple[str, ...]) -> Comparison:
    """All regions together: nothing that is priced here crosses regions, so their bills add up."""
    low, expected, high = (_sums([one.bills[number] for one in tried]) for number in range(3))
    is_known = all(one.saved.is_known for one in tried)
    return Comparison(
        changes=changes,
        regions=tuple(one.region for one in tried),
        evidence=min((one.saved.level for one in tried), key=_LEVELS.index),
        lines=tuple(row for one in tried for row in _lines(one.region, one.bills[1 if is_known else 2])),
        low=low,
        expected=expected if is_known else None,
        high=high,
        cuts_off=any(one.after.cuts_off for one in tried),
        unpriced=tuple(sorted({label for one in tried for label in one.saved.unpriced})),
        warnings=tuple(warning for one in tried for warning in _warnings(one)),
    )


def _counted(outcome: Outcome, reading: Reading) -> tuple[Counter[Usage], Counter[Usage]]:
    """Bytes by what they are charged as, before and after.

    Where nobody knows whence a flow came, the bill of today knows only where it was measured; a reading knows all of
    the way that it supposes.
    """
    situation = outcome.situation
    before = counted(situation.network, situation.traffic)
    after = Counter(before)
    for flow, way in outcome.taken(reading):
        if way.change:
            today = charges(situation.network, path_of(situation.network, flow), flow.measured_at)
            then = charges(outcome.network, way.path, flow.measured_at)
            for usage in {*today, *then, *way.change}:
                more = (then[usage] - today[usage]) * flow.bytes
                after[usage] += more
                supposed = more + way.change.get(usage, 0)
                if supposed:
                    before[usage] += supposed
    return before, after


def _sums(bills: Iterable[Bills]) -> Sums:
    pairs = list(bills)
    savings = [one.difference.usd for one in pairs]
    known = [usd for usd in savings if usd is not None]
    return Sums(
        before=total(one.before.known_usd for one in pairs),
        after=total(one.after.known_usd for one in pairs),
        saving=total(known) if len(known) == len(savings) else None,
        unknown_before=sum(_unknown(one.before) for one in pairs),
        unknown_after=sum(_unknown(one.after) for one in pairs),
    )


def _unknown(bill: Bill) -> int:
    return sum(1 for line in bill.lines if line.usd is None)


def _lines(region: str, bills: Bills) -> Iterator[ChangedLine]:
    """The lines that differ, by resource."""
    old, new = by_key(bills.before), by_key(bills.after)
    keys = dict.fromkeys((*old, *new))
    rows = ((line, old.get(key), new.get(key)) for key in keys for line in [old.get(key) or new[key]])
    for line, before, after in sorted(rows, key=lambda row: (row[0].resource, row[0].label)):
        if _quantity(before) != _quantity(after) or _is_open(before) != _is_open(after):
            yield _changed(region, line, before, after)


def _changed(region: str, line: Line, before: Line | None, after: Line | None) -> ChangedLine:
    old, new = (Decimal(0) if one is None else one.usd for one in (before, after))
    less = None if old is None or new is None else subtract(new, old)
    return ChangedLine(region, line.resource, line.label, line.unit, line.price, _amount(before), _amount(after), less)


def _amount(line: Line | None) -> Amount | None:
    return Amount(line.quantity, line.usd) if line else None


def _quantity(line: Line | None) -> Decimal | None:
    """Of what is not there none: a line of nothing is no other than no line."""
    return line.quantity if line else Decimal(0)


def _is_open(line: Line | None) -> bool:
    return line is not None and line.quantity is None


def _warnings(tried: Tried) -> Iterator[str]:
    cut = _cut_off(tried.after)
    if cut:
        yield (
            f"Bytes measured at {', '.join(cut)} are left without a way: they are priced as before, and whoever sends"
            " them is cut off."
        )
    yield from (f"{text} ({tried.region})" for text in _unpriced(tried.saved))
    unmeasured = _unmeasured(tried)
    if unmeasured:
        yield f"Nobody measured the bytes of {', '.join(unmeasured)}: what they cost or would save is in no figure."


def _unpriced(saved: Saved) -> Iterator[str]:
    labels = ", ".join(saved.unpriced)
    if labels and saved.amounts is None:
        yield f"The saving is unknown, because something is added whose cost is not known here: {labels}"
    elif labels:
        yield f"Not counted, because its cost is not known here: {labels}"


def _cut_off(after: Forecast) -> list[str]:
    """Where the bytes were measured that have no way any more."""
    outcomes = (after.expected, after.seen)
    return sorted(
        {
            outcome.situation.traffic.flows[number].measured_at
            for outcome in outcomes
            for number, by_vpc in outcome.ways.items()
            if any(ways.cuts_off for ways in by_vpc.values())
        }
    )


def _unmeasured(tried: Tried) -> list[str]:
    """NAT gateways and endpoints of the VPCs that change, or that their subnets use, without any measurement."""
    situation = tried.now.expected.situation
    vpcs = changed_vpcs(situation.network, tried.after.network)
    near = {nat.id for nat in situation.network.nat_gateways if nat.vpc_id in vpcs}
    near |= {endpoint.id for endpoint in situation.network.endpoints if endpoint.vpc_id in vpcs}
    used = {nat for nat, subnets in situation.clients_of_nat.items() if any(s.vpc_id in vpcs for s in subnets)}
    return sorted((near | used) & situation.traffic.unmeasured)
