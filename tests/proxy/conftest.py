"""A proxy before an AWS of its own, which the tests may write to, and real clients of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.fault_proxy import FaultProxy
from tests.proxy.calls import NO_RETRIES, Clients


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 -- it takes long to import, and only here is it needed

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def running(upstream: str) -> Iterator[FaultProxy]:
    with FaultProxy(upstream) as proxy:
        yield proxy


@pytest.fixture
def proxy(running: FaultProxy) -> FaultProxy:
    running.clear()
    return running


@pytest.fixture(scope="module")
def client(running: FaultProxy) -> Iterator[Clients]:
    """Makes clients of the proxy, or of another endpoint."""
    session = boto3.Session("AKIAOWN", "secret")
    made: dict[tuple[object, ...], Any] = {}

    def make(service: str, region: str = "us-east-1", **options: Any) -> Any:  # noqa: ANN401  # boto3 has no types
        key = (service, region, *options.values())
        if key not in made:
            asked = {"endpoint_url": running.url, "config": NO_RETRIES, **options}
            made[key] = session.client(service, region, **asked)
        return made[key]

    yield make
    for each in made.values():
        each.close()
