"""What tests of several folders share: embedded AWSs, which take seconds to start, and the proxy before them."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Generator, Iterator
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

import boto3
import pytest
from aiobotocore.httpsession import AIOHTTPSession
from hypothesis import HealthCheck, settings

from auditor import pipeline, store
from auditor.aws import session
from auditor.collectors.run import Progress
from auditor.config import load
from auditor.demo.company import DEMO_NOW
from auditor.demo.sdk_models import decoded_once
from auditor.model.evidence import Evidence
from tests import recorded_calls
from tests.embedded import PRICE_LIST, Served, copied_in, served
from tests.fault_proxy import FaultProxy
from tests.patience import patience

# A machine under load is no fault of the code. Where CI is set, the same examples are tried each time.
settings.register_profile(
    "laws",
    deadline=None,
    max_examples=50,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("laws")

# All tests are loaded: to go through them takes a third of a second, and seldom finds garbage that a run leaves behind.
gc.set_threshold(10_000, 20, 100)


def pytest_sessionstart() -> None:
    """Tests that are started in the background ignore Ctrl-C, and what they start would do so too."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None]:
    """No set-up takes for ever, nor does a call or an end."""
    with patience():
        return (yield)


pytest_runtest_call = pytest_runtest_teardown = pytest_runtest_setup


@pytest.fixture(autouse=True)
def hasty_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are tried again as often as ever, after a hundredth of the pause."""
    monkeypatch.setattr(session, "_FIRST_PAUSE", 0.01)


@pytest.fixture(autouse=True)
def no_default_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """What boto3 remembers of the environment of one test is not that of the next."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: some tests wait, for leases to end and for processes to be killed."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first: no worker begins one when the others have nothing left to do."""
    longest = {item.path for item in items if item.get_closest_marker("long")}
    slow = {item.path for item in items if isinstance(item, pytest.Function) and _takes_long(item)}
    items.sort(key=lambda item: (item.path not in longest, item.path not in slow))


def _takes_long(test: pytest.Function) -> bool:
    """It reads the company or tries a law on many examples."""
    return "seeded" in test.fixturenames or bool(getattr(test.function, "is_hypothesis_test", False))


@pytest.fixture(scope="session", autouse=True)
def _public_authorities_read_once() -> Iterator[None]:
    """Each HTTP session reads a hundred and fifty certificates, and a run has one: that was a fiftieth of all tests."""
    build, known = AIOHTTPSession._build_ssl_contexts, {}

    def built(self: AIOHTTPSession, proxy_url: str | None) -> object:
        if self._verify is not True or self._cert_file or proxy_url:
            return build(self, proxy_url)
        if "made" not in known:
            known["made"] = build(self, proxy_url)
        return known["made"]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(AIOHTTPSession, "_build_ssl_contexts", built)
        yield


@pytest.fixture(scope="session", autouse=True)
def _models_decoded_once() -> Iterator[None]:
    with decoded_once():
        yield


@pytest.fixture(scope="session", autouse=True)
def _embedded_copied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with copied_in(_of_all_workers(tmp_path_factory)):
        yield


def _of_all_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run of the tests."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def seeded() -> Iterator[Served]:
    """The demo's company. Tests only read it."""
    with served("seeded") as aws:
        yield aws


@pytest.fixture(scope="session")
def companys_evidence(seeded: Served, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """A run over the whole company, flow logs included: the first worker that wants it reads it for all."""
    file = _of_all_workers(tmp_path_factory) / "companys-evidence.json"
    with file.with_suffix(".lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if not file.exists():
            evidence = _read_whole(seeded)
            store.save_evidence(file, evidence)
            assert store.load_evidence(file) == evidence
    return store.load_evidence(file)


def _read_whole(seeded: Served) -> Evidence:
    company = seeded.company
    config = load(
        regions=company.regions,
        accounts=tuple(company.accounts.values()),
        role=company.role_name,
        external_id=company.external_id,
        live_prices=False,
        public_lookups=False,
    )
    with pytest.MonkeyPatch.context() as patch:
        for name, value in seeded.environment_of(seeded.url).items():
            patch.setenv(name, value)
        return pipeline.read(config, DEMO_NOW, Progress())


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
