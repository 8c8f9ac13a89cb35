"""`/healthz`, `/readyz` and `/metrics` over HTTP, for those who watch the service; off unless an address is given."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from auditor.errors import UsageError
from auditor.scheduler.board import Board

_HERE = "127.0.0.1"
_JSON = "application/json"


@contextmanager
def endpoints(listen: str | None, board: Board) -> Iterator[int | None]:
    """Serve while the service runs: on `PORT` of this machine alone, on `ADDRESS:PORT`, or not at all.

    Gives the port, which another one is chosen for where it is 0; `UsageError` where it cannot be had.
    """
    if listen is None:
        yield None
        return
    server = _serving(listen, board)
    Thread(target=server.serve_forever, daemon=True, name="endpoints").start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def _serving(listen: str, board: Board) -> ThreadingHTTPServer:
    address, _, port = listen.rpartition(":")
    host = address.strip("[]") or _HERE
    if not (port.isascii() and port.isdigit() and int(port) < 2**16):
        raise UsageError(f"option --listen: {listen!r}: is not [ADDRESS:]PORT such as 8080 or 0.0.0.0:8080")
    try:
        return _Server((host, int(port)), board)
    except OSError as error:
        raise UsageError(f"option --listen: {listen!r}: cannot listen there: {error.strerror or error}") from error


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], board: Board) -> None:
        self.board = board
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Page)


class _Page(BaseHTTPRequestHandler):
    timeout = 10  # who says nothing for so long is not waited for
    server: _Server

    def do_GET(self) -> None:
        """Answer one of three pages; there is nothing to see elsewhere, and nothing to change anywhere."""
        status, kind, content = self._page()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _page(self) -> tuple[HTTPStatus, str, bytes]:
        board = self.server.board
        match self.path.partition("?")[0]:
            case "/healthz":
                return _status(is_good=board.lives), "text/plain", b"alive\n" if board.lives else b"stuck\n"
            case "/readyz":
                return _status(is_good=board.is_ready), _JSON, json.dumps(board.told(), indent=2).encode() + b"\n"
            case "/metrics":
                return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(board.metrics.registry)
        return HTTPStatus.NOT_FOUND, "text/plain", b"/healthz, /readyz, /metrics\n"

    def version_string(self) -> str:
        """Nothing about versions for whoever asks."""
        return "auditor"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the standard library's name
        """Nobody reads of every probe."""


def _status(*, is_good: bool) -> HTTPStatus:
    return HTTPStatus.OK if is_good else HTTPStatus.SERVICE_UNAVAILABLE
