"""Names for addresses that only AMAZON's ranges hold: by Resolver query logs and, more weakly, by DNS."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from auditor.attribution.dns_answers import Answers
from auditor.attribution.live_dns import Resolve, names_by_dns, system_dns
from auditor.attribution.planning import Callers
from auditor.attribution.query_logs import QueryLogReader
from auditor.attribution.ranges import Ranges
from auditor.attribution.task import Estimate, Task, Used
from auditor.aws.failures import AwsFailureError
from auditor.errors import UsageError
from auditor.model.attributed import Name, NamedBy
from auditor.model.money import EXACT, ZERO
from auditor.model.traffic import UNNAMED


@dataclass(frozen=True, slots=True)
class Named:
    """Names by address; addresses that DNS answered for more than one service, which have none; what it took."""

    names: Mapping[str, Name]
    ambiguous: frozenset[str]
    used: Used


@dataclass
class Naming:
    """Names for what flow logs leave unnamed, within one budget for all of them.

    `here` is the region that we run in, `None` where that is not known. Without `resolve`, DNS is not asked.
    """

    ranges: Ranges
    budget: Decimal
    here: str | None
    resolve: Resolve | None = system_dns
    usd: Decimal = ZERO
    _one_by_one: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def __call__(
        self, task: Task, addresses: frozenset[str], callers: Callers
    ) -> tuple[Mapping[str, Name], tuple[str, ...]]:
        """Names by address, and what is to be said of how they were found."""
        async with self._one_by_one:
            try:
                reader = await self.reader(task, callers)
                left = EXACT.subtract(self.budget, self.usd)
                found = await name_addresses(addresses, self.ranges, reader, left, self.resolve)
            except (AwsFailureError, UsageError) as failure:
                return {}, (f"addresses of AWS stay without a name: {failure}",)
            self.usd = EXACT.add(self.usd, found.used.usd or ZERO)
        shared = len(found.ambiguous)
        more = (f"addresses that stay {UNNAMED!r}, for DNS gave them out for several services: {shared:,}",)
        return found.names, (*found.used.notes, *(more if shared else ()))

    async def reader(self, task: Task, callers: Callers) -> QueryLogReader:
        """What reads the query logs of the NAT gateways' VPCs, and estimates what that costs."""
        first, vpc_ids = task.gateways[0], {one.vpc_id for one in task.gateways}
        calls = await callers.at(first.account_id, first.region)
        return QueryLogReader(vpc_ids, task.window, calls, callers.own, self.here)


async def name_addresses(
    addresses: Collection[str], ranges: Ranges, reader: QueryLogReader, budget: Decimal, resolve: Resolve | None
) -> Named:
    """Names by the query logs, if the budget pays for them; of what these have not seen, by DNS where it is asked."""
    logged = await names_by_query_logs(addresses, reader, budget)
    unseen = frozenset(addresses) - logged.names.keys() - logged.ambiguous
    if not (resolve and unseen):
        return logged
    names, note = await names_by_dns(unseen, ranges, reader.calls.account_id, resolve)
    used = Used(logged.used.bytes, logged.used.usd, (*logged.used.notes, *([note] if note else ())))
    return Named({**names, **logged.names}, logged.ambiguous, used)


async def names_by_query_logs(addresses: Collection[str], reader: QueryLogReader, budget: Decimal) -> Named:
    """Names by what the logs say; where they are not read, a note that says why."""
    try:
        expected = await reader.estimate()
        if reason := _too_dear(expected, budget):
            return _unread(reason)
        answers = Answers(addresses)
        used = await reader.read(answers)
    except (AwsFailureError, UsageError) as failure:
        return _unread(f"resolver query logs are not read: {failure}")
    return Named(answers.names(NamedBy.QUERY_LOG), answers.ambiguous, used)


def _unread(reason: str) -> Named:
    return Named({}, frozenset(), Used(0, ZERO, (reason,)))


def _too_dear(expected: Estimate, budget: Decimal) -> str | None:
    if expected.usd is None:
        return f"resolver query logs ({expected.detail}) are not read: their price is not known"
    if expected.usd > max(budget, ZERO):
        return (
            f"resolver query logs ({expected.detail}) are not read: it would cost ${expected.usd:.2f}, over the"
            f" ${max(budget, ZERO):.2f} that are left of the budget: raise --budget or shorten --window"
        )
    return None
