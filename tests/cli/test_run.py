"""`auditor run` as a user meets it: options, exit codes, what it prints and writes, and being stopped."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path
from threading import Event

import pytest

from tests.cli.command import ABOVE, OK, USAGE, Auditor, audit_of, auditor, files, in_process, refused, started
from tests.embedded import OWN
from tests.fault_proxy import FaultProxy
from tests.fault_proxy_answers import Answer, Call
from tests.fault_proxy_faults import Forward


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--region", "eu-central-9"], "unknown region 'eu-central-9': AWS knows ap-east-1, "),
        (["--region", "Frankfurt"], "option --region: 'Frankfurt': is not a region's name such as eu-west-1"),
        (["--account", "12345"], "option --account: '12345': is not an account id of twelve digits"),
        (["--window", "soon"], "option --window: 'soon': is not a number of days such as 30d"),
        (["--window", "456d"], "option --window: 456: "),
        (["--format", "docx"], "option --format: 'docx': "),
        (["--fail-above", "much"], "option --fail-above: 'much': "),
        (["--config", "no-such.toml"], "cannot read no-such.toml: No such file or directory"),
        (["--nonsense"], "No such option: --nonsense"),
    ],
)
def test_an_option_that_cannot_be_used_is_named_with_what_is_allowed(run: Auditor, args: list[str], said: str) -> None:
    assert refused(run(*args), USAGE).startswith(said)


def test_an_unknown_command(environment: dict[str, str]) -> None:
    assert refused(auditor("nonsense", **environment), USAGE) == "No such command 'nonsense'; see auditor --help"


def test_a_region_that_is_not_enabled_is_skipped_with_the_reason(run: Auditor, tmp_path: Path) -> None:
    assert run("--region", "ap-east-1").returncode == OK
    (scope,) = audit_of(tmp_path / "report")["scopes"]
    assert (scope["status"], scope["reason"]) == ("skipped", "the region is not enabled for this account")


def test_a_region_without_anything_makes_a_whole_report(environment: dict[str, str], tmp_path: Path) -> None:
    done = in_process("run", "--region", "eu-west-1", "--output", str(tmp_path / "report"), **environment)
    assert done.returncode == OK
    assert files(tmp_path / "report") == {"report.html", "report.pdf", "audit.json", "evidence.json"}
    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    assert "No NAT gateways were found in the scopes read." in page
    assert "Nothing was found whose change would lower the bill." in page
    assert (tmp_path / "report" / "report.pdf").read_bytes().startswith(b"%PDF")


def test_output_that_cannot_be_written_is_said_before_anything_is_read(
    environment: dict[str, str], proxy: FaultProxy, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    done = in_process("run", "--output", str(tmp_path / "file" / "report"), **environment)
    assert refused(done, USAGE) == f"Cannot write reports to {tmp_path}/file/report: Not a directory"
    assert proxy.calls == []


def test_more_saved_than_allowed(run: Auditor) -> None:
    """Above wins over gaps; the threshold is about what is measured."""
    everything = ("--region", "eu-central-1", "--fail-above")
    assert run(*everything, "1").returncode == ABOVE
    assert run(*everything, "1000000").returncode == OK


def test_stdout_names_the_files_and_stderr_tells_the_rest(environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "report"
    args = ("run", "--region", "eu-central-1", "--output", str(folder), "--format", "html,json", "--flow-logs", "off")
    done = auditor(*args, **environment)
    paths = [f"{folder}/{name}" for name in ("audit.json", "report.html", "evidence.json")]
    assert done.stdout.splitlines() == paths
    assert all(Path(path).is_file() for path in paths)
    assert f"[1/1] {OWN} eu-central-1: audited" in done.stderr
    assert "The plan saves" in done.stderr
    quiet = in_process(*args, "--quiet", **environment)
    assert (quiet.stdout, quiet.stderr) == (done.stdout, "")


def test_a_run_that_is_stopped_says_so_and_leaves_nothing(
    environment: dict[str, str], proxy: FaultProxy, tmp_path: Path
) -> None:
    stopped = Event()

    async def wait(_: Call, forward: Forward) -> Answer:
        while not stopped.is_set():  # noqa: ASYNC110 -- it is set in another thread
            await asyncio.sleep(0.02)
        return await forward()

    proxy._add(wait, "DescribeVpcs", {})
    folder = tmp_path / "report"
    with started("run", "--region", "eu-central-1", "--output", str(folder), **environment) as process:
        while not any(call.operation == "DescribeVpcs" for call in proxy.calls):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    stopped.set()
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "auditor: stopped: nothing was changed, and reports may be missing"
    assert "Traceback" not in err
    assert files(folder) == set()
