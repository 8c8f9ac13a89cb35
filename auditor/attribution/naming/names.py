"""Names for addresses that only AMAZON's ranges hold: by Resolver query logs and, more weakly, by DNS."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from auditor.attribution.naming.dns_answers import Answers
from auditor.attribution.naming.live_dns import Resolve, names_by_dns
from auditor.attribution.naming.query_logs import QueryLogReader
from auditor.attribution.planning import Callers
from auditor.attribution.ranges import Ranges
from auditor.attribution.task import Estimate, Task, Used, dollars
from auditor.aws.failures import AwsFailureError
from auditor.errors import UsageError
from auditor.model.attributed import Name, NamedBy
from auditor.model.money import EXACT, ZERO, total
from auditor.model.traffic import UNNAMED

NOTHING = Used(0, ZERO)

VpcsOf = Mapping[str, Collection[str]]
"""By account, the VPCs whose clients a NAT gateway may have."""


@dataclass(frozen=True, slots=True)
class Named:
    """Names by address, and what it took to find them."""

    names: Mapping[str, Name]
    used: Used = NOTHING


@dataclass
class Naming:
    """Names for what flow logs leave unnamed, within one budget for all of them.

    `here` is the region that we run in, `None` where that is not known. Without `resolve`, DNS is not asked.
    """

    ranges: Ranges
    budget: Decimal
    here: str | None
    resolve: Resolve | None = None
    _one_by_one: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _readers: dict[tuple[object, ...], QueryLogReader] = field(default_factory=dict, init=False)

    async def __call__(self, task: Task, vpcs: VpcsOf, addresses: frozenset[str], callers: Callers) -> Named:
        """Names by the query logs of the VPCs, as far as the budget goes; of what these have not seen, by DNS."""
        answers = Answers(addresses)
        async with self._one_by_one:
            used = [await self._read(task, account, vpcs[account], answers, callers) for account in sorted(vpcs)]
        logged, shared = answers.names(NamedBy.QUERY_LOG), len(answers.ambiguous)
        unseen = addresses - logged.keys() - answers.ambiguous
        by_dns, note = await self._ask_dns(unseen, callers) if unseen else ({}, "")
        told = f"addresses that stay {UNNAMED!r}, for DNS gave them out for several services: {shared:,}"
        more = (*((told,) if shared else ()), *((note,) if note else ()))
        summed = _sum(used)
        return Named({**by_dns, **logged}, replace(summed, notes=(*summed.notes, *more)))

    async def _read(
        self, task: Task, account_id: str, vpc_ids: Collection[str], answers: Answers, callers: Callers
    ) -> Used:
        try:
            reader, is_new = await self._reader(task, account_id, vpc_ids, callers)
            expected = await reader.estimate()
            if reason := _too_dear(expected, self.budget):
                used = replace(reader.listed if is_new else NOTHING, problems=(reason,))
            else:
                used = await reader.read(answers)
        except (AwsFailureError, UsageError) as failure:
            return replace(NOTHING, problems=(f"resolver query logs are not read: {failure}",))
        self.budget = EXACT.subtract(self.budget, used.usd or ZERO)
        return used

    async def _reader(
        self, task: Task, account_id: str, vpc_ids: Collection[str], callers: Callers
    ) -> tuple[QueryLogReader, bool]:
        """The reader of these VPCs' logs, and whether it has listed none yet: their objects are listed once a run."""
        calls = await callers.at(account_id, task.gateways[0].region)
        key = (account_id, calls.region, frozenset(vpc_ids), task.window)
        is_new = key not in self._readers
        if is_new:
            self._readers[key] = QueryLogReader(vpc_ids, task.window, calls, callers.own, self.here, self.budget)
        return self._readers[key], is_new

    async def _ask_dns(self, addresses: Collection[str], callers: Callers) -> tuple[Mapping[str, Name], str | None]:
        if self.resolve is None:
            return {}, None
        return await names_by_dns(addresses, self.ranges, callers.own.account_id, self.resolve)


def _sum(used: Collection[Used]) -> Used:
    amounts = [one.usd for one in used]
    known = [usd for usd in amounts if usd is not None]
    return Used(
        bytes=sum(one.bytes for one in used),
        usd=total(known) if len(known) == len(amounts) else None,
        notes=tuple(note for one in used for note in one.notes),
        problems=tuple(problem for one in used for problem in one.problems),
    )


def _too_dear(expected: Estimate, budget: Decimal) -> str | None:
    if expected.usd is None:
        return f"resolver query logs ({expected.detail}) are not read: their price is not known"
    if expected.usd > max(budget, ZERO):
        return (
            f"resolver query logs ({expected.detail}) are not read: it would cost {dollars(expected.usd)}, over the"
            f" {dollars(max(budget, ZERO))} that are left of the budget: raise --budget or shorten --window"
        )
    return None
