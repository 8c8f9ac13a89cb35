"""The commands beside `auditor run`, as a user meets them: saved evidence, help, rules, doctor, prices, the demo."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.model.evidence import Evidence
from auditor.rules import all_rules
from auditor.store import save_evidence
from tests.cli.command import GAPS, NO_ACCESS, OK, USAGE, Auditor, Done, auditor, files, in_process, refused
from tests.embedded import MEMBER, OWN, ROOT, Served, clean_environment
from tests.fault_proxy import FaultProxy


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first test that needed a run has made."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def saved(run: Auditor, seeded: Served, tmp_path: Path, kept: Path) -> Path:
    """A run's folder; the run is made once, for reading the company takes long."""
    if not any(kept.iterdir()):
        accounts = ("--account", f"{OWN},{MEMBER}", "--role", seeded.company.role_name)
        assert run("--region", "ap-southeast-2", "--flow-logs", "auto", *accounts).returncode == OK
        shutil.copytree(tmp_path / "report", kept, dirs_exist_ok=True)
    return shutil.copytree(kept, tmp_path / "report", dirs_exist_ok=True)


def test_saved_evidence_gives_the_same_audit_byte_for_byte_and_calls_nobody(
    saved: Path, proxy: FaultProxy, tmp_path: Path
) -> None:
    proxy.calls.clear()
    again = tmp_path / "again"
    evidence = str(saved / "evidence.json")
    done = auditor("report", evidence, "--output", str(again), "--format", "json,pdf", **clean_environment())
    assert (done.returncode, done.stdout) == (OK, f"{again}/audit.json\n{again}/report.pdf\n")
    assert (again / "audit.json").read_bytes() == (saved / "audit.json").read_bytes()
    assert '"named_by":' in Path(evidence).read_text("utf-8")
    assert proxy.calls == []


def test_tables_and_summary_are_made_of_saved_evidence_and_each_file_is_named(
    saved: Path, proxy: FaultProxy, tmp_path: Path
) -> None:
    proxy.calls.clear()
    made = []
    for again, command in ((tmp_path / "1", auditor), (tmp_path / "2", in_process)):
        done = command(
            "report",
            str(saved / "evidence.json"),
            "--output",
            str(again),
            "--format",
            "xlsx,csv,md",
            **clean_environment(),
        )
        assert done.returncode == OK
        assert {str(again / name) for name in files(again)} == set(done.stdout.splitlines())
        made.append({name: (again / name).read_bytes() for name in files(again)})
    tables = {f"{name}.csv" for name in ("totals", "findings", "plan", "nat-gateways", "endpoints", "gaps", "scopes")}
    assert set(made[0]) == {"report.xlsx", "summary.md", *tables, "prices.csv", "focus.csv"}
    assert made[0] == made[1]
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
    done = in_process("report", str(file), "--output", str(tmp_path / "again"), **clean_environment())
    assert refused(done, USAGE).startswith(f"{file} {said}")
    assert len(done.stderr.splitlines()) == 1
    assert files(tmp_path / "again") == set()


@pytest.mark.parametrize(("path", "said"), [(".", "Is a directory"), ("none.json", "No such file or directory")])
def test_evidence_that_is_no_file(tmp_path: Path, path: str, said: str) -> None:
    done = in_process("report", str(tmp_path / path), "--output", str(tmp_path / "again"), **clean_environment())
    assert refused(done, USAGE).endswith(said)


AWS = ("aiobotocore", "aiohttp", "boto3", "botocore")


def loading(*modules: str, words: list[str]) -> Done:
    """The command, and at the end of what it says those of the modules that it has loaded."""
    script = (
        f"import sys\nsys.argv = {['auditor', *words]!r}\nfrom auditor.cli import main\n"
        f"try:\n main()\nfinally:\n sys.stderr.write(' '.join(sorted(set({modules!r}) & set(sys.modules))))"
    )
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False
    )


def test_help_imports_nothing_heavy() -> None:
    """It answers at once because it loads neither AWS's models, nor pages, nor tables."""
    done = loading(*AWS, "jinja2", "moto", "pydantic", "rich", "weasyprint", words=["--help"])
    assert (done.returncode, done.stderr) == (OK, "")
    assert "Audit now, and write the reports." in done.stdout


def test_a_report_of_saved_evidence_loads_nothing_of_aws_nor_of_stores(saved: Path, tmp_path: Path) -> None:
    words = ["report", str(saved / "evidence.json"), "--quiet", "--output", str(tmp_path / "again"), "--format", "html"]
    done = loading(*AWS, "obstore", "duckdb", "weasyprint", words=words)
    assert (done.returncode, done.stderr) == (OK, "")


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
    lines = in_process("rules", **clean_environment()).stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [rule.id for rule in all_rules()]
    assert refused(in_process("explain", "nonsense", **clean_environment()), USAGE).startswith(
        "unknown rule 'nonsense'"
    )


def test_doctor_names_a_denied_action_and_exits_as_with_a_gap(environment: dict[str, str], proxy: FaultProxy) -> None:
    well = in_process("doctor", **environment)
    assert well.returncode == OK
    assert f"::{OWN}:" in well.stdout
    proxy.deny("DescribeVpcEndpoints")
    ill = in_process("doctor", "--region", "us-east-1", **environment)
    assert ill.returncode == GAPS
    (line,) = [line for line in ill.stdout.splitlines() if "UnauthorizedOperation" in line]
    assert "us-east-1" in line
    assert "ec2:DescribeVpcEndpoints" in line


def test_doctor_without_credentials(tmp_path: Path) -> None:
    assert "no AWS credentials found" in refused(
        in_process("doctor", **clean_environment(HOME=str(tmp_path))), NO_ACCESS
    )


def test_prices_of_a_region_need_no_credentials_when_bundled(tmp_path: Path) -> None:
    done = in_process("prices", "--region", "eu-central-1", "--bundled-prices", **clean_environment(HOME=str(tmp_path)))
    assert done.returncode == OK
    assert "$0.052" in done.stdout  # a NAT gateway's hour in Frankfurt, VPC pricing page


def test_the_demo_gives_the_same_bytes_each_time_without_any_setting_of_the_users(
    companys_evidence: Evidence, tmp_path: Path
) -> None:
    """Neither credentials, a region, a proxy nor the order in which Python hashes changes anything, nor any id.

    The other time is that of the tests: the company that another process has seeded, read without any such setting.
    """
    nowhere = "http://127.0.0.1:9"
    mine = {"AWS_PROFILE": "gone", "AWS_DEFAULT_REGION": "xx", "AWS_ENDPOINT_URL": nowhere, "AWS_SESSION_TOKEN": "old"}
    mine |= {"AWS_ENDPOINT_URL_EC2": nowhere, "HTTP_PROXY": nowhere, "http_proxy": nowhere, "PYTHONHASHSEED": "7"}
    demo, again = tmp_path / "demo", tmp_path / "again"
    done = auditor("demo", "--output", str(demo), "--format", "html,json", **os.environ | mine)
    assert done.returncode == OK, done.stderr
    assert files(demo) == {"report.html", "audit.json", "evidence.json"}
    save_evidence(tmp_path / "evidence.json", companys_evidence)
    assert (demo / "evidence.json").read_bytes() == (tmp_path / "evidence.json").read_bytes()
    rendered = ("--output", str(again), "--format", "json")
    assert in_process("report", str(tmp_path / "evidence.json"), *rendered).returncode == GAPS
    assert (demo / "audit.json").read_bytes() == (again / "audit.json").read_bytes()
