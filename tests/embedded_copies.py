"""Starts one embedded AWS, and gives a copy of it to everyone who asks: a process with the same state.

`python -m tests.embedded_copies seeded ADDRESS` (or `blank`) listens on a Unix socket until its standard input ends.
Who connects sends a line of JSON, variables for moto, and gets one: where the copy serves, with which environment, and
the company in it. The copy is gone when the connection is.
"""

from __future__ import annotations

import json
import os
import selectors
import shutil
import signal
import sys
import warnings
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from socket import AF_UNIX, socket
from typing import Any

import boto3
from botocore.exceptions import ClientError

from auditor.demo import moto_patches
from auditor.demo.company import DEMO_NOW, Company, seed
from auditor.demo.embedded import DEFAULT_REGION, EmbeddedAws
from auditor.demo.extra import require

FIRST_CALLS = (
    ("ec2", "describe_vpcs"),
    ("ec2", "describe_vpc_endpoint_services"),
    ("cloudwatch", "list_metrics"),
    ("iam", "list_roles"),
    ("logs", "describe_log_groups"),
    ("organizations", "list_roots"),
    ("route53resolver", "list_resolver_query_log_configs"),
    ("s3", "list_buckets"),
    ("sts", "get_caller_identity"),
)


def serve(kind: str, address: str) -> None:
    """Start it, and copy it for everyone who connects."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a copy ended
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    if kind == "blank":
        os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    before = dict(os.environ)
    _share_what_serves()
    with EmbeddedAws() as aws, socket(AF_UNIX) as listening:
        company = _seeded(aws) if kind == "seeded" else _nothing(aws)
        assert dict(os.environ) == before
        environment = aws.environment | {"AWS_CONFIG_FILE": _copied(aws.environment["AWS_CONFIG_FILE"], address)}
        listening.bind(address)
        listening.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while _is_asked(listening):
            connection, _ = listening.accept()
            if os.fork() == 0:
                _serve_copy(connection, environment, company)
            connection.close()


def _copied(config: str, address: str) -> str:
    """Beside the address: the worker that has started this may end before others, and all that is its own with it."""
    return str(shutil.copyfile(config, f"{address}.config"))


def _share_what_serves() -> None:
    """Let a copy's server answer by what the first one has made: half a second for EC2 alone."""
    threaded: Any = require("moto.moto_server.threaded_moto_server")
    threaded.create_backend_app = cache(threaded.create_backend_app)


def _seeded(aws: EmbeddedAws) -> Company:
    company = seed(aws, DEMO_NOW)
    _ask(aws, [("ec2", "describe_vpc_endpoint_services", region) for region in company.regions])
    return company


def _nothing(aws: EmbeddedAws) -> Company:
    """Nothing is in it, but what the first answers take seconds to load is there."""
    _ask(aws, [(service, call, DEFAULT_REGION) for service, call in FIRST_CALLS])
    aws._post("/moto-api/reset")
    return Company(accounts={}, regions=(), role_name="", external_id="")


def _ask(aws: EmbeddedAws, calls: Iterable[tuple[str, str, str]]) -> None:
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    for service, call, region in calls:
        client = boto3.client(service, region, endpoint_url=aws.endpoint_url, **keys)
        with suppress(ClientError):  # there is no organization
            getattr(client, call)()


def _is_asked(listening: socket) -> bool:
    """Wait for the next connection; where the standard input has ended, only for those that are there."""
    with selectors.DefaultSelector() as both:
        both.register(sys.stdin, selectors.EVENT_READ)
        both.register(listening, selectors.EVENT_READ)
        return listening in [key.fileobj for key, _ in both.select()]


def _serve_copy(connection: socket, environment: dict[str, str], company: Company) -> None:
    """In the copy: only the thread that called is copied, so it needs a server of its own."""
    try:
        with connection.makefile("rw") as line, moto_patches.server() as url:
            os.environ.update(json.loads(line.readline()))
            told = {"url": url, "environment": environment | {"AWS_ENDPOINT_URL": url}, "company": asdict(company)}
            json.dump(told, line)
            line.write("\n")
            line.flush()
            line.readline()
        os._exit(0)
    finally:
        sys.excepthook(*sys.exc_info())  # it has failed: there is no other way to here
        os._exit(1)


if __name__ == "__main__":
    serve(*sys.argv[1:])
