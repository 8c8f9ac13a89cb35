"""Where a flow log's objects lie in S3. Pure.

    <prefix>/AWSLogs/<account>/vpcflowlogs/<region>/YYYY/MM/DD[/HH]/
    <prefix>/AWSLogs/aws-account-id=<account>/aws-service=vpcflowlogs/aws-region=<region>/year=…/month=…/day=…[/hour=…]/

and in there `<account>_vpcflowlogs_<region>_<flow-log-id>_YYYYMMDDTHHmmZ_<hash>.log.gz` or `.log.parquet` (VPC guide,
"Flow log files", read 2026-11-20). Account and region are the flow log's own, whoever has the bucket and wherever.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from auditor.aws.failures import AwsFailureError, Kind
from auditor.errors import UsageError
from auditor.model.evidence import Window
from auditor.model.resources import FlowLog

_LATE = timedelta(hours=2)
"""Files of these hours after the window hold its last records: aggregated up to 10 minutes, delivered 10 later."""

_ARN = re.compile(r"arn:([\w-]+):s3:::([^/]+)/?(.*)")
_BUCKET = re.compile(r"[A-Za-z0-9._-]{3,255}")
_DIRECTORY_BUCKET = "--x-s3"
_NAME_END = re.compile(r"\d{8}T\d{4}Z_[^/]*\.log(\.gz|\.parquet)?")
_SUFFIXES = frozenset({".gz", ".log", ".txt", ".parquet", ""})
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 150


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a bucket; `prefix` is empty or ends with a slash, or is the key of one object."""

    bucket: str
    prefix: str
    partition: str = "aws"

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


def location(flow_log: FlowLog) -> Location:
    """The bucket of a flow log and the prefix before `AWSLogs/`; `AwsFailureError` if its destination is no bucket."""
    found = _ARN.fullmatch(flow_log.destination)
    if not found or not _is_bucket(found[2]):
        raise AwsFailureError(Kind.UNKNOWN, f"{flow_log.id}: its destination {flow_log.destination!r} is no S3 bucket")
    prefix = found[3].rstrip("/")
    return Location(found[2], prefix and f"{prefix}/", found[1])


def location_of_url(url: str) -> Location:
    """The place that an `s3://bucket/prefix` names; `UsageError` if it names none."""
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    if not url.startswith("s3://") or not _is_bucket(bucket):
        raise UsageError(f"{url}: not like s3://bucket/prefix")
    return Location(bucket, prefix)


def _is_bucket(name: str) -> bool:
    """Directory buckets take no flow logs, and reading one opens a session, which is no read."""
    return bool(_BUCKET.fullmatch(name)) and not name.endswith(_DIRECTORY_BUCKET)


def prefixes(flow_log: FlowLog, window: Window) -> list[str]:
    """What to list: how keys begin, one a day or an hour, file name up to the flow log's id included.

    So no key of another flow log, account or service is even asked for.
    """
    root = location(flow_log).prefix + _folder(flow_log)
    name = f"{flow_log.account_id}_vpcflowlogs_{flow_log.region}_{flow_log.id}_"
    if flow_log.per_hour:
        hours = int((window.end + _LATE - window.start) / timedelta(hours=1))
        times = [window.start + timedelta(hours=hour) for hour in range(hours)]
        return [f"{root}{_part(flow_log, time)}/{name}" for time in times]
    days = [window.start + timedelta(days=day) for day in range((window.end - window.start).days)]
    late = [window.end + timedelta(hours=hour) for hour in range(int(_LATE / timedelta(hours=1)))]
    return [
        *(f"{root}{_part(flow_log, day)}/{name}" for day in days),
        *(f"{root}{_part(flow_log, time)}/{name}{time:%Y%m%dT%H}" for time in late),
    ]


def _folder(flow_log: FlowLog) -> str:
    if flow_log.hive_compatible:
        return f"AWSLogs/aws-account-id={flow_log.account_id}/aws-service=vpcflowlogs/aws-region={flow_log.region}/"
    return f"AWSLogs/{flow_log.account_id}/vpcflowlogs/{flow_log.region}/"


def _part(flow_log: FlowLog, time: datetime) -> str:
    parts = ["year=%Y", "month=%m", "day=%d", "hour=%H"] if flow_log.hive_compatible else ["%Y", "%m", "%d", "%H"]
    return time.strftime("/".join(parts if flow_log.per_hour else parts[:3]))


def is_delivered(key: str, flow_log: FlowLog) -> bool:
    """Whether a key under one of the prefixes is a file that the flow log delivered, and nothing put beside it."""
    return bool(_NAME_END.fullmatch(key.rpartition("/")[2].partition(f"_{flow_log.id}_")[2]))


def is_flow_log(key: str) -> bool:
    """Whether a key may be a file of flow records, by the same rule as for files in a folder."""
    name = key.rpartition("/")[2]
    return bool(name) and PurePosixPath(name).suffix in _SUFFIXES and not name.startswith((".", "_"))


def local_names(keys: Iterable[str]) -> Iterator[str]:
    """A file name for each key: unique, of letters, digits, `.`, `_` and `-`, its end as in the key."""
    for number, key in enumerate(keys):
        yield f"{number:07}-{_UNSAFE.sub('_', key.rpartition('/')[2])[-_LONGEST_NAME:]}"
