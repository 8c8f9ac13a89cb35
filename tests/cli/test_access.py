"""What credentials, roles and permissions let a user read, and that no secret is ever shown."""

from __future__ import annotations

from pathlib import Path

from auditor.aws.operations import GET_CALLER_IDENTITY, OPERATIONS
from tests.cli.command import GAPS, NO_ACCESS, OK, USAGE, Auditor, audit_of, auditor, files, refused
from tests.embedded import MEMBER, OWN, Served, clean_environment
from tests.fault_proxy import FaultProxy

SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "SECRETKEYSECRETKEYSECRETKEYSECRETKEYSECR",
    "AWS_SESSION_TOKEN": "SESSIONTOKENSESSIONTOKEN",
    "AUDITOR_EXTERNAL_ID": "EXTERNALIDEXTERNALID",
}


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


def test_secrets_stand_nowhere(seeded: Served, environment: dict[str, str], tmp_path: Path) -> None:
    """Not in what it says, even verbosely, nor in any file that it writes; a PDF is packed, and has the page's text."""
    folder = tmp_path / "report"
    accounts = ("--account", f"{OWN},{MEMBER}", "--role", seeded.company.role_name)
    args = ("--region", "ap-southeast-2", *accounts, "--verbose", "--format", "html,json")
    done = auditor("run", *args, "--output", str(folder), **environment | SECRETS)
    assert done.returncode == OK
    shown = done.stdout + done.stderr + "".join(path.read_bytes().decode("latin-1") for path in folder.iterdir())
    assert MEMBER in shown
    assert "s3:GetObject" in shown
    for secret in SECRETS.values():
        assert secret not in shown


def test_a_secret_is_not_said_where_it_is_refused(run: Auditor, proxy: FaultProxy) -> None:
    proxy.deny("AssumeRole")
    done = run("--account", MEMBER, "--role", "x", **SECRETS)
    assert done.returncode == NO_ACCESS
    assert not any(secret in done.stderr for secret in SECRETS.values())
