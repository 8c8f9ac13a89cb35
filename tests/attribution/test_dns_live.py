"""What DNS answers during the run names addresses weakly, takes seconds at the most, and fails without harm."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Collection
from typing import Any

import pytest

from auditor.attribution.naming.live_dns import Resolve, names_by_dns, system_dns
from auditor.attribution.ranges import Ranges, load_ranges
from auditor.model.attributed import Name, NamedBy

ACCOUNT = "123456789012"
ROWS = [("52.94.0.0/16", "AMAZON", "eu-central-1"), ("52.95.0.0/16", "AMAZON", "us-west-2")]
ROWS += [("52.96.0.0/16", "AMAZON", "GLOBAL")]


@pytest.fixture(scope="module")
def ranges(tmp_path_factory: pytest.TempPathFactory) -> Ranges:
    prefixes = [{"ip_prefix": p, "service": s, "region": r} for p, s, r in ROWS]
    path = tmp_path_factory.mktemp("ranges") / "ip-ranges.json"
    path.write_text(json.dumps({"createDate": "x", "prefixes": prefixes, "ipv6_prefixes": []}))
    return load_ranges(path)


class Dns:
    """Answers by turns, like a service with more addresses than an answer holds; `OSError` for other names."""

    def __init__(self, **zone: list[list[str]]) -> None:
        self._zone = {name.replace("_", "."): turns for name, turns in zone.items()}
        self.asked = Counter[str]()

    async def __call__(self, name: str) -> Collection[str]:
        self.asked[name] += 1
        service, _, _ = name.partition(".amazonaws.com")
        turns = self._zone.get(service)
        if turns is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return turns[min(self.asked[name], len(turns)) - 1]


def asked(addresses: list[str], ranges: Ranges, dns: Resolve, **options: float) -> tuple[dict[str, Name], str | None]:
    return asyncio.run(names_by_dns(addresses, ranges, ACCOUNT, dns, **options))


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.attribution.naming.live_dns._PAUSE", 0)


def test_addresses_that_dns_gives_out_get_names_of_the_weak_kind(ranges: Ranges) -> None:
    """In several turns, for each region that has addresses; the rest, and what two services share, stays unnamed."""
    dns = Dns(
        **{
            "kms.eu-central-1": [["52.94.0.1", "52.94.9.9"], ["52.94.0.2"]],
            "sts.eu-central-1": [["52.94.0.3", "52.94.0.4"]],
            "logs.eu-central-1": [["52.94.0.4"]],
            "sqs.us-west-2": [["52.95.0.1"]],
            f"{ACCOUNT}.dkr.ecr.eu-central-1": [["52.94.0.6"]],
        }
    )
    addresses = ["52.94.0.1", "52.94.0.2", "52.94.0.3", "52.94.0.4", "52.94.0.5", "52.94.0.6", "52.95.0.1"]
    names, note = asked(addresses, ranges, dns)
    assert note is None
    assert names == {
        "52.94.0.1": Name("kms", "eu-central-1", NamedBy.DNS),
        "52.94.0.2": Name("kms", "eu-central-1", NamedBy.DNS),
        "52.94.0.3": Name("sts", "eu-central-1", NamedBy.DNS),
        "52.94.0.6": Name("ecr.dkr", "eu-central-1", NamedBy.DNS),
        "52.95.0.1": Name("sqs", "us-west-2", NamedBy.DNS),
    }


def test_only_regions_that_have_addresses_are_asked_about(ranges: Ranges) -> None:
    dns = Dns()
    asked(["52.94.0.1"], ranges, dns)
    assert {".eu-central-1." in name for name in dns.asked} == {True}
    dns = Dns()
    assert asked(["52.96.0.1"], ranges, dns) == ({}, None)
    assert not dns.asked


def test_where_dns_answers_nothing_there_is_a_note(ranges: Ranges) -> None:
    dns = Dns()
    names, note = asked(["52.94.0.1"], ranges, dns)
    assert names == {}
    assert note == f"DNS answered none of {len(dns.asked)} names of AWS services"


def test_slow_dns_ends_in_time_and_what_it_answered_counts(ranges: Ranges) -> None:
    at_once = most_at_once = 0

    async def slow(name: str) -> Collection[str]:
        nonlocal at_once, most_at_once
        at_once += 1
        most_at_once = max(at_once, most_at_once)
        try:
            if not name.startswith("kms."):
                await asyncio.sleep(60)
        finally:
            at_once -= 1
        return ["52.94.0.1"]

    started = time.monotonic()
    names, note = asked(["52.94.0.1"], ranges, slow, seconds=0.2)
    assert time.monotonic() - started < 2
    assert (names, note) == ({"52.94.0.1": Name("kms", "eu-central-1", NamedBy.DNS)}, None)
    assert most_at_once <= 32


def test_the_machines_own_resolver_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each address once; a name that it does not know has none."""

    def getaddrinfo(name: str, port: int, **_: Any) -> list[Any]:
        if name == "unknown":
            raise socket.gaierror(socket.EAI_NONAME, "no")
        return [(socket.AF_INET, 1, 6, "", ("52.94.0.1", port)), (socket.AF_INET6, 1, 6, "", ("::1", port, 0, 0))] * 2

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert asyncio.run(system_dns("known")) == {"52.94.0.1", "::1"}
    assert asyncio.run(system_dns("unknown")) == set()


def test_a_resolver_that_hangs_holds_nothing_up(monkeypatch: pytest.MonkeyPatch, ranges: Ranges) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(30) and [])
    started = time.monotonic()
    names, note = asked(["52.94.0.1"], ranges, system_dns, seconds=0.2)
    assert time.monotonic() - started < 2
    assert (names, note is None) == ({}, False)
    released.set()
