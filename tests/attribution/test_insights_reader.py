"""Flow records behind Logs Insights: the same totals as a slow oracle's, all or nothing, within the budget."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiobotocore.credentials import AioCredentials
from botocore.model import ListShape, Shape, StructureShape
from botocore.session import get_session

from auditor.attribution.insights import run as insights_run
from auditor.attribution.insights.query import Span, query_text
from auditor.attribution.insights.reader import InsightsReader
from auditor.attribution.insights.run import run_query
from auditor.attribution.ranges import load_ranges
from auditor.attribution.record_format import DEFAULT, RecordFormat
from auditor.attribution.tally import counting
from auditor.attribution.task import Estimate, Task, Used
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.session import AuditSession, Target
from auditor.collectors.described import load_nat_gateways
from auditor.collectors.prices import bundled_prices
from auditor.model.attributed import Attributed
from auditor.model.evidence import Window
from auditor.model.money import EXACT, Prices, gigabytes
from auditor.model.resources import FlowLog, NatGateway
from tests.attribution import oracle
from tests.attribution.insights_stub import InsightsStub
from tests.attribution.logs import START, V2, Network, Row, text, write
from tests.attribution.test_oracle import SEEDS, SHAPES, agree, format_of

T = TypeVar("T")
OWN, REGION, GROUP = "123456789012", "eu-west-1", "/vpc/flow-logs"
DAY = 86_400
FIRST = START // DAY * DAY
WINDOW = Window(datetime.fromtimestamp(FIRST, UTC), datetime.fromtimestamp(FIRST, UTC) + timedelta(days=3))
PRICES = Prices(bundled_prices(REGION))
METRIC_USD = Decimal("0.00001")
RANGES = load_ranges()


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insights_run, "FIRST_POLL", 0.001)
    monkeypatch.setattr(insights_run, "LONGEST_POLL", 0.01)
    monkeypatch.setattr(insights_run, "THROTTLE_PAUSES", (0.001, 0.001))


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[InsightsStub]:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with InsightsStub({GROUP: []}) as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", running.url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", running.url)
        yield running


def in_scope(use: Callable[[ScopeCalls], Awaitable[T]]) -> T:
    async def used() -> T:
        async with AuditSession() as session:
            return await use(ScopeCalls(session, Target(OWN, REGION, AioCredentials("AKIAEXAMPLE", "secret"))))

    return asyncio.run(used())


def task(gateways: Sequence[NatGateway], form: RecordFormat | None = None, destination: str = GROUP) -> Task:
    flow_log = FlowLog("fl-1", OWN, REGION, "vpc-1", "cloud-watch-logs", destination)
    return Task(flow_log, form or RecordFormat(tuple(MANY)), tuple(gateways), WINDOW)


def estimate(asked: Task, prices: Prices = PRICES) -> Estimate:
    return in_scope(lambda calls: InsightsReader(asked, calls, prices, Decimal(1)).estimate())


def read(asked: Task, budget: str = "1") -> tuple[Attributed, Used]:
    async def reading(calls: ScopeCalls) -> Used:
        reader = InsightsReader(asked, calls, PRICES, Decimal(budget))
        await reader.estimate()
        return await reader.read(tally)

    with counting(asked.gateways) as tally:
        used = in_scope(reading)
        return tally.result(RANGES).result, used


def events(rows: Sequence[Row], fields: Sequence[str]) -> list[tuple[int, str]]:
    """As CloudWatch Logs has records: without header, the start as the event's time."""
    lines = text(list(rows), list(fields), header=False).splitlines()
    return [(int(row["start"]) * 1000, line) for row, line in zip(rows, lines, strict=True)]


def gateways_of(network: Network, folder: Path) -> tuple[NatGateway, ...]:
    return load_nat_gateways(write(folder / "described.json", network.described()), REGION)


def is_of_nat(row: Row, network: Network, fields: Sequence[str]) -> bool:
    """Only records that AWS writes for NAT gateways: their bytes are numbers, or they carried nothing."""
    interface = row.get("interface-id", "-")
    resource = row.get("resource-id", "-") if "resource-id" in fields else "-"
    known = any(interface in nat.interfaces or (interface == "-" and resource == nat.id) for nat in network.nats)
    return known and (row["log-status"] != "OK" or row["bytes"].isdigit())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", SEEDS[:2])
