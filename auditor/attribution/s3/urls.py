"""`s3://` prefixes that a user named, counted within a budget."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from decimal import Decimal

from auditor.attribution.files import find_files
from auditor.attribution.paths import Question
from auditor.attribution.s3.download import Batch
from auditor.attribution.s3.reader import Listing, list_url
from auditor.attribution.tally import Tally
from auditor.attribution.task import dollars
from auditor.aws.accounts import own_account
from auditor.aws.failures import AwsFailureError
from auditor.aws.session import AuditSession
from auditor.errors import NoAccessError, UsageError
from auditor.model.money import EXACT, ZERO


async def count_urls(urls: Sequence[str], question: Question, tally: Tally) -> None:
    """Add the records below `s3://` prefixes to the tally; `UsageError` where that is over the budget."""
    async with AuditSession(question.profile) as session:
        own = await own_account(session)
        try:
            listings = [await list_url(url, own, question.here) for url in urls]
            _require_budget(listings, question.budget)
            for listing in listings:
                await _count_listing(listing, question, tally)
        except AwsFailureError as failure:
            raise NoAccessError(failure.reason) from failure


async def _count_listing(listing: Listing, question: Question, tally: Tally) -> None:
    def count(batch: Batch) -> None:
        files = find_files([str(path) for path in batch.files], question.log_format)
        files.unreadable += batch.unreadable
        tally.add_files(files)

    async with aclosing(listing.batches()) as batches:
        async for batch in batches:
            await asyncio.to_thread(count, batch)


def _require_budget(listings: Sequence[Listing], budget: Decimal) -> None:
    usd = ZERO
    for listing in listings:
        estimate = listing.estimate
        if estimate.usd is None:
            raise UsageError(f"s3://{listing.bucket.name}: AWS does not charge in USD there, so no budget can bound it")
        usd = EXACT.add(usd, estimate.usd)
    if usd > budget:
        sizes = "; ".join(listing.estimate.detail for listing in listings)
        raise UsageError(
            f"to read {sizes} would cost {dollars(usd)}, over the budget of {dollars(budget)}: raise --budget"
        )
