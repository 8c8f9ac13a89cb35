"""Resolver query logs of some networks: which address each name had when a client asked for it."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from hashlib import sha1
from typing import TYPE_CHECKING

from auditor.demo import moto_storage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.demo.conversations import Conversation
    from auditor.demo.scope import Client, Scope

NETWORKS = ("shop-prod", "fulfilment", "archive")
BUCKET = "nordlicht-dns-logs"


def build(scope: Scope, resolver: Client, network: str, talks: Sequence[Conversation]) -> None:
    """Turn on the query logs of the network and write one file a day of what its clients asked."""
    vpc, shared = scope.company.vpcs[network], next(iter(scope.company.query_logs.values()), None)
    config = shared or _create(resolver)
    resolver.associate_resolver_query_log_config(ResolverQueryLogConfigId=config, ResourceId=vpc)
    scope.company.query_logs[network] = config
    days: dict[str, list[Conversation]] = defaultdict(list)
    for talk in talks:
        if talk.remote.host:
            days[f"{talk.start:%Y/%m/%d}"].append(talk)
    for day, asked in days.items():
        lines = "".join(json.dumps(_answer(scope, vpc, talk)) + "\n" for talk in asked)
        name = f"vpcdnsquerylogs_{vpc}_{scope.account_id}_{day.replace('/', '')}T0000Z"
        mark = sha1(name.encode(), usedforsecurity=False).hexdigest()[:8]
        key = f"AWSLogs/{scope.account_id}/vpcdnsquerylogs/{vpc}/{day}/{name}_{mark}.log.gz"
        written = max(talk.delivered for talk in asked)
        moto_storage.store(scope.account_id, BUCKET, key, gzip.compress(lines.encode(), 1, mtime=0), written)


def _create(resolver: Client) -> str:
    created = resolver.create_resolver_query_log_config(
        Name="shop", DestinationArn=f"arn:aws:s3:::{BUCKET}", CreatorRequestId="shop"
    )
    config: str = created["ResolverQueryLogConfig"]["Id"]
    return config


def _answer(scope: Scope, vpc: str, talk: Conversation) -> dict[str, object]:
    """One line (Route 53 guide, "Values that appear in VPC Resolver query logs", 2026-11-20)."""
    return {
        "version": "1.100000",
        "account_id": scope.account_id,
        "region": scope.region,
        "vpc_id": vpc,
        "query_timestamp": f"{talk.start:%Y-%m-%dT%H:%M:%SZ}",
        "query_name": f"{talk.remote.host}.",
        "query_type": "A",
        "query_class": "IN",
        "rcode": "NOERROR",
        "answers": [{"Rdata": talk.address, "Type": "A", "Class": "IN"}],
        "srcaddr": talk.client.address,
        "srcport": str(50_000 + talk.number),
        "transport": "UDP",
        "srcids": {},
    }
