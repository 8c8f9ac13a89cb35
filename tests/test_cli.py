"""The command line as a user meets it: in a process of its own, with exit codes, one clear line for each mistake."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from auditor.aws.operations import GET_CALLER_IDENTITY, OPERATIONS
from auditor.rules import all_rules
from tests.embedded import MEMBER, OWN, ROOT, Served, clean_environment
from tests.fault_proxy import FaultProxy
from tests.fault_proxy_answers import Answer, Call
from tests.fault_proxy_faults import Forward

Done = subprocess.CompletedProcess[str]
Auditor = Callable[..., Done]

OK, USAGE, NO_ACCESS, GAPS, ABOVE = 0, 2, 3, 4, 10
SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "SECRETKEYSECRETKEYSECRETKEYSECRETKEYSECR",
    "AWS_SESSION_TOKEN": "SESSIONTOKENSESSIONTOKEN",
    "AUDITOR_EXTERNAL_ID": "EXTERNALIDEXTERNALID",
}


def start(*args: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "auditor", *args],
        env=environment | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def auditor(*args: str, **environment: str) -> Done:
    with start(*args, **environment) as process:
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(args, process.returncode, out, err)


@pytest.fixture
def environment(seeded: Served, proxy: FaultProxy, tmp_path: Path) -> dict[str, str]:
    """What leads to the company, over the proxy, and to nothing of the user's."""
    return clean_environment(HOME=str(tmp_path), **seeded.environment_of(proxy.url))


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Auditor:
    """`auditor run` into the folder `report`, as JSON alone, since pages take longer."""

    def run_it(*args: str, **more: str) -> Done:
        return auditor("run", "--output", str(tmp_path / "report"), "--format", "json", *args, **environment | more)

    return run_it


def refused(done: Done, code: int) -> str:
    """The one line that a failed command says, without its name."""
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    last = done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert last.startswith("auditor: ")
    return last.removeprefix("auditor: ")


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def audit_of(folder: Path) -> dict[str, list[dict[str, str]]]:
    read: dict[str, list[dict[str, str]]] = json.loads((folder / "audit.json").read_text("utf-8"))
    return read


# Access


def test_no_credentials(proxy: FaultProxy, tmp_path: Path) -> None:
    nothing = clean_environment(HOME=str(tmp_path), AWS_ENDPOINT_URL=proxy.url)
    done = auditor("run", "--output", str(tmp_path / "report"), **nothing)
    assert refused(done, NO_ACCESS) == (
        "no AWS credentials found; set AWS_PROFILE or run `aws sso login`, then `auditor doctor`"
    )
    assert files(tmp_path / "report") == set()
    assert len(done.stderr.splitlines()) == 1


def test_expired_credentials(run: Auditor, proxy: FaultProxy, tmp_path: Path) -> None:
    proxy.expired()
    assert "ExpiredToken: renew the credentials" in refused(run(), NO_ACCESS)
    assert files(tmp_path / "report") == set()


def test_an_unknown_profile(run: Auditor) -> None:
    assert refused(run("--profile", "gone"), USAGE) == (
        "The config profile (gone) could not be found: name one of `aws configure list-profiles`"
    )


def test_no_permission_at_all(run: Auditor, proxy: FaultProxy, tmp_path: Path) -> None:
    for operation in OPERATIONS:
        if operation is not GET_CALLER_IDENTITY:
            proxy.deny(operation.name)
    said = refused(run("--region", "eu-central-1"), NO_ACCESS)
    assert said.startswith(
        "nothing could be read: ec2:DescribeRegions: UnauthorizedOperation: grant ec2:DescribeRegions"
    )
    assert files(tmp_path / "report") == set()


def test_one_missing_permission_makes_a_report_with_a_gap(run: Auditor, proxy: FaultProxy, tmp_path: Path) -> None:
    proxy.deny("DescribeFlowLogs")
    done = run("--region", "eu-central-1")
    assert done.returncode == GAPS
    (gap,) = audit_of(tmp_path / "report")["gaps"]
    assert gap["action"] == "ec2:DescribeFlowLogs"
    assert run("--region", "eu-central-1", "--allow-gaps").returncode == OK


def test_a_foreign_account_without_a_role(run: Auditor) -> None:
    said = refused(run("--region", "eu-central-1", "--account", MEMBER), USAGE)
    assert said == f"account {MEMBER} is not the caller's own: name the role to assume in it with --role"