def test_every_format_gives_the_oracles_totals(stub: InsightsStub, seed: int, shape: str, tmp_path: Path) -> None:
    """Clients' own rows beside them, several NAT gateways and addresses, NAT64, a regional one, odd rows."""
    chance = random.Random(f"{shape} {seed}")
    network = Network(chance)
    fields = format_of(chance, shape)
    records = [row for row in network.records(60) if row.get("bytes", "0").isdigit() or row["log-status"] != "OK"]
    stub.groups[GROUP] = events(records, fields)
    of_nats = [row for row in records if is_of_nat(row, network, fields)]
    want = oracle.count([write(tmp_path / "all.log", text(of_nats, fields))], network.nats, None)
    seen, used = read(task(gateways_of(network, tmp_path), RecordFormat(tuple(fields))))
    assert want.counts["records"] > 100
    agree(seen, want)
    assert used.bytes == stub.scanned


MANY = [*V2.split(), "pkt-srcaddr", "pkt-dstaddr"]


def many(count: int, seconds: int) -> tuple[Network, list[Row]]:
    """Uploads of as many clients as there are rows, through one NAT gateway."""
    chance = random.Random(count)
    network = Network(chance)
    nat = network.nats[0]
    hosts = [network.host() for _ in range(20)]
    same = {"interface-id": next(iter(nat.interfaces)), "dstaddr": min(nat.addresses)}
    same |= {"action": "ACCEPT", "log-status": "OK", "version": "2", "account-id": OWN}
    rows = []
    for number in range(count):
        client = f"10.{100 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
        moment = {"start": str(FIRST + chance.randrange(seconds)), "end": str(FIRST + seconds)}
        ends = {"srcaddr": client, "pkt-srcaddr": client, "pkt-dstaddr": chance.choice(hosts)}
        rows.append(same | moment | ends | {"bytes": str(2**20 + number)})
    return network, rows


@pytest.fixture
def thousand(stub: InsightsStub, monkeypatch: pytest.MonkeyPatch) -> InsightsStub:
    """A tenth of AWS's limits, to be reached ten times as fast."""
    monkeypatch.setattr(insights_run, "ROWS_A_PAGE", 1_000)
    stub.page = stub.most_rows = 1_000
    return stub


def test_a_limit_on_rows_loses_none(thousand: InsightsStub, tmp_path: Path) -> None:
    """2,400 pairs in two hours where AWS answers 1,000 a query: what was cut off is asked again, and paid for."""
    network, records = many(2_400, 7_200)
    thousand.groups[GROUP] = events(records, MANY)
    seen, used = read(task(gateways_of(network, tmp_path)))
    agree(seen, oracle.count([write(tmp_path / "all.log", text(records, MANY))], network.nats, None))
    full = [query for query in thousand.queries.values() if len(query.results) == thousand.most_rows]
    assert full
    assert used.bytes == thousand.scanned > sum(len(line) for _, line in thousand.groups[GROUP])


def test_an_answer_of_several_pages_is_read_whole_and_once(stub: InsightsStub, tmp_path: Path) -> None:
    network, records = many(21_000, 3_600)
    stub.groups[GROUP] = events(records, MANY)
    seen, _ = read(task(gateways_of(network, tmp_path)))
    agree(seen, oracle.count([write(tmp_path / "all.log", text(records, MANY))], network.nats, None))
    assert max(len(query.results) for query in stub.queries.values()) == 21_000
    assert sum(last - first for first, last in stub.spans) == 3 * DAY


def test_a_minute_with_too_many_rows_is_a_failure_and_no_loss(thousand: InsightsStub, tmp_path: Path) -> None:
    network, records = many(1_050, 50)
    thousand.groups[GROUP] = events(records, MANY)
    with pytest.raises(AwsFailureError, match=r"a minute of records has more than the 1,000 pairs .* write to S3"):
        read(task(gateways_of(network, tmp_path)))


def test_records_at_the_borders_of_parts_are_counted_once(stub: InsightsStub, tmp_path: Path) -> None:
    """At each whole hour, a second and a millisecond before it, and at the window's own ends."""
    network, (row, *_) = many(1, 1)
    line = events([row | {"bytes": "1"}], MANY)[0][1]
    hours = [(FIRST + hour * 3_600) * 1000 for hour in range(73)]
    stub.groups[GROUP] = [(moment + step, line) for moment in hours for step in (-1000, -1, 0)]
    seen, _ = read(task(gateways_of(network, tmp_path)))
    assert len(stub.spans) > 4
    assert seen.nat_gateways[0].bytes_up == seen.records == 72 * 3


