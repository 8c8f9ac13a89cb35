"""An embedded AWS in a process of its own: its state is nobody else's, and it serves while the tests compute.

    with served("seeded") as aws: ...

It takes seconds to start one, so it is a copy of a process that has started (`tests/embedded_copies.py`).
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from fcntl import LOCK_EX, flock
from pathlib import Path
from socket import AF_UNIX, socket
from tempfile import TemporaryDirectory
from typing import Any

from auditor.aws.accounts import Access
from auditor.collectors.run import Selection, collect, window_of
from auditor.demo.company import DEMO_NOW, Company
from auditor.model.evidence import Evidence
from tests import processes

ROOT = processes.ROOT
OWN, MEMBER = "123456789012", "210987654321"
PRICE_LIST = b'{"FormatVersion": "aws_v1", "PriceList": []}'
"""An answer of GetProducts, which moto lacks: nothing of that name, so the bundled prices hold."""

_SECONDS_TO_END = 60

_kept: list[tuple[Path, ExitStack]] = []


@dataclass(frozen=True)
class Served:
    """Where an embedded AWS listens, the environment that leads to it, and the company in it."""

    url: str
    environment: dict[str, str]
    company: Company

    def environment_of(self, url: str) -> dict[str, str]:
        """The same with another address, that of a proxy before it."""
        return self.environment | {"AWS_ENDPOINT_URL": url, "AUDITOR_PUBLIC_LOOKUPS": "false"}


@contextmanager
def served(kind: str) -> Iterator[Served]:
    """An embedded AWS with the demo's company (`seeded`) or with nothing (`blank`); `MOTO_…` variables are moto's."""
    with _copies() as folder, socket(AF_UNIX) as asked, asked.makefile("rw") as line:
        _connect(asked, folder, kind)
        json.dump({name: value for name, value in os.environ.items() if name.startswith("MOTO_")}, line)
        line.write("\n")
        line.flush()
        told = json.loads(line.readline())
        yield Served(told["url"], told["environment"], _company(told["company"]))


@contextmanager
def copied_in(folder: Path) -> Iterator[None]:
    """Within, what is copied is started once for all processes that name the folder."""
    with ExitStack() as started:
        _kept.append((folder, started))
        yield
        _kept.pop()


@contextmanager
def _copies() -> Iterator[Path]:
    if _kept:
        yield _kept[-1][0]
        return
    with TemporaryDirectory() as folder, copied_in(Path(folder)):
        yield Path(folder)


def _connect(asked: socket, folder: Path, kind: str) -> None:
    """To the process that is copied, or to a new one where there is none, or where another's tests are over."""
    address = folder / f"{kind}.socket"
    with address.with_suffix(".lock").open("w") as lock:
        flock(lock, LOCK_EX)
        try:
            asked.connect(str(address))
        except (FileNotFoundError, ConnectionRefusedError):
            address.unlink(missing_ok=True)
            _, started = _kept[-1]
            started.enter_context(_copied(kind, address))
            asked.connect(str(address))


@contextmanager
def _copied(kind: str, address: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.embedded_copies", kind, str(address)]
    with processes.running(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert processes.line_of(process) == "ready\n"
        yield
        process.stdin.close()
        process.wait(_SECONDS_TO_END)


def selection(company: Company) -> Selection:
    """Both accounts and the three regions of the company, at its moment."""
    return Selection(
        window=window_of(30, DEMO_NOW),
        generated_at=DEMO_NOW,
        regions=company.regions,
        accounts=tuple(company.accounts.values()),
        access=Access(company.role_name, company.external_id),
    )


def read(company: Company, **changes: Any) -> Evidence:
    """The evidence of the company; `changes` are fields of the selection."""
    return asyncio.run(collect(replace(selection(company), **changes)))


def clean_environment(**given: str) -> dict[str, str]:
    """This process's environment without any setting of AWS or of the product, and with what is given."""
    rest = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AUDITOR_"))}
    own = {"AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1", "AUDITOR_PUBLIC_LOOKUPS": "false"}
    return rest | own | given


def _company(told: dict[str, dict[str, list[str]]]) -> Company:
    told["scopes"] = {vpc: tuple(scope) for vpc, scope in told["scopes"].items()}  # type: ignore[misc]
    return Company(**told)  # type: ignore[arg-type]
