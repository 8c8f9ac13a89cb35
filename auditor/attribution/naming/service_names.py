"""DNS name -> endpoint service: `api.ecr.eu-central-1.amazonaws.com` is `ecr.api` in eu-central-1.

The labels before the region, turned round, are the service's short name; `auditor/data/service-names.json` has the
short names, and the DNS labels that break the rule. S3 and DynamoDB are left out: their address ranges decide.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from auditor.model.traffic import Destination

_SUFFIXES = (  # botocore's partitions.json, read 2026-11-20; on.aws: Amazon ECR user guide
    *("amazonaws.com", "api.aws", "on.aws"),
    *("amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    *("amazonaws.eu", "api.amazonwebservices.eu"),
)
_HOME = {"amazonaws.com": "us-east-1", "amazonaws.com.cn": "cn-north-1"}
"""The region of the oldest names, which have none: sts.amazonaws.com."""

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}", re.ASCII)
_REGION_FIRST = frozenset({"queue", "elasticmapreduce"})
"""eu-west-1.queue.amazonaws.com; elsewhere what stands before a region there is a customer's resource."""

_NUMBERED = re.compile(r"(ecs-[at])-\d+|(s3express)-(?:control|[a-z0-9]+-az\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Names:
    """`dns`: labels before the region -> service; `below`: the same with one label of a customer's before them."""

    dns: Mapping[str, str]
    below: Mapping[str, str]
    services: frozenset[str]
    likely: tuple[str, ...]


@cache
def _names() -> _Names:
    document = json.loads((Path(__file__).parents[2] / "data/service-names.json").read_text("utf-8"))
    dns = {_turned(service): service for service in document["services"]}
    return _Names(dns | document["dns"], document["below"], frozenset(document["services"]), tuple(document["likely"]))


def _turned(name: str) -> str:
    return ".".join(reversed(name.split(".")))


@lru_cache(maxsize=65536)
def service_of(name: str) -> Destination | None:
    """The endpoint service and region behind a DNS name, of any partition; `None` for every other name."""
    text = name.lower().rstrip(".")
    suffix = next((one for one in _SUFFIXES if text.endswith(f".{one}")), None)
    if suffix is None:
        return None
    labels = text.removesuffix(f".{suffix}").split(".")
    if _REGION.fullmatch(labels[-1]):
        region: str | None = labels.pop()
    elif labels[-1] in _REGION_FIRST and _REGION.fullmatch(labels[0]):
        region = labels.pop(0)
    else:
        region = _HOME.get(suffix)
    service = _service(labels) if region else None
    return Destination(service, region) if service else None


def _service(labels: list[str]) -> str | None:
    plain = [_NUMBERED.sub(r"\1\2", label) for label in labels]
    without_fips = [label.removesuffix("-fips") for label in plain if label != "fips"]
    return _exactly(plain) or _exactly(without_fips)


def _exactly(labels: list[str]) -> str | None:
    names = _names()
    return names.dns.get(".".join(labels)) or names.below.get(".".join(labels[1:]))


def known_services() -> frozenset[str]:
    """Short names of the services that offer interface endpoints in some region."""
    return _names().services | {"s3", "dynamodb"}


def likely_names(region: str, account_id: str) -> tuple[str, ...]:
    """DNS names of the services that clients in a region call most."""
    suffix = {"cn": "amazonaws.com.cn", "eusc": "amazonaws.eu"}.get(region.partition("-")[0], "amazonaws.com")
    return tuple(f"{labels.format(account=account_id)}.{region}.{suffix}" for labels in _names().likely)