def test_longer_records_of_another_format_in_the_same_group_are_not_counted(stub: InsightsStub, tmp_path: Path) -> None:
    network, records = many(50, 3_600)
    longer = [*MANY, "vpc-id"]
    stub.groups[GROUP] = events(records, MANY) + events(records, longer)
    seen, _ = read(task(gateways_of(network, tmp_path)))
    assert seen.records == 50


def test_the_estimate_is_what_the_group_took_in(stub: InsightsStub, tmp_path: Path) -> None:
    network, records = many(1_000, DAY)
    stub.groups[GROUP] = [*events(records, MANY), ((FIRST - 1) * 1000, "too early")]
    size = sum(len(line) for _, line in stub.groups[GROUP][:-1])
    found = estimate(task(gateways_of(network, tmp_path)))
    usd = EXACT.add(EXACT.multiply(gigabytes(size), Decimal("0.0057")), METRIC_USD)
    assert found == Estimate(size, usd, f"the {size:,} bytes that log group {GROUP} took in")
    assert [name for name, _ in stub.calls] == ["DescribeLogGroups", "GetMetricData"]


@pytest.mark.parametrize("why", ["no points", "denied"])
def test_without_the_metric_the_estimate_is_all_that_is_stored(stub: InsightsStub, tmp_path: Path, why: str) -> None:
    network, records = many(10, DAY)
    stub.groups |= {GROUP: [(0, "x" * 500)], f"{GROUP}-other": events(records, MANY)}
    stub.has_metric = False
    if why == "denied":
        stub.refuse["GetMetricData"] = ["AccessDenied"]
    found = estimate(task(gateways_of(network, tmp_path)))
    assert (found.bytes, found.detail) == (500, f"at most the 500 bytes that log group {GROUP} stores")


def test_an_unknown_price_is_no_price(stub: InsightsStub, tmp_path: Path) -> None:
    network, records = many(10, DAY)
    stub.groups[GROUP] = events(records, MANY)
    assert estimate(task(gateways_of(network, tmp_path)), Prices()).usd is None


def test_reading_stops_before_asking_again_exceeds_the_budget(thousand: InsightsStub, tmp_path: Path) -> None:
    """A budget for what the group holds and a tenth more does not pay for an hour asked again and again."""
    network, records = many(2_400, 3_600)
    thousand.groups[GROUP] = events(records, MANY)
    size = sum(len(line) for _, line in thousand.groups[GROUP])
    gb = Decimal(size) / 2**30 * Decimal("0.0057")
    with pytest.raises(AwsFailureError, match=r"stopped before .* raise --budget"):
        read(task(gateways_of(network, tmp_path)), str(gb * Decimal("1.1") + METRIC_USD))
    assert thousand.scanned <= size * Decimal("1.1")
    read(task(gateways_of(network, tmp_path)), str(gb * 5 + METRIC_USD))


def test_a_log_group_that_is_gone_is_a_failure_with_a_next_step(stub: InsightsStub, tmp_path: Path) -> None:
    network, _ = many(1, 1)
    stub.groups = {f"{GROUP}-longer": []}
    with pytest.raises(AwsFailureError, match=f"log group {GROUP} of fl-1 is gone: delete the flow log"):
        estimate(task(gateways_of(network, tmp_path)))


@pytest.mark.parametrize(
    ("code", "said"),
    [("ResourceNotFoundException", "it is gone"), ("MalformedQueryException", "report it with the flow log's format")],
)
def test_a_query_that_is_refused_is_a_failure_with_a_next_step(
    stub: InsightsStub, tmp_path: Path, code: str, said: str
) -> None:
    network, _ = many(1, 1)
    stub.refuse["StartQuery"] = [code] * 4
    with pytest.raises(AwsFailureError, match=f"logs:StartQuery: {code}: log group {GROUP}: .*{said}"):
        read(task(gateways_of(network, tmp_path)))


@pytest.mark.parametrize("status", ["Failed", "Cancelled", "Timeout", "Unknown"])
def test_a_query_that_ends_otherwise_is_a_failure(stub: InsightsStub, tmp_path: Path, status: str) -> None:
    network, _ = many(1, 1)
    stub.ends_as = status
    with pytest.raises(AwsFailureError, match=f"logs:GetQueryResults: {status}: log group {GROUP}: "):
        read(task(gateways_of(network, tmp_path)))


