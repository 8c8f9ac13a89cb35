"""Flow records in S3, counted by Athena: for logs too large to be brought here."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from auditor.attribution.athena.calls import send
from auditor.attribution.athena.catalog import in_catalog
from auditor.attribution.athena.run import TIMEOUT, AthenaRun
from auditor.attribution.athena.table import FlowLogTable
from auditor.attribution.s3.keys import location_of_url
from auditor.attribution.s3.objects import BROKEN, Bucket
from auditor.attribution.tally import Tally
from auditor.attribution.task import Estimate, Task, Used
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError, failure
from auditor.aws.operations import DELETE_OBJECT, GET_OBJECT
from auditor.model.attributed import Engine
from auditor.model.money import EXACT, Item, Prices, gigabytes

_BYTES_PER_TB, _BYTES_PER_MB, _LEAST_MB = 2**40, 2**20, 10
"""A query is billed by the whole megabyte, ten at the least (Athena pricing page, read 2026-11-20)."""


@dataclass
class AthenaReader:
    """Reads one flow log of `bucket` in a workgroup, with a table in a database of AWS Glue for that time.

    `calls` are in the bucket's region, of a session that was opened for Athena.
    """

    task: Task
    bucket: Bucket
    calls: ScopeCalls
    workgroup: str
    database: str
    prices: Prices
    timeout: float = TIMEOUT
    engine: Engine = Engine.ATHENA
    _notes: list[str] = field(default_factory=list)
    _expected: Estimate | None = None

    async def estimate(self) -> Estimate:
        """All that is stored in the folders, which is the most that Athena can scan.

        The files of other flow logs too: Athena may open a file before it looks at its name.
        """
        if self._expected is None:
            self._expected = await self._estimated()
        return self._expected

    async def read(self, tally: Tally) -> Used:
        """Count on Athena, add the sums to the tally, and leave neither table nor result behind."""
        expected = await self.estimate()
        run = AthenaRun(self.calls, self.workgroup, self.database, expected.bytes, self.timeout)
        await run.require_bounds()
        try:
            await self._read(run, tally)
        except AwsFailureError as problem:
            raise AwsFailureError(problem.kind, "; ".join([problem.reason, *self._notes]), problem.refusal) from problem
        return Used(run.bytes_scanned, self._usd(run.bytes_scanned), tuple(self._notes))

    @property
    def _table(self) -> FlowLogTable:
        return FlowLogTable(self.task, self.database)

    async def _estimated(self) -> Estimate:
        prefixes = [location_of_url(folder).prefix for folder in self._table.folders]
        found = await asyncio.gather(*(self.bucket.objects(prefix) for prefix in prefixes))
        sizes = [one.size for objects in found for one in objects]
        detail = f"{len(sizes):,} objects, {gigabytes(sum(sizes)):.1f} GiB, by Athena"
        return Estimate(sum(sizes), self._usd(sum(sizes)), detail)

    async def _read(self, run: AthenaRun, tally: Tally) -> None:
        try:
            async with in_catalog(self.calls, self._table, self._notes):
                output = await run.result_of(self._table.query())
            with tempfile.TemporaryDirectory(prefix="auditor-") as folder:
                path = Path(folder) / "sums.csv"
                await self._fetch(output, path)
                await asyncio.to_thread(tally.add_sums, path)
        finally:
            for written in run.outputs:
                await self._clear(written)

    async def _fetch(self, output: str, path: Path) -> None:
        place = location_of_url(output)
        try:
            await Bucket(place.bucket, self.calls.region, [self.calls]).download(place.prefix, path)
        except BROKEN as error:
            raise failure(error, GET_OBJECT, self.calls.target.who) from error

    async def _clear(self, output: str) -> None:
        place = location_of_url(output)
        for key in (place.prefix, f"{place.prefix}.metadata"):
            try:
                await send(self.calls, DELETE_OBJECT, Bucket=place.bucket, Key=key)
            except AwsFailureError as problem:
                self._notes.append(f"{problem.reason}; the result is left: s3://{place.bucket}/{key}")

    def _usd(self, count: int) -> Decimal | None:
        tiers = self.prices.tiers(self.calls.region, Item.ATHENA_TB)
        if not tiers:
            return None
        billed = max(_LEAST_MB, -(-count // _BYTES_PER_MB)) * _BYTES_PER_MB
        return EXACT.multiply(EXACT.divide(Decimal(billed), Decimal(_BYTES_PER_TB)), tiers[0].usd)
