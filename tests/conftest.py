"""What tests of several folders share: embedded AWSs, which take seconds to start, and the proxy before them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from auditor.aws import session
from tests.embedded import PRICE_LIST, Served, served
from tests.fault_proxy import FaultProxy

# A machine under load is no fault of the code. Where CI is set, the same examples are tried each time.
settings.register_profile(
    "laws",
    deadline=None,
    max_examples=50,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("laws")


@pytest.fixture(autouse=True)
def hasty_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are tried again as often as ever, after a hundredth of the pause."""
    monkeypatch.setattr(session, "_FIRST_PAUSE", 0.01)


@pytest.fixture(scope="session")
def seeded() -> Iterator[Served]:
    """The demo's company. Tests only read it."""
    with served("seeded") as aws:
        yield aws


@pytest.fixture(scope="session")
def fault_proxy(seeded: Served) -> Iterator[FaultProxy]:
    """The one proxy before the company; a test takes `proxy`."""
    with FaultProxy(seeded.url) as proxy:
        yield proxy


@pytest.fixture
def proxy(fault_proxy: FaultProxy) -> FaultProxy:
    """The proxy before the company, without faults, with a Price List API."""
    fault_proxy.clear()
    fault_proxy.replace("GetProducts", PRICE_LIST)
    return fault_proxy


@pytest.fixture
def aws(seeded: Served, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> Served:
    """The company, to which the environment of this process leads, over the proxy."""
    for name, value in seeded.environment_of(proxy.url).items():
        monkeypatch.setenv(name, value)
    return seeded
