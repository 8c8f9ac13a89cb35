"""An embedded AWS in a process of its own: its state is nobody else's, and it serves while the tests compute.

    with served("seeded") as aws: ...

`python -m tests.embedded seeded` (or `blank`) serves until its standard input ends, and says on one line of JSON
where and with what.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from auditor.aws.accounts import Access
from auditor.collectors.run import Selection, collect, window_of
from auditor.demo.company import DEMO_NOW, Company, seed
from auditor.demo.embedded import EmbeddedAws
from auditor.model.evidence import Evidence
from tests import processes

ROOT = processes.ROOT
OWN, MEMBER = "123456789012", "210987654321"
PRICE_LIST = b'{"FormatVersion": "aws_v1", "PriceList": []}'
"""An answer of GetProducts, which moto lacks: nothing of that name, so the bundled prices hold."""

_SECONDS_TO_END = 60


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
    """An embedded AWS with the demo's company (`seeded`) or with nothing (`blank`)."""
    command = [sys.executable, "-m", "tests.embedded", kind]
    with processes.running(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        told = json.loads(processes.line_of(process))
        yield Served(told["url"], told["environment"], _company(told["company"]))
        process.communicate(timeout=_SECONDS_TO_END)


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


def _serve(kind: str) -> None:
    with EmbeddedAws() as aws:
        nobody = Company(accounts={}, regions=(), role_name="", external_id="")
        company = seed(aws, DEMO_NOW) if kind == "seeded" else nobody
        told = {"url": aws.endpoint_url, "environment": aws.environment, "company": asdict(company)}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    _serve(sys.argv[1])
