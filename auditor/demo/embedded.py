"""The embedded AWS: moto's server inside this process, on a free port of 127.0.0.1.

Its random ids are seeded: the same calls make the same ids. moto keeps one state per process, so only one
embedded AWS runs at a time; a second one is refused.
"""

from __future__ import annotations

import logging
import os
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.request import ProxyHandler, Request, build_opener

from auditor.demo import moto_patches
from auditor.demo.extra import DemoUnavailableError
from auditor.demo.sdk_models import decoded_once

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT_REGION = "eu-central-1"
_CREDENTIAL = "demo"
_ID_SEED = 20261116


class EmbeddedAws:
    """A context manager around the server. It changes neither `os.environ` nor the user's AWS files.

    `endpoint_url` is where it listens; `environment` is what makes an AWS client reach it and nothing else,
    whatever profile, session token or proxy the user has. Both exist while the context is entered.
    """

    endpoint_url: str
    environment: dict[str, str]

    _running: ClassVar[bool] = False

    def __enter__(self) -> Self:
        """Start the server with an empty state. Raises DemoUnavailableError without the extra `demo`."""
        if EmbeddedAws._running:
            raise DemoUnavailableError("an embedded AWS runs in this process already: use that one")
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_exception: object) -> None:
        """Stop the server and undo the corrections of moto."""
        self._stack.close()

    def _start(self, stack: ExitStack) -> None:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="auditor-demo-")))
        self.environment = _environment(folder)
        stack.enter_context(decoded_once())
        with _applied(self.environment):
            moto_patches.load()
        stack.enter_context(_silenced("werkzeug"))
        stack.enter_context(moto_patches.corrected())
        self.endpoint_url = stack.enter_context(moto_patches.server())
        self.environment["AWS_ENDPOINT_URL"] = self.endpoint_url
        self._post("/moto-api/reset")
        self._post(f"/moto-api/seed?a={_ID_SEED}")
        EmbeddedAws._running = True
        stack.callback(setattr, EmbeddedAws, "_running", False)  # noqa: FBT003 - setattr takes it so

    def _post(self, path: str) -> None:
        request = Request(self.endpoint_url + path, method="POST")  # noqa: S310 - our own http address
        build_opener(ProxyHandler({})).open(request, timeout=30).close()


def _environment(folder: Path) -> dict[str, str]:
    # AWS_PROFILE cannot be unset from here, and botocore refuses a profile that no file has: so one has it.
    config = folder / "config"
    config.write_text("[default]\n", encoding="ascii")
    return {
        "AWS_ACCESS_KEY_ID": _CREDENTIAL,
        "AWS_SECRET_ACCESS_KEY": _CREDENTIAL,
        "AWS_SESSION_TOKEN": "",
        "AWS_DEFAULT_REGION": DEFAULT_REGION,
        "AWS_PROFILE": "default",
        "AWS_DEFAULT_PROFILE": "default",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


@contextmanager
def _applied(environment: Mapping[str, str]) -> Iterator[None]:
    # Only while moto is imported, which fails where AWS_PROFILE names a profile that is gone.
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _silenced(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
