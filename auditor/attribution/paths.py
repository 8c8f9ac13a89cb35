"""`auditor attribute`: files, folders and `s3://` prefixes counted as one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from auditor.attribution.files import find_files
from auditor.attribution.ranges import Ranges
from auditor.attribution.record_format import RecordFormat
from auditor.attribution.tally import Counted, counting
from auditor.model.resources import NatGateway


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the records below the paths.

    `log_format` is for files without header line, `here` the AWS region that we run in, `None` where not known;
    `budget` is USD that reading from S3 may cost.
    """

    gateways: tuple[NatGateway, ...]
    ranges: Ranges
    log_format: RecordFormat | None
    budget: Decimal
    here: str | None
    profile: str | None


async def count_paths(paths: Sequence[str], question: Question) -> Counted:
    """What the records below all paths amount to; `UsageError` for a path that holds none, or is over the budget."""
    urls = [path for path in dict.fromkeys(paths) if path.startswith("s3://")]
    local = [path for path in dict.fromkeys(paths) if path not in urls]
    with counting(question.gateways) as tally:
        if local:
            files = find_files(local, question.log_format)
            await asyncio.to_thread(tally.add_files, files)
        if urls:
            from auditor.attribution.s3.urls import count_urls  # noqa: PLC0415 -- a client of AWS

            await count_urls(urls, question, tally)
        return await asyncio.to_thread(tally.result, question.ranges)
