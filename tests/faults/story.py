"""Runs of the demo's company under the faults of a seed, and what they break of the laws.

with Story.opened() as story:
    story.broken(17)  # [] or what is wrong
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from unittest.mock import patch

from aiobotocore.config import AioConfig

from auditor.analyzer import analyze
from auditor.aws import calls, pacing, session
from auditor.collectors.run import Selection, collect
from auditor.demo.sdk_models import decoded_once
from auditor.errors import AuditorError, NoAccessError
from auditor.model.audit import Audit, Remediation
from auditor.model.evidence import Evidence
from auditor.model.network import Network
from auditor.rules.rule import Proposal
from bench.fake_aws_pricing import get_products
from tests.embedded import Served, selection
from tests.fault_proxy_answers import Answer, Call
from tests.fault_proxy_faults import Forward
from tests.faults.dice import PACE, Dice
from tests.faults.laws import broken, wrong_figures
from tests.faults.proxy import RandomFaults

LONGEST = 60.0
"""Seconds after which a run is stopped, which breaks the law that each ends."""

ANSWERS_WITHIN = 1.0

_BREAKDOWNS = (LookupError, ValueError, TypeError, AttributeError, OSError, AuditorError, KeyboardInterrupt)


def audit_of(evidence: Evidence) -> Audit:
    """The figures; nothing to paste."""
    return analyze(evidence, _nothing_to_paste)


def _nothing_to_paste(_proposal: Proposal, _network: Network) -> Remediation:
    return Remediation("")


async def _price_list(call: Call, _: Forward) -> Answer:
    """Live prices, which moto lacks: other amounts than the bundled ones, so that a fallback shows."""
    filters = frozenset((one["Field"], one["Value"]) for one in call.params.get("Filters", ()))
    body = get_products(call.params["ServiceCode"], filters)
    return Answer(200, body, {"Content-Type": "application/x-amz-json-1.1"})


@dataclass
class Story:
    """The company, what is true of it, and how long each run took."""

    aws: Served
    proxy: RandomFaults
    seconds: list[float] = field(default_factory=list)
    gaps: int = 0
    without_access: int = 0
    met: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Read everything once without faults."""
        self.proxy._add(_price_list, "GetProducts", {})
        self.whole = {every: self._read(every=every) for every in (False, True)}
        self.audits = {every: audit_of(evidence) for every, evidence in self.whole.items()}
        assert not any(evidence.all_gaps for evidence in self.whole.values())
        self.places = sorted({(call.account, call.region, call.operation) for call in self.proxy.calls})

    @classmethod
    @contextmanager
    def opened(cls, aws: Served) -> Iterator[Story]:
        """Before an embedded AWS with the demo's company; `broken(17)` is then what is wrong with seed 17."""
        with RandomFaults(aws.url) as proxy, patch.dict("os.environ", aws.environment_of(proxy.url)), decoded_once():
            yield cls(aws, proxy)

    def broken(self, seed: int) -> list[str]:
        """What a run under the faults of the seed breaks."""
        dice = Dice(seed, self.places)
        self.proxy.dice, self.proxy.page_size = dice, dice.page_size
        self.proxy.calls.clear()
        begun = time.monotonic()
        try:
            with _hasty():
                seen = self._read(every=dice.all_regions)
        except NoAccessError as error:
            self.without_access += 1
            return [] if dice.met else [f"no access: {error}"]
        except _BREAKDOWNS as error:
            return [f"the run broke down: {error!r}"]
        finally:
            self.seconds.append(time.monotonic() - begun)
            self.proxy.drain()
            self.proxy.dice, self.proxy.page_size = None, None
        self._count(dice, seen)
        found = list(broken(seen, self.whole[dice.all_regions]))
        return [*found, *wrong_figures(audit_of(seen), self.audits[dice.all_regions], seen)]

    def _count(self, dice: Dice, seen: Evidence) -> None:
        self.gaps += len(seen.all_gaps)
        for kind, times in dice.met.items():
            self.met[kind] = self.met.get(kind, 0) + times

    def _read(self, *, every: bool) -> Evidence:
        """All regions, or those of the company by name."""
        wanted = selection(self.aws.company)
        return asyncio.run(_bounded(replace(wanted, regions=()) if every else wanted))


async def _bounded(wanted: Selection) -> Evidence:
    """The evidence; a run that takes too long is cancelled, and then has gaps that say so."""
    run = asyncio.ensure_future(collect(wanted))
    asyncio.get_running_loop().call_later(LONGEST, run.cancel)
    return await run


@contextmanager
def _hasty() -> Iterator[None]:
    """The product with short pauses, and with AWS's buckets that refill ten times as fast for both."""
    config = session._CONFIG.merge(AioConfig(connect_timeout=ANSWERS_WITHIN, read_timeout=ANSWERS_WITHIN))
    with (
        patch.object(session, "_CONFIG", config),
        patch.object(session, "_FIRST_PAUSE", 0.01),
        patch.object(calls, "_MOST_PAGES", 60),
        patch.object(calls, "_EMPTY_PAGES", 6),
        patch.object(pacing, "PAGED", pacing.Limit(100, 20 * PACE)),
        patch.object(pacing, "UNPAGED", pacing.Limit(50, 10 * PACE)),
        patch.object(pacing, "METRIC_DATA", pacing.Limit(50, 50 * PACE)),
        patch.object(pacing, "_ONE_EPISODE", 1.0 / PACE),
        patch.object(pacing, "_RECOVERY_SECONDS", 60.0 / PACE),
    ):
        yield