def test_a_member_account_that_refuses_does_not_lose_the_own_one(
    run: Auditor, seeded: Served, proxy: FaultProxy, tmp_path: Path
) -> None:
    proxy.deny("AssumeRole")
    accounts = ("--account", f"{OWN},{MEMBER}", "--role", seeded.company.role_name)
    assert run("--region", "eu-central-1", *accounts).returncode == GAPS
    audit = audit_of(tmp_path / "report")
    assert [(scope["account_id"], scope["status"]) for scope in audit["scopes"]] == [(OWN, "audited")]
    assert [gap["account_id"] for gap in audit["gaps"]] == [MEMBER]


# Options


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
    done = auditor("run", "--region", "eu-west-1", "--output", str(tmp_path / "report"), **environment)
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
    done = auditor("run", "--output", str(tmp_path / "file" / "report"), **environment)
    assert refused(done, USAGE) == f"Cannot write reports to {tmp_path}/file/report: Not a directory"
    assert proxy.calls == []


def test_more_saved_than_allowed(run: Auditor) -> None:
    """Above wins over gaps; the threshold is about what is measured."""
    everything = ("--region", "us-east-1", "--fail-above")
    assert run(*everything, "1").returncode == ABOVE
    assert run(*everything, "1000000").returncode == OK


def test_stdout_names_the_files_and_stderr_tells_the_rest(environment: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "report"
    args = ("run", "--region", "eu-central-1", "--output", str(folder), "--format", "html,json")
    done = auditor(*args, **environment)
    paths = [f"{folder}/{name}" for name in ("report.html", "audit.json", "evidence.json")]
    assert done.stdout.splitlines() == paths
    assert all(Path(path).is_file() for path in paths)
    assert f"[1/1] {OWN} eu-central-1: audited" in done.stderr
    assert "The plan saves" in done.stderr
    quiet = auditor(*args, "--quiet", **environment)
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
    with start("run", "--region", "eu-central-1", "--output", str(folder), **environment) as process:
        while not any(call.operation == "DescribeVpcs" for call in proxy.calls):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    stopped.set()
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "auditor: stopped: nothing was changed, and reports may be missing"
    assert "Traceback" not in err
    assert files(folder) == set()


# Evidence


@pytest.fixture
def saved(run: Auditor, tmp_path: Path) -> Path:
    """A run's folder."""
    assert run("--region", "us-east-1").returncode == OK
    return tmp_path / "report"


def test_saved_evidence_gives_the_same_audit_byte_for_byte_and_calls_nobody(
    saved: Path, proxy: FaultProxy, tmp_path: Path
) -> None:
    proxy.calls.clear()
    again = tmp_path / "again"
    evidence = str(saved / "evidence.json")
    done = auditor("report", evidence, "--output", str(again), "--format", "json", **clean_environment())
    assert (done.returncode, done.stdout) == (OK, f"{again}/audit.json\n")
    assert (again / "audit.json").read_bytes() == (saved / "audit.json").read_bytes()
    assert proxy.calls == []


def _broken(kind: str, whole: bytes) -> bytes:
    if kind == "truncated":
        return whole[: len(whole) // 2]
    plain = json.loads(whole)
    if kind == "of a newer version":
        plain["version"] = 99
    elif kind == "of another type":
        plain["scopes"] = "all"
    elif kind == "without a part":
        del plain["window"]
    return {"empty": b"", "not JSON": b"<html>", "a list": b"[]"}.get(kind) or json.dumps(plain).encode()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("truncated", "is not saved evidence: "),
        ("of a newer version", "has evidence version 99, this Auditor reads up to 1: update it"),
        ("of another type", "is not saved evidence: scopes: "),
        ("without a part", "is not saved evidence: window: "),
        ("not JSON", "is not saved evidence: "),
        ("a list", "is not saved evidence: "),
    ],
)
def test_broken_evidence_is_refused_in_one_line_and_writes_nothing(
    saved: Path, tmp_path: Path, kind: str, said: str
) -> None:
    file = tmp_path / "evidence.json"
    file.write_bytes(_broken(kind, (saved / "evidence.json").read_bytes()))
    done = auditor("report", str(file), "--output", str(tmp_path / "again"), **clean_environment())
    assert refused(done, USAGE).startswith(f"{file} {said}")
    assert len(done.stderr.splitlines()) == 1
    assert files(tmp_path / "again") == set()


@pytest.mark.parametrize(("path", "said"), [(".", "Is a directory"), ("none.json", "No such file or directory")])
def test_evidence_that_is_no_file(tmp_path: Path, path: str, said: str) -> None:
    done = auditor("report", str(tmp_path / path), "--output", str(tmp_path / "again"), **clean_environment())
    assert refused(done, USAGE).endswith(said)


# Secrets


