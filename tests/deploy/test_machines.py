"""The files for Kubernetes, systemd and Docker run Auditor with little, and set only what it knows."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.config import Config, load
from auditor.delivery.settings import NOTIFY_URLS, SMTP_PASSWORD, MailSettings
from tests.embedded import ROOT

DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file() and path.suffix != ".pyc")
ALLOWED = 2.0
"""What `systemd-analyze security` calls OK ends at 4; 1.3 is what the unit has."""


def known() -> set[str]:
    keys = {f"AUDITOR_{key}".upper() for key in Config.model_fields}
    mail = {f"AUDITOR_MAIL_{field.alias or key}".upper() for key, field in MailSettings.model_fields.items()}
    secrets = {f"{name}{form}" for name in (SMTP_PASSWORD, NOTIFY_URLS) for form in ("", "_FILE")}
    return keys | mail | secrets | {"AUDITOR_STORE", "AUDITOR_IMAGE"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_variable_is_one_that_auditor_reads(path: Path) -> None:
    """One that is misspelt would be ignored in silence."""
    named = set(re.findall(r"AUDITOR_[A-Z_]+[A-Z]", path.read_text("utf-8")))
    assert named - known() == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_secret_is_written_into_a_file(path: Path) -> None:
    """Secrets come from the secrets of the platform: no file gives one a value."""
    names = rf"AUDITOR_EXTERNAL_ID|{SMTP_PASSWORD}|{NOTIFY_URLS}|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN"
    given = re.findall(rf"\b(?:{names})\s*[:=]\s*(\S+)", path.read_text("utf-8"))
    assert [value for value in given if not value.startswith(("${", "..."))] == []


def kubernetes() -> dict[str, Any]:
    return {one["kind"]: one for one in yaml.safe_load_all((DEPLOY / "kubernetes/auditor.yaml").read_text("utf-8"))}


def test_the_cron_job_runs_alone_as_nobody_and_with_nothing_to_write_but_its_folder() -> None:
    job = kubernetes()["CronJob"]["spec"]
    pod = job["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert job["concurrencyPolicy"] == "Forbid"
    assert job["jobTemplate"]["spec"]["backoffLimit"] == 0
    assert pod["securityContext"]["runAsNonRoot"]
    assert not pod["automountServiceAccountToken"]
    rights = container["securityContext"]
    assert rights == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    writable = [one["mountPath"] for one in container["volumeMounts"] if not one.get("readOnly")]
    assert writable == ["/data"]
    assert "eks.amazonaws.com/role-arn" in kubernetes()["ServiceAccount"]["metadata"]["annotations"]
    volumes = {one["name"] for one in pod["volumes"]}
    assert {one["name"] for one in container["volumeMounts"]} == volumes


def test_the_deployment_of_schedules_is_probed_where_it_listens_and_writes_to_two_folders() -> None:
    parts = {one["kind"]: one for one in yaml.safe_load_all((DEPLOY / "kubernetes/schedule.yaml").read_text("utf-8"))}
    pod = parts["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    job = kubernetes()["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert container["securityContext"] == job["containers"][0]["securityContext"]
    assert pod["securityContext"] == job["securityContext"]
    assert container["args"][0] == "schedule"
    (port,) = container["ports"]
    assert container["args"][-2:] == ["--listen", f"0.0.0.0:{port['containerPort']}"]
    probes = {name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {probe["port"] for probe in probes.values()} == {port["name"]}
    assert [probe["path"] for probe in probes.values()] == ["/healthz", "/healthz", "/readyz"]
    writable = {one["mountPath"] for one in container["volumeMounts"] if not one.get("readOnly")}
    assert writable == {"/data", "/tmp"}  # noqa: S108 -- a path in the container
    assert {one["name"] for one in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}
    assert not pod["enableServiceLinks"]


def test_the_configuration_in_the_config_map_can_be_loaded(tmp_path: Path) -> None:
    text = kubernetes()["ConfigMap"]["data"]["auditor.toml"]
    file = tmp_path / "auditor.toml"
    file.write_text(text.replace('"ACCOUNT"', '"111122223333"').replace('"MEMBER"', '"444455556666"'))
    config = load(file)
    assert config.mail
    assert (config.mail.smtp_user, str(config.output)) == ("auditor", "/data/report")


def test_the_composed_service_runs_with_little() -> None:
    service = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text("utf-8"))["services"]["auditor"]
    assert (service["read_only"], service["cap_drop"], service["user"]) == (True, ["ALL"], "10001:10001")
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["command"][0] == "schedule"
    assert "--listen" in service["command"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd")
def test_systemd_takes_the_unit_and_finds_it_well_fenced() -> None:
    unit, timer = (str(DEPLOY / "systemd" / name) for name in ("auditor.service", "auditor.timer"))
    verified = subprocess.run(["systemd-analyze", "verify", unit, timer], capture_output=True, text=True, check=False)
    said = [line for line in verified.stderr.splitlines() if "auditor." in line and "is not executable" not in line]
    assert said == []
    looked = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=True,
    )
    exposure = re.search(r"exposure level for auditor.service: ([\d.]+)", looked.stdout)
    assert exposure
    assert float(exposure[1]) <= ALLOWED


def test_the_unit_runs_a_command_that_exists() -> None:
    unit = (DEPLOY / "systemd/auditor.service").read_text("utf-8")
    assert re.search(r"^ExecStart=\S+/auditor run --mail --config \S+$", unit, re.MULTILINE)
    assert "LoadCredential=smtp-password:" in unit
    assert "%d/smtp-password" in unit
