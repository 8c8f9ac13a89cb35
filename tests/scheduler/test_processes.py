"""`auditor schedule` as processes: two on one store, killed, stopped, scraped."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from auditor.store.manifest import Manifest
from auditor.store.place import open_place
from auditor.store.runs import Store
from tests.delivery.mail_server import Mailbox, mail_server
from tests.embedded import ROOT, clean_environment, served
from tests.fault_proxy import FaultProxy
from tests.fault_proxy_answers import Answer, Call
from tests.fault_proxy_faults import Forward

PATIENCE = 120
"""Seconds: a busy machine takes long to start a process."""


@pytest.fixture(scope="module")
def proxied() -> Iterator[tuple[FaultProxy, dict[str, str]]]:
    """An AWS with nothing in it, over a proxy, and the environment that leads to it."""
    with served("blank") as aws, FaultProxy(aws.url) as proxy:
        yield proxy, clean_environment(**aws.environment | {"AWS_ENDPOINT_URL": proxy.url})


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server(Mailbox()) as running:
        yield running


class Scheduler:
    """A process, and what it logged."""

    def __init__(self, folder: Path, name: str, environment: dict[str, str], *options: str) -> None:
        self._log = folder / f"{name}.log"
        module = [sys.executable, "-m", "tests.scheduler.quick", "schedule"]
        config = ["--config", str(folder / "auditor.toml"), "--output", str(folder / name)]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen([*module, *config, *options], cwd=ROOT, env=environment, stderr=log)

    def logged(self) -> list[dict[str, Any]]:
        lines = self._log.read_bytes().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith(b"\n")]

    def told(self, message: str) -> dict[str, Any] | None:
        return next((record for record in self.logged() if record["message"] == message), None)

    def children(self) -> list[int]:
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text("ascii").split()
        return [int(child) for child in found]

    def stopped(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@pytest.fixture
def begin(proxied: tuple[FaultProxy, dict[str, str]], tmp_path: Path) -> Iterator[Callable[..., Scheduler]]:
    """What starts one, by its name and options; it is gone after the test, however that ended."""
    with ExitStack() as ends:

        def begun(name: str, *options: str) -> Scheduler:
            one = Scheduler(tmp_path, name, proxied[1], *options)
            ends.callback(one.process.kill)
            return one

        yield begun


def configure(folder: Path, mailbox: Mailbox, cron: str) -> None:
    (folder / "auditor.toml").write_text(f"""
        store = "{folder}/store"
        regions = ["eu-west-1"]
        formats = ["json"]
        live_prices = false
        [mail]
        from = "auditor@example.com"
        to = ["net@example.com"]
        smtp_host = "127.0.0.1"
        smtp_port = {mailbox.port}
        smtp_tls = "none"
        [[schedules]]
        name = "often"
        cron = "{cron}"
    """)


def runs(folder: Path) -> list[Manifest]:
    return [run.manifest for run in Store(open_place(f"{folder}/store")).listing().runs]


def eventually(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)


def page(port: int, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_two_processes_on_one_store_make_each_run_once_and_say_how_they_are(
    proxied: tuple[FaultProxy, dict[str, str]], begin: Callable[..., Scheduler], mailbox: Mailbox, tmp_path: Path
) -> None:
    proxied[0].clear()
    configure(tmp_path, mailbox, "*/4 * * * * *")
    both = [begin(name, "--listen", "0") for name in "ab"]
    eventually(lambda: len(runs(tmp_path)) >= 4)
    eventually(lambda: any(one.told("run ended") for one in both))
    busy = next(one for one in both if one.told("run ended"))
    listening = busy.told("listening")
    assert listening
    port = listening["port"]
    assert page(port, "/healthz") == (200, "alive\n")
    status, ready = page(port, "/readyz")
    assert (status, json.loads(ready)["ready"]) == (200, True)
    status, text = page(port, "/metrics")
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    of = ("schedule", "often")
    assert samples["auditor_runs_total", (("exit_code", "0"), of)] >= 1
    assert samples["auditor_aws_calls_total", (of,)] >= 3
    assert samples["auditor_gaps", (of,)] == 0
    assert samples["auditor_last_success_timestamp_seconds", (of,)] > time.time() - PATIENCE
    assert samples["auditor_next_due_timestamp_seconds", (of,)] > time.time() - PATIENCE
    assert samples["auditor_store_up", ()] == 1
    assert page(port, "/nothing")[0] == 404
    assert [one.stopped() for one in both] == [0, 0]
    due = [run.due for run in runs(tmp_path)]
    assert len(due) == len(set(due))
    ids = [message["Message-ID"] for _, message in mailbox.taken]
    assert len(ids) == len(set(ids))
    assert len(due) <= len(ids) <= len(due) + 1  # the last one was perhaps abandoned after its mail
    ended = busy.told("run ended")
    assert ended
    assert (ended["schedule"], ended["exit_code"], ended["level"]) == ("often", 0, "info")
    assert re.fullmatch(r"often-\d{8}T\d{6}Z", ended["run"])


@pytest.mark.long
def test_killed_then_stopped_in_a_run_which_is_then_made_once(
    proxied: tuple[FaultProxy, dict[str, str]], begin: Callable[..., Scheduler], mailbox: Mailbox, tmp_path: Path
) -> None:
    """A run that hangs; kill -9 leaves no process and no run; SIGTERM gives the lease back; the third start mails."""
    proxy, _ = proxied
    proxy.clear()
    released = Event()

    async def hang(_: Call, forward: Forward) -> Answer:
        while not released.is_set():  # noqa: ASYNC110 -- it is set in another thread
            await asyncio.sleep(0.02)
        return await forward()

    proxy._add(hang, "DescribeNatGateways", {})
    due = datetime.now(UTC) + timedelta(seconds=25)
    configure(tmp_path, mailbox, f"{due.second} {due.minute} {due.hour} {due.day} {due.month} *")

    killed = begin("killed")
    eventually(lambda: any(call.operation == "DescribeNatGateways" for call in proxy.calls))
    children = killed.children()
    killed.process.kill()
    killed.process.wait()
    assert children
    eventually(lambda: not any(is_alive(child) for child in children))
    proxy.calls.clear()

    stopped = begin("stopped", "--grace", "0")
    eventually(lambda: any(call.operation == "DescribeNatGateways" for call in proxy.calls))
    assert stopped.stopped() == 0
    assert stopped.told("run abandoned")
    assert (runs(tmp_path), mailbox.taken) == ([], [])
    released.set()

    third = begin("third")
    eventually(lambda: third.told("run ended"))
    assert third.stopped() == 0
    (run,) = runs(tmp_path)
    assert run.due == due.replace(microsecond=0)
    assert mailbox.recipients == ["net@example.com"]


def test_a_second_signal_stops_at_once(
    proxied: tuple[FaultProxy, dict[str, str]], begin: Callable[..., Scheduler], mailbox: Mailbox, tmp_path: Path
) -> None:
    proxy, _ = proxied
    proxy.clear()
    proxy.calls.clear()
    released = Event()

    async def hang(_: Call, forward: Forward) -> Answer:
        while not released.is_set():  # noqa: ASYNC110 -- it is set in another thread
            await asyncio.sleep(0.02)
        return await forward()

    proxy._add(hang, "DescribeNatGateways", {})
    configure(tmp_path, mailbox, "* * * * * *")
    one = begin("one", "--grace", "600")
    eventually(lambda: any(call.operation == "DescribeNatGateways" for call in proxy.calls))
    children = one.children()
    one.process.send_signal(signal.SIGTERM)
    time.sleep(1)
    assert one.process.poll() is None, "a run has its grace"
    assert one.stopped() == 128 + signal.SIGTERM
    eventually(lambda: not any(is_alive(child) for child in children))
    released.set()


def test_one_run_now_ends_with_its_code_and_a_list_names_it(
    proxied: tuple[FaultProxy, dict[str, str]], begin: Callable[..., Scheduler], mailbox: Mailbox, tmp_path: Path
) -> None:
    proxied[0].clear()
    configure(tmp_path, mailbox, "0 6 * * mon")
    mailbox.replies = ["550 no thanks"]
    once = begin("once", "--once", "often")
    assert once.process.wait(PATIENCE) == 5
    refused = once.told("not delivered")
    assert refused
    assert refused["recipient"] == "net@example.com"
    command = [sys.executable, "-m", "auditor", "schedule", "--list", "--config", str(tmp_path / "auditor.toml")]
    listed = subprocess.run(command, cwd=ROOT, env=proxied[1], capture_output=True, text=True, check=True).stdout
    assert re.search(r"often +0 6 \* \* mon +UTC +Mon \d{4}-\d\d-\d\d 06:00:00 \+0000 .*UTC, exit code 0", listed)
