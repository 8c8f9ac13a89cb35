"""The image's health check: where the container serves /healthz, it must answer; any other one is healthy as it runs.

It reads from the command line of the first process whether and where `auditor schedule --listen` serves.
"""

from __future__ import annotations

import http.client
import os
import sys
from pathlib import Path

_SECONDS = 8
_OK = 200


def listens_at(words: list[str]) -> int | None:
    """The port behind `--listen`, which is ADDRESS:PORT or PORT; `None` where nothing is served."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        option, _, given = word.partition("=")
        if option == "--listen":
            return int((given or following).rpartition(":")[2])
    return None


def is_healthy(port: int) -> bool:
    """Whether /healthz says so."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == _OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main(first: Path = Path("/proc/1/cmdline")) -> int:
    """0 or 1, as Docker wants it."""
    port = listens_at(os.fsdecode(first.read_bytes()).split("\0"))
    return 0 if port is None or is_healthy(port) else 1


if __name__ == "__main__":
    sys.exit(main())
