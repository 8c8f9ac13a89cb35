"""`auditor run --store s3://… --mail` week after week: what changed is in the mail, and no secret is anywhere."""

from __future__ import annotations

import gzip
import ssl
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from xml.etree import ElementTree as ET

import boto3
import pytest

from tests.cli.command import NO_ACCESS, OK, Auditor, in_process
from tests.cli.test_mail import NOT_DELIVERED, environment_of, settings
from tests.delivery.mail_server import PASSWORD, Mailbox, certificate, mail_server
from tests.embedded import MEMBER, ROOT, Served
from tests.fault_proxy import FaultProxy
from tests.fault_proxy_answers import Call

BUCKET = "auditor-runs-of-ours"
SECRETS = {
    "AUDITOR_SMTP_PASSWORD": PASSWORD,
    "AUDITOR_NOTIFY_URLS": "json://127.0.0.1:1/NOTIFYTOKENMARKER",
    "AUDITOR_EXTERNAL_ID": "EXTERNALIDMARKER",
    "AWS_SECRET_ACCESS_KEY": "SECRETKEYMARKER",
    "AWS_SESSION_TOKEN": "SESSIONTOKENMARKER",
}
ASSUMED = ("AQoEXAMPLEH4aoAH0gNCAPy", "aJalrXUtnFEMI")
"""How session tokens and secret keys begin that the embedded AWS gives for a role."""


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    context: ssl.SSLContext = certificate(tmp_path)[1]
    with mail_server(Mailbox(), context, require_starttls=True) as running:
        yield running


def text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part
    return str(part.get_content())


IDLE = "shop-staging-a2"


def without_idle_nat(_: Call, body: bytes) -> bytes:
    root = ET.fromstring(body)  # noqa: S314 -- our own embedded AWS
    found = next(one for one in root.iter() if one.tag.endswith("natGatewaySet"))
    found.remove(next(nat for nat in found if IDLE in "".join(nat.itertext())))
    return ET.tostring(root)


def test_the_second_mail_says_what_changed(
    run: Auditor, mailbox: Mailbox, proxy: FaultProxy, seeded: Served, tmp_path: Path
) -> None:
    client = boto3.Session("test", "test", region_name="us-east-1").client("s3", endpoint_url=seeded.url)
    client.create_bucket(Bucket=BUCKET)
    store = f"s3://{BUCKET}/weekly"
    args = ("--region", "eu-central-1", "--mail", "--store", store, *settings(tmp_path, mailbox))
    environment = environment_of(tmp_path) | {"AUDITOR_FLOW_LOGS": "off"}
    first = run(*args, **environment)
    assert first.returncode == OK, first.stderr
    proxy.replace("DescribeNatGateways", without_idle_nat, region="eu-central-1")
    second = run(*args, **environment)
    assert second.returncode == OK, second.stderr
    before, after = (text(message) for _, message in mailbox.taken)
    assert "SINCE" not in before
    assert "SINCE 20" in after
    assert "Resolved: " in after
    assert f"{IDLE} is idle" in after
    names = {
        one["Key"].split("/")[2] for one in client.list_objects_v2(Bucket=BUCKET)["Contents"] if "runs/" in one["Key"]
    }
    assert len(names) == 2
    assert f"in {store}/runs/{max(names)}" in after
    shown = in_process("history", "--store", store, **seeded.environment_of(proxy.url), HOME=str(tmp_path))
    assert shown.stdout.count("1 of 1") == 2


def written(folder: Path, mailbox: Mailbox) -> str:
    """Everything in all files, unpacked, and in all messages, decoded."""
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".pem"]
    unpacked = [gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content for content in files]
    parts = [part for _, message in mailbox.taken for part in message.walk() if not part.is_multipart()]
    headers = [str(message.items()) for _, message in mailbox.taken]
    return "".join(content.decode("utf-8", "replace") for content in unpacked) + "".join(
        [str(part.get_content()) for part in parts] + headers
    )


def test_no_secret_is_in_logs_reports_store_tracebacks_and_mails(
    run_apart: Auditor, mailbox: Mailbox, proxy: FaultProxy, environment: dict[str, str], tmp_path: Path
) -> None:
    """A run that delivers, one that does not, one that fails, and one that ends with a fault of our own."""
    config = settings(tmp_path, mailbox)
    (tmp_path / "auditor.toml").read_text("utf-8")
    args = (
        "--region",
        "eu-west-1",
        "--format",
        "html",
        "--verbose",
        "--mail",
        "--store",
        str(tmp_path / "store"),
        *config,
    )
    role = ("--account", MEMBER, "--role", "AuditorReadOnly")
    secrets = environment_of(tmp_path) | SECRETS | {"AUDITOR_DELIVERY_ATTEMPTS": "1"}
    done = [run_apart(*args, *role, **secrets)]
    mailbox.replies = ["550 no thanks"]
    done.append(run_apart(*args, *role, **secrets))
    fault = "from auditor import cli, offline; offline.analyze = lambda *_: 1 / 0; cli.main()"
    command = [sys.executable, "-c", fault, "run", "--output", str(tmp_path / "report"), *args, *role]
    done.append(
        subprocess.run(command, cwd=ROOT, env=environment | secrets, capture_output=True, text=True, check=False)
    )
    assert "AssumeRole" in {call.operation for call in proxy.calls}
    proxy.expired()
    done.append(run_apart(*args, **secrets))
    assert [one.returncode for one in done] == [NOT_DELIVERED, NOT_DELIVERED, 1, NO_ACCESS], done[-1].stderr
    assert "ZeroDivisionError" in done[2].stderr
    said = "".join(one.stdout + one.stderr for one in done) + written(tmp_path, mailbox)
    assert "not delivered to notification 1 (json)" in said
    assert "Late, of" in said
    assert len(mailbox.taken) == 4  # a report, the late one, and two failures
    for secret in (*SECRETS.values(), *ASSUMED):
        assert secret.rpartition("/")[2] not in said
