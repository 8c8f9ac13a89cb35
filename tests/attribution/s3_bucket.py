"""Flow logs in buckets of an embedded AWS, for the tests of the S3 source."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import boto3
import duckdb
from aiobotocore.session import get_session

from auditor.attribution.ranges import load_ranges
from auditor.attribution.record_format import parse_log_format
from auditor.attribution.s3.reader import S3Reader
from auditor.attribution.tally import Counted, counting
from auditor.attribution.task import Estimate, Task, Used
from auditor.aws.accounts import Access, Accounts, own_account
from auditor.aws.calls import ScopeCalls
from auditor.aws.session import AuditSession
from auditor.model.evidence import Window
from auditor.model.resources import FlowLog, NatAddress, NatGateway
from tests.embedded import MEMBER, OWN, Served

T = TypeVar("T")

FRANKFURT, IRELAND = "eu-central-1", "eu-west-1"
FIELDS = "interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status"
LOG_FORMAT = " ".join(f"${{{name}}}" for name in FIELDS.split())
WINDOW = Window(datetime(2026, 11, 10, tzinfo=UTC), datetime(2026, 11, 12, tzinfo=UTC))
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
NAT = NatGateway(
    id="nat-1",
    account_id=MEMBER,
    region=IRELAND,
    vpc_id="vpc-1",
    subnet_id="subnet-1",
    addresses=(NatAddress("10.0.0.220", "198.51.100.9", "eni-nat"),),
)

KEYS_PER_PAGE = 3
"""Of the embedded AWS."""

RANGES = load_ranges()

_numbers = count()


def records(up: int, down: int = 0, at: datetime = NOON, *, header: bool = True) -> str:
    """An upload and a download of a client through the NAT gateway, all four legs of both."""
    client, nat, host = "10.0.1.5", "10.0.0.220", "203.0.113.5"
    legs = [(client, nat, client, host, up), (nat, host, nat, host, up)]
    legs += [(host, nat, host, nat, down), (nat, client, host, client, down)]
    second = int(at.timestamp())
    lines = [f"eni-nat {' '.join(map(str, leg))} {second} {second + 60} ACCEPT OK\n" for leg in legs]
    return "".join([f"{FIELDS}\n"] * header + lines)


@dataclass
class Store:
    """A bucket with the flow log that delivers to it."""

    aws: Served
    region: str = FRANKFURT
    account: str = OWN
    name: str = field(default_factory=lambda: f"logs-{next(_numbers)}")
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the bucket."""
        self.client = boto3.client("s3", region_name=self.region, endpoint_url=self.aws.url)
        self.client.create_bucket(Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": self.region})

    @property
    def flow_log(self) -> FlowLog:
        """A flow log of the member account in Ireland."""
        return FlowLog(
            id="fl-0a",
            account_id=MEMBER,
            region=IRELAND,
            resource_id="vpc-1",
            destination_type="s3",
            destination=f"arn:aws:s3:::{self.name}/net/",
            log_format=LOG_FORMAT,
            **self.options,
        )

    @property
    def task(self) -> Task:
        """To read it for the NAT gateway."""
        return Task(self.flow_log, parse_log_format(LOG_FORMAT), (NAT,), WINDOW)

    def put(self, key: str, content: bytes | str, storage_class: str = "STANDARD") -> str:
        """Put an object as it is, or a text as gzip; return its key."""
        body = content if isinstance(content, bytes) else gzip.compress(content.encode(), mtime=0)
        self.client.put_object(Bucket=self.name, Key=key, Body=body, StorageClass=storage_class)
        return key

    def deliver(self, content: bytes | str, at: datetime = NOON, suffix: str = "log.gz", **options: Any) -> str:
        """Put a file of the flow log where AWS would."""
        return self.put(key_of(at, self.options, suffix=suffix), content, **options)

    async def put_as_named(self, contents: dict[str, str]) -> None:
        """Put objects whose keys hold dots: boto3's own HTTP client would walk them."""
        async with get_session().create_client("s3", endpoint_url=self.aws.url) as client:
            for key, content in contents.items():
                await client.put_object(Bucket=self.name, Key=key, Body=gzip.compress(content.encode()))


def key_of(
    at: datetime,
    options: dict[str, Any] | None = None,
    *,
    flow_log: str = "fl-0a",
    account: str = MEMBER,
    suffix: str = "log.gz",
) -> str:
    """A key as the VPC guide writes it, spelled out apart from the product's."""
    options = options or {}
    if options.get("hive_compatible"):
        day, hour = f"year={at.year}/month={at.month:02}/day={at.day:02}", f"/hour={at.hour:02}"
        folder = f"aws-account-id={account}/aws-service=vpcflowlogs/aws-region={IRELAND}"
    else:
        day, hour = f"{at.year}/{at.month:02}/{at.day:02}", f"/{at.hour:02}"
        folder = f"{account}/vpcflowlogs/{IRELAND}"
    name = f"{account}_vpcflowlogs_{IRELAND}_{flow_log}_{at:%Y%m%dT%H%MZ}_{next(_numbers):08x}.{suffix}"
    return f"net/AWSLogs/{folder}/{day}{hour if options.get('per_hour') else ''}/{name}"


def parquet(content: str, folder: Path) -> bytes:
    """The records as Parquet, its columns named with underscores."""
    text, path = folder / "records.txt", folder / "records.parquet"
    text.write_text(content, "utf-8")
    kinds = dict.fromkeys(FIELDS.replace("-", "_").split(), "VARCHAR") | dict.fromkeys(
        ("bytes", "start", "end"), "BIGINT"
    )
    duckdb.sql(f"COPY (FROM read_csv('{text}', delim=' ', header=true, columns={kinds})) TO '{path}' (FORMAT parquet)")
    return path.read_bytes()


def in_session(use: Callable[[ScopeCalls, ScopeCalls], Awaitable[T]]) -> T:
    """What is made of the calls of the flow log's owner, in Ireland, and those of the caller, in Frankfurt."""

    async def used() -> T:
        async with AuditSession() as session:
            own = await own_account(session)
            member = await Accounts(own, Access("AuditorReadOnly")).reach(MEMBER)
            return await use(member.at(IRELAND), own)

    return asyncio.run(used())


def read(store: Store, here: str | None = None) -> tuple[Estimate, Used, Counted]:
    """What the reader expects, what it used, and what the tally then has."""

    async def use(calls: ScopeCalls, fallback: ScopeCalls) -> tuple[Estimate, Used, Counted]:
        reader = S3Reader(store.task, calls, fallback, here)
        estimate = await reader.estimate()
        with counting([NAT]) as tally:
            used = await reader.read(tally)
            return estimate, used, tally.result(RANGES)

    return in_session(use)


def bytes_of(counted: Counted) -> tuple[int, int]:
    """Upload and download of the NAT gateway."""
    (nat,) = counted.result.nat_gateways
    return nat.bytes_up, nat.bytes_down
