"""The prices of a run: asked once per region, live where AWS answers, from the bundled snapshot where it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial

from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError
from auditor.model.money import Price


def load_bundled() -> None:
    """Read the bundled prices and import what reads live ones, before they are wanted."""
    from auditor.collectors.prices import bundled_prices

    bundled_prices("")


class PriceReader:
    """Starts reading a region's prices as soon as the first scope wants them."""

    def __init__(self, own: ScopeCalls, partition: str, now: datetime, *, live: bool = True) -> None:
        self.calls = own.at(own.region)
        self.asked: list[ScopeCalls] = []
        self._partition, self._day, self._live = partition, now.date().isoformat(), live
        self._reading: dict[str, asyncio.Task[tuple[Price, ...]]] = {}
        self._failures: dict[str, str] = {}
        self._without_transfer: dict[str, str] = {}

    def want(self, region: str) -> None:
        """Begin to read this region's prices, once a run."""
        if region not in self._reading:
            self._reading[region] = asyncio.ensure_future(self._read(region))

    async def rows(self, regions: Iterable[str]) -> tuple[Price, ...]:
        """The prices of these regions. Who is cancelled while waiting for them cancels nobody else's prices."""
        found = []
        for region in regions:
            self.want(region)
            found.append(await asyncio.shield(self._reading[region]))
        return tuple(price for rows in found for price in rows)

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence per reason why live prices were not used."""
        if not self._live:
            return ("Prices are those of the bundled snapshot: the Price List API was not asked.",)
        said = "Prices of {} are those of the bundled snapshot, because the Price List API did not answer ({})."
        one = "The price of transfer between zones in {} is that of the bundled snapshot, or else unknown: {}."
        alone = {region: why for region, why in self._without_transfer.items() if region not in self._failures}
        return (*_by_reason(said, self._failures), *_by_reason(one, alone))

    async def _read(self, region: str) -> tuple[Price, ...]:
        from auditor.collectors.prices import bundled_prices, choose_prices, fetch_prices, price_list_region

        where = price_list_region(region, self._partition)
        if not self._live or where is None:
            return bundled_prices(region)
        calls = self.calls.at(where)
        self.asked.append(calls)
        try:
            live = await fetch_prices(calls, region, self._day, partial(self._without_transfer.__setitem__, region))
        except AwsFailureError as failure:
            self._failures[region] = failure.reason
            live = ()
        return choose_prices(live, bundled_prices(region))


def _by_reason(said: str, reasons: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each reason, with the regions that have it."""
    for reason in sorted(set(reasons.values())):
        yield said.format(", ".join(sorted(region for region, why in reasons.items() if why == reason)), reason)