def test_a_query_that_never_ends_is_stopped(
    stub: InsightsStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So are those beside it."""
    network, _ = many(1, 1)
    stub.ends_as = "Running"
    monkeypatch.setattr(insights_run, "PATIENCE", 0.05)
    with pytest.raises(AwsFailureError, match="Timeout"):
        read(task(gateways_of(network, tmp_path)))
    assert len(stub.queries) == 4
    assert all(query.stopped for query in stub.queries.values())


def test_a_query_that_is_cancelled_is_stopped(stub: InsightsStub, tmp_path: Path) -> None:
    network, _ = many(1, 1)
    gateways = gateways_of(network, tmp_path)
    stub.ends_as = "Running"

    async def cancelled(calls: ScopeCalls) -> None:
        query = query_text(DEFAULT, gateways, Span(0, 1))
        running = asyncio.ensure_future(run_query(calls, GROUP, Span(0, 1), query))
        await asyncio.to_thread(stub.polled.wait, 10)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    in_scope(cancelled)
    assert [query.stopped for query in stub.queries.values()] == [True]


def test_throttles_are_waited_out(stub: InsightsStub, tmp_path: Path) -> None:
    """The limit on concurrent queries, beyond the SDK's own retries."""
    network, records = many(20, DAY)
    stub.groups[GROUP] = events(records, MANY)
    stub.refuse = {"StartQuery": ["LimitExceededException"] * 20, "GetQueryResults": ["ThrottlingException"] * 3}
    seen, _ = read(task(gateways_of(network, tmp_path)))
    assert seen.records == 20


def test_throttles_without_end_are_a_failure(stub: InsightsStub, tmp_path: Path) -> None:
    network, _ = many(1, 1)
    stub.refuse = {"StartQuery": ["LimitExceededException"] * 1000}
    with pytest.raises(AwsFailureError, match="run again at a quieter time") as raised:
        read(task(gateways_of(network, tmp_path)))
    assert raised.value.kind is Kind.THROTTLED


def test_a_log_group_is_named_by_its_name_or_its_arn(stub: InsightsStub, tmp_path: Path) -> None:
    network, _ = many(1, 1)
    gateways = gateways_of(network, tmp_path)
    for destination in (
        f"arn:aws:logs:{REGION}:{OWN}:log-group:{GROUP}",
        f"arn:aws:logs:{REGION}:{OWN}:log-group:{GROUP}:*",
    ):
        assert estimate(task(gateways, destination=destination)).bytes == 0
    assert {asked["logGroupNamePrefix"] for name, asked in stub.calls if name == "DescribeLogGroups"} == {GROUP}
    with pytest.raises(AwsFailureError, match="is of another account: audit account 999999999999 too"):
        estimate(task(gateways, destination=f"arn:aws:logs:{REGION}:999999999999:log-group:{GROUP}"))


def test_the_stub_answers_in_awss_shapes(stub: InsightsStub, tmp_path: Path) -> None:
    """Botocore's model of each answer knows every member, with its type."""
    network, records = many(12_000, DAY)
    stub.groups[GROUP] = events(records, MANY)
    read(task(gateways_of(network, tmp_path)))
    stub.ends_as = "Running"
    stub.answers.append(("StopQuery", stub.respond("StopQuery", {"queryId": next(iter(stub.queries))})[1]))
    model = {name: get_session().get_service_model(name) for name in ("logs", "cloudwatch")}
    names = {name for name, _ in stub.answers}
    assert names == {"DescribeLogGroups", "GetMetricData", "StartQuery", "GetQueryResults", "StopQuery"}
    for name, found in stub.answers:
        service = "cloudwatch" if name == "GetMetricData" else "logs"
        is_of_shape(found, model[service].operation_model(name).output_shape, name)


def is_of_shape(value: Any, shape: Shape | None, where: str) -> None:  # noqa: ANN401 -- whatever JSON holds
    kinds: dict[str, type | tuple[type, ...]] = {
        "string": str,
        "long": int,
        "integer": int,
        "double": float,
        "boolean": bool,
        "timestamp": (int, float),
    }
    if isinstance(shape, StructureShape):
        assert set(value) <= set(shape.members), where
        for name, member in value.items():
            is_of_shape(member, shape.members[name], f"{where}.{name}")
    elif isinstance(shape, ListShape):
        for member in value:
            is_of_shape(member, shape.member, where)
    else:
        assert shape
        assert isinstance(value, kinds[shape.type_name]), f"{where}: {value!r}"
