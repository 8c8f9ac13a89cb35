"""What the image promises, as its Dockerfile says it; building it takes minutes and is no part of the tests."""

from __future__ import annotations

import json
import re
import shlex
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import auditor
from deploy.container import health as check
from deploy.container import trim
from tests.embedded import ROOT

TEXT = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text("utf-8"))
LINES = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
STAGES = {
    lines[0].split()[-1]: lines for lines in (part.splitlines() for part in re.split(r"(?m)^(?=FROM )", TEXT)[1:])
}
FINAL = STAGES["scratch"]


def told(instruction: str) -> list[str]:
    """What stands behind the instruction in the last stage, once or several times."""
    return [line.removeprefix(f"{instruction} ") for line in FINAL if line.startswith(f"{instruction} ")]


def test_it_runs_as_a_user_with_a_number_and_writes_to_one_folder_of_its_own() -> None:
    """A number, since Kubernetes cannot tell from a name that a user is not root."""
    assert told("USER") == ["10001:10001"]
    assert told("VOLUME") == ["/data"]
    assert told("WORKDIR") == ["/data"]
    assert "--chown=10001:10001 /data /data" in " ".join(told("COPY"))
    # What is written to a folder after it was declared a volume is lost.
    kinds = [line.split()[0] for line in FINAL if line]
    assert kinds.index("VOLUME") > max(number for number, kind in enumerate(kinds) if kind in {"COPY", "RUN", "ADD"})


def test_without_a_command_it_says_what_it_can_do() -> None:
    assert json.loads(told("ENTRYPOINT")[0]) == ["auditor"]
    assert json.loads(told("CMD")[0]) == ["--help"]


def test_every_python_package_is_pinned_by_hash_and_no_index_is_named() -> None:
    installs = [words for line in LINES if "pip" in (words := shlex.split(line)) and "install" in words]
    (locked,) = [line for line in LINES if "--requirement requirements.lock" in line]
    assert {"--require-hashes", "--only-binary :all:"} <= set(re.findall(r"--[a-z-]+(?: :all:)?", locked))
    assert len(installs) == 2
    assert "--no-deps" in installs[1]
    assert "--no-build-isolation" in installs[1]
    assert re.findall(r"https?://|--index-url|--extra-index-url|--trusted-host", TEXT) == []


def test_the_base_can_be_named_by_digest_and_no_stage_has_another_one() -> None:
    assert LINES[0] == "ARG BASE=python:3.13-slim"
    assert {lines[0].split()[1] for lines in STAGES.values()} == {"${BASE}", "scratch"}


def test_the_last_stage_runs_nothing_and_takes_only_what_the_others_have_made() -> None:
    """So neither compilers nor pip, nor what was deleted, can be in it."""
    assert told("RUN") == []
    assert [line for line in told("COPY") if "--from=" not in line] == [
        "deploy/container/health.py /opt/auditor/health.py"
    ]
    (root,) = [line for line in STAGES["root"] if "apt-get install" in line]
    assert "gcc" not in root
    assert "binutils" not in root
    assert "--purge --force-all apt" in root


def test_its_labels_name_this_version() -> None:
    assert f"ARG VERSION={auditor.__version__}" in FINAL
    labels = dict(word.split("=", 1) for word in shlex.split(told("LABEL")[0]))
    assert labels["org.opencontainers.image.version"] == "${VERSION}"
    assert {"title", "description", "licenses", "revision"} <= {name.rpartition(".")[2] for name in labels}


def test_nothing_gets_into_the_build_but_what_it_copies() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert lines[1] == "*"
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")} - {"Dockerfile"}
    copied = [line.split()[1:-1] for line in LINES if line.startswith("COPY ") and "--from=" not in line]
    assert let_in == {name for names in copied for name in names if name != "deploy/container/health.py"}
    assert all((ROOT / name).exists() for name in let_in)


def test_the_models_that_stay_are_those_of_every_client_in_the_code(tmp_path: Path) -> None:
    """A client whose model is gone fails at its first call, and only inside the image."""
    code = "".join(path.read_text("utf-8") for path in (ROOT / "auditor").rglob("*.py"))
    made = set(re.findall(r"client\(\s*\"([a-z0-9-]+)\"", code))
    assert {"s3", "route53resolver"} <= made
    for name in (*made, "organizations", "sesv2", "athena", "glue", "pricing", "sso", "sso-oidc", "chime"):
        (tmp_path / "botocore/data" / name).mkdir(parents=True)
    (tmp_path / "botocore/data/endpoints.json").touch()
    assert [path.name for path in trim.unused(tmp_path)] == ["chime"]


def test_the_demo_of_the_image_has_all_endpoint_services() -> None:
    """No region of a service whose model is gone is known to moto, and so no endpoint service of it."""
    from moto.ec2.models.vpcs import IMPLEMENTED_ENDPOINT_SERVICES  # noqa: PLC0415 -- moto takes long to import

    names = {"redshiftdata": "redshift-data"}
    assert {names.get(one, one) for one in IMPLEMENTED_ENDPOINT_SERVICES} <= trim.services()


def test_modules_that_auditwheel_has_patched_are_not_stripped(tmp_path: Path) -> None:
    for name in ("pillow.libs/b.so", "PIL/c.so", "fontTools/misc/d.so"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in trim.with_symbols(tmp_path)] == ["d.so"]


@contextmanager
def serving(status: int) -> Iterator[int]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def health(folder: Path, *command: str) -> int:
    """What the health check ends with where the first process has that command line."""
    (folder / "cmdline").write_text("\0".join(command) + "\0")
    return check.main(folder / "cmdline")


@pytest.mark.parametrize("status", [200, 503])
@pytest.mark.parametrize("form", ["--listen {}", "--listen 0.0.0.0:{}", "--listen=[::]:{}"])
def test_a_schedule_is_as_healthy_as_it_says(tmp_path: Path, status: int, form: str) -> None:
    with serving(status) as port:
        words = ("/opt/auditor/bin/python3", "/opt/auditor/bin/auditor", "schedule", *form.format(port).split())
        assert health(tmp_path, *words) == (0 if status == 200 else 1)


def test_a_schedule_that_does_not_answer_is_not_healthy_and_a_run_is(tmp_path: Path) -> None:
    with serving(200) as port:
        pass
    assert health(tmp_path, "auditor", "schedule", "--listen", str(port)) == 1
    assert health(tmp_path, "auditor", "run", "--mail") == 0
