"""`/healthz` and `/readyz` tell a service that is stuck or cannot reach its store; addresses that cannot be had."""

from __future__ import annotations

import json
import socket
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from auditor.errors import UsageError
from auditor.scheduler.board import Board
from auditor.scheduler.endpoints import endpoints
from tests.scheduler.fast import START, FastClock


def status(port: int | None, path: str, method: str = "GET") -> tuple[int, str]:
    try:
        with urlopen(Request(f"http://127.0.0.1:{port}{path}", method=method), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_service_that_goes_round_is_alive_and_one_whose_store_answers_is_ready() -> None:
    clock = FastClock()
    board = Board(["weekly"], clock)
    with endpoints("0", board) as port:
        board.beat({"weekly": START})
        assert status(port, "/healthz") == (200, "alive\n")
        assert status(port, "/readyz")[0] == 503, "nobody knows yet"
        board.store_answered(())
        assert status(port, "/readyz")[0] == 200
        board.store_failed("access denied")
        code, told = status(port, "/readyz?x")
        assert (code, json.loads(told)["store"], json.loads(told)["ready"]) == (503, "access denied", False)
        assert status(port, "/healthz")[0] == 200
        clock.passed += 301
        assert status(port, "/healthz") == (503, "stuck\n")
        board.still_here()
        assert status(port, "/healthz")[0] == 200
        assert status(port, "/readyz", "POST")[0] == 501


@pytest.mark.parametrize("listen", ["x", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "-1", ""])
def test_what_is_no_address_is_refused(listen: str) -> None:
    said = f"option --listen: {listen!r}: is not [ADDRESS:]PORT such as 8080 or 0.0.0.0:8080"
    with pytest.raises(UsageError) as refused, endpoints(listen, Board([], FastClock())):
        pass
    assert str(refused.value) == said


def test_a_port_that_another_has_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UsageError, match=r"cannot listen there: Address already in use"):
            endpoints(listen, Board([], FastClock())).__enter__()


def test_without_an_address_nothing_listens() -> None:
    with endpoints(None, Board([], FastClock())) as port:
        assert port is None
