"""What flow logs attribute at a NAT gateway against what CloudWatch, which is what is billed, counted on the same days.

What nobody attributed stays open: a coverage of 60 % is never scaled up to 100.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import accumulate

from auditor.model.attributed import Attribution, FlowLogScan, NamedBy
from auditor.model.evidence import Evidence

UP, DOWN = "BytesInFromSource", "BytesInFromDestination"
"""The bytes as they come in; the two metrics of bytes going out count the same bytes again."""

Both = tuple[int, int]
"""Bytes up and down."""

Place = tuple[str, str | None]
"""Service and region."""


@dataclass(frozen=True)
class Reconciliation:
    """`measured` is what CloudWatch counted on the days that were read, `window` what it counted in the window.

    Both are `None` where it counted nothing. Attributions without a scan are those of the whole window.
    """

    scans: tuple[FlowLogScan, ...]
    attributions: tuple[Attribution, ...]
    days: int
    measured: Both | None
    window: Both | None

    @cached_property
    def seen(self) -> Both:
        """Bytes that flow logs attribute, of the days that were read."""
        return sum(one.bytes_up for one in self.attributions), sum(one.bytes_down for one in self.attributions)

    @property
    def unattributed(self) -> int | None:
        """Bytes of these days that they do not."""
        return sum(max(0, m - s) for m, s in zip(self.measured, self.seen, strict=True)) if self.measured else None

    @property
    def coverage(self) -> Decimal | None:
        """Attributed bytes as a share of CloudWatch's; above 1 where flow logs claim more than was billed."""
        return share(sum(self.seen), sum(self.measured)) if self.measured else None

    @property
    def share_of_window(self) -> Decimal | None:
        """The part of the window's bytes that went through on the days that were read."""
        return share(sum(self.measured), sum(self.window)) if self.measured and self.window else None

    @property
    def is_partial(self) -> bool:
        """Whether bytes of the window went through on days that were not read."""
        return self.measured != self.window

    @property
    def explains(self) -> bool:
        """Whether it says where any of the billed bytes went; of a NAT gateway without bytes it need not."""
        if self.measured is None or self.window is None:
            return False
        return not any(self.window) or any(min(m, s) for m, s in zip(self.measured, self.seen, strict=True))

    @cached_property
    def at_place(self) -> dict[Place, dict[str | None, tuple[Attribution, ...]]]:
        """Attributions by service and region, then by the clients' subnet."""
        found: dict[Place, dict[str | None, tuple[Attribution, ...]]] = defaultdict(dict)
        for one in self.attributions:
            of_subnet = found[one.service, one.service_region]
            of_subnet[one.subnet_id] = (*of_subnet.get(one.subnet_id, ()), one)
        return found

    @cached_property
    def of_subnet(self) -> dict[str | None, tuple[Attribution, ...]]:
        """Attributions by the clients' subnet."""
        found: dict[str | None, list[Attribution]] = defaultdict(list)
        for one in self.attributions:
            found[one.subnet_id].append(one)
        return {subnet_id: tuple(some) for subnet_id, some in found.items()}

    @cached_property
    def is_named(self) -> bool:
        """Whether services without an address range of their own were named."""
        return any(one.named_by is not NamedBy.ADDRESS for one in self.attributions)

    @property
    def clients_known(self) -> bool:
        """Whether the records name the clients."""
        return all(one.clients_known for one in self.scans) and any(one.subnet_id for one in self.attributions)

    def bounds(self, direction: int, *, extrapolated: bool) -> list[int]:
        """Running sums of the attributions in bytes of the window: of none, the first, the first two … of all.

        Extrapolated, the days that were not read are taken for alike. What flow logs claim beyond what CloudWatch
        counted on their days is scaled down to it.
        """
        if self.measured is None or self.window is None:
            return [0] * (len(self.attributions) + 1)
        parts = ((one.bytes_up, one.bytes_down)[direction] for one in self.attributions)
        sums = list(accumulate(parts, initial=0))
        measured = self.measured[direction]
        claimed = max(measured, sums[-1])
        whole = self.window[direction] if extrapolated and measured else measured
        return [one * whole // claimed if claimed else 0 for one in sums]


def reconcile(evidence: Evidence, measured: dict[str, Both | None]) -> dict[str, Reconciliation]:
    """Of every NAT gateway that flow logs were read for; `measured` are CloudWatch's bytes of the window."""
    attributions: dict[str, list[Attribution]] = defaultdict(list)
    scans: dict[str, list[FlowLogScan]] = defaultdict(list)
    for scope in evidence.scopes:
        for one in scope.attributions:
            attributions[one.nat_gateway_id].append(one)
        for scan in scope.scans:
            for nat_id in scan.nat_gateway_ids:
                scans[nat_id].append(scan)
    return {
        nat_id: _reconcile(evidence, nat_id, tuple(scans[nat_id]), tuple(attributions[nat_id]), window)
        for nat_id, window in measured.items()
        if nat_id in scans or nat_id in attributions
    }


def share(part: int, whole: int) -> Decimal | None:
    """A ratio to six places; the only quotients in the audit that do not come out even."""
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.000001")) if whole else None


def _reconcile(
    evidence: Evidence,
    nat_id: str,
    scans: tuple[FlowLogScan, ...],
    attributions: tuple[Attribution, ...],
    window: Both | None,
) -> Reconciliation:
    days = {day for scan in scans for day in _days(scan)}
    if not scans or window is None:
        whole = (evidence.window.end - evidence.window.start).days
        return Reconciliation(scans, attributions, len(days) or whole, window, window)
    measured = (_sum(evidence, nat_id, UP, days), _sum(evidence, nat_id, DOWN, days))
    return Reconciliation(scans, attributions, len(days), measured, window)


def _days(scan: FlowLogScan) -> list[date]:
    return [scan.start.date() + timedelta(days=number) for number in range((scan.end - scan.start).days)]


def _sum(evidence: Evidence, nat_id: str, metric: str, days: set[date]) -> int:
    series = evidence.series.get((nat_id, metric))
    return sum(value for day, value in zip(series.days, series.values, strict=True) if day in days) if series else 0