def test_secrets_stand_nowhere(seeded: Served, environment: dict[str, str], tmp_path: Path) -> None:
    """Not in what it says, even verbosely, nor in any file that it writes."""
    folder = tmp_path / "report"
    args = ("--region", "us-east-1", "--account", f"{OWN},{MEMBER}", "--role", seeded.company.role_name, "--verbose")
    done = auditor("run", *args, "--output", str(folder), **environment | SECRETS)
    assert done.returncode == OK
    shown = done.stdout + done.stderr + "".join(path.read_bytes().decode("latin-1") for path in folder.iterdir())
    assert MEMBER in shown
    for secret in SECRETS.values():
        assert secret not in shown


def test_a_secret_is_not_said_where_it_is_refused(run: Auditor, proxy: FaultProxy) -> None:
    proxy.deny("AssumeRole")
    done = run("--account", MEMBER, "--role", "x", **SECRETS)
    assert done.returncode == NO_ACCESS
    assert not any(secret in done.stderr for secret in SECRETS.values())


# The other commands


def test_help_imports_nothing_heavy() -> None:
    """It answers at once because it loads neither AWS's models, nor pages, nor tables."""
    heavy = ("aiobotocore", "aiohttp", "boto3", "botocore", "jinja2", "moto", "pydantic", "rich", "weasyprint")
    script = (
        "import sys\nsys.argv = ['auditor', '--help']\nfrom auditor.cli import main\n"
        f"try:\n main()\nfinally:\n sys.stderr.write(' '.join(sorted(set({heavy!r}) & set(sys.modules))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (OK, "")
    assert "Audit now, and write the reports." in done.stdout


def test_no_command_is_a_call_for_help() -> None:
    done, asked = auditor(**clean_environment()), auditor("--help", **clean_environment())
    assert (done.returncode, done.stderr) == (OK, "")
    assert done.stdout == asked.stdout


def test_the_policy_is_the_published_one() -> None:
    done = auditor("iam", **clean_environment())
    assert done.stdout == (ROOT / "config" / "iam-policy.json").read_text("utf-8")


@pytest.mark.parametrize("rule", [rule.id for rule in all_rules()])
def test_each_rule_is_explained_by_its_page(rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    from auditor.cli import app  # noqa: PLC0415 -- only the next line needs it

    app(args=["explain", rule], standalone_mode=False)
    assert capsys.readouterr().out.strip() == (ROOT / "docs" / "rules" / f"{rule}.md").read_text("utf-8").strip()


def test_rules_are_listed_each_on_a_line_and_an_unknown_one_is_named() -> None:
    lines = auditor("rules", **clean_environment()).stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [rule.id for rule in all_rules()]
    assert refused(auditor("explain", "nonsense", **clean_environment()), USAGE).startswith("unknown rule 'nonsense'")


def test_doctor_names_a_denied_action_and_exits_as_with_a_gap(environment: dict[str, str], proxy: FaultProxy) -> None:
    well = auditor("doctor", **environment)
    assert well.returncode == OK
    assert f"::{OWN}:" in well.stdout
    proxy.deny("DescribeVpcEndpoints")
    ill = auditor("doctor", "--region", "us-east-1", **environment)
    assert ill.returncode == GAPS
    (line,) = [line for line in ill.stdout.splitlines() if "UnauthorizedOperation" in line]
    assert "us-east-1" in line
    assert "ec2:DescribeVpcEndpoints" in line


def test_doctor_without_credentials(tmp_path: Path) -> None:
    assert "no AWS credentials found" in refused(auditor("doctor", **clean_environment(HOME=str(tmp_path))), NO_ACCESS)


def test_prices_of_a_region_need_no_credentials_when_bundled(tmp_path: Path) -> None:
    done = auditor("prices", "--region", "eu-central-1", "--bundled-prices", **clean_environment(HOME=str(tmp_path)))
    assert done.returncode == OK
    assert "$0.052" in done.stdout  # a NAT gateway's hour in Frankfurt, VPC pricing page


def test_the_demo_gives_the_same_bytes_each_time_without_any_setting_of_the_users(tmp_path: Path) -> None:
    """Neither a profile that is gone nor a region, nor the order in which Python hashes, changes anything."""
    mine = {"AWS_PROFILE": "gone", "AWS_DEFAULT_REGION": "xx", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    runs = [
        start("demo", "--output", str(tmp_path / seed), "--format", fmt, **os.environ | mine | {"PYTHONHASHSEED": seed})
        for seed, fmt in (("1", "html,pdf,json"), ("2", "json"))
    ]
    for process in runs:
        with process:
            _, err = process.communicate(timeout=90)
        assert process.returncode == OK, err
    assert files(tmp_path / "1") == {"report.html", "report.pdf", "audit.json", "evidence.json"}
    for name in ("audit.json", "evidence.json"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
