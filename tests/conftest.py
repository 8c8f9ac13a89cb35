"""What tests of several folders share: embedded AWSs, which take seconds to start, and the proxy before them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import recorded_calls
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


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 -- xdist publishes no types
    """A worker has ended: what it called counts here."""
    recorded_calls.CALLS.update(getattr(node, "workeroutput", {}).get("calls", ()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a worker: hand the calls over. In the one that counts: fail where they and the policy differ."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["calls"] = sorted(recorded_calls.CALLS)
    elif _differences(session.config, session.exitstatus):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:  # noqa: ANN401
    """Name the differences."""
    for line in _differences(config, exitstatus):
        terminalreporter.write_line(f"policy: {line}", red=True)


def _differences(config: pytest.Config, exitstatus: int) -> list[str]:
    option = config.option
    chosen = option.keyword or option.markexpr or option.deselect or option.collectonly or getattr(option, "lf", False)
    all_of_it = config.args_source is config.ArgsSource.TESTPATHS and not chosen
    ended_well = exitstatus == pytest.ExitCode.OK
    return recorded_calls.differences(recorded_calls.CALLS, is_whole=all_of_it and ended_well)
