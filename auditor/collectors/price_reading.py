"""The prices of a run: asked once per region, live where AWS answers, from the bundled snapshot where it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime

from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError
from auditor.collectors.prices import bundled_prices, choose_prices, fetch_prices, price_list_region
from auditor.model.money import Price


class PriceReader:
    """Starts reading a region's prices as soon as the first scope wants them."""

    def __init__(self, own: ScopeCalls, partition: str, now: datetime, *, live: bool = True) -> None:
        self.calls = own.at(own.region)
        self.asked: list[ScopeCalls] = []
        self._partition, self._day, self._live = partition, now.date().isoformat(), live
        self._reading: dict[str, asyncio.Task[tuple[Price, ...]]] = {}
        self._failures: dict[str, str] = {}

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
        reasons = sorted(set(self._failures.values()))
        return tuple(
            f"Prices of {', '.join(sorted(r for r, why in self._failures.items() if why == reason))} are those of the"
            f" bundled snapshot, because the Price List API did not answer ({reason})."
            for reason in reasons
        )

    async def _read(self, region: str) -> tuple[Price, ...]:
        where = price_list_region(region, self._partition)
        if not self._live or where is None:
            return bundled_prices(region)
        calls = self.calls.at(where)
        self.asked.append(calls)
        try:
            live = await fetch_prices(calls, region, self._day)
        except AwsFailureError as failure:
            self._failures[region] = failure.reason
            live = ()
        return choose_prices(live, bundled_prices(region))
