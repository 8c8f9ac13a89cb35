"""What waits for ever fails, and what comes after it is not touched."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from tests.patience import patience
from tests.processes import line_of, running


def wait_for_a_process() -> None:
    subprocess.run([sys.executable, "-c", "import time; time.sleep(60)"], check=False)


def wait_in_a_loop_of_asyncio() -> None:
    asyncio.run(asyncio.sleep(60))


def wait_for_a_thread() -> None:
    thread = threading.Thread(target=time.sleep, args=(60,), daemon=True)
    thread.start()
    thread.join()


def go_round_for_ever() -> None:
    while True:
        pass


@pytest.mark.parametrize("waits", [wait_for_a_process, wait_in_a_loop_of_asyncio, wait_for_a_thread, go_round_for_ever])
def test_what_takes_too_long_fails(waits: Callable[[], None]) -> None:
    begun = time.monotonic()
    with pytest.raises(pytest.fail.Exception, match=r"longer than 0\.2 seconds"), patience(0.2):
        waits()
    assert time.monotonic() - begun < 20


def test_what_waits_again_while_it_fails_fails_again() -> None:
    def wait_twice() -> None:
        try:
            time.sleep(60)
        finally:
            time.sleep(60)

    begun = time.monotonic()
    with pytest.raises(pytest.fail.Exception), patience(0.2):
        wait_twice()
    assert time.monotonic() - begun < 20


def test_afterwards_time_passes_as_before() -> None:
    """Each test has a limit of its own, and this one's goes on after one within it."""
    before = signal.getsignal(signal.SIGALRM)
    _, interval = signal.getitimer(signal.ITIMER_REAL)
    with patience(0.2):
        pass
    time.sleep(0.3)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[1] == interval > 1


def test_a_process_ends_with_its_block_whatever_ends_that() -> None:
    begun = time.monotonic()
    sleeping = running([sys.executable, "-c", "import time; time.sleep(60)"])
    with pytest.raises(ZeroDivisionError), sleeping as process:
        raise ZeroDivisionError
    assert process.returncode == -signal.SIGKILL
    assert time.monotonic() - begun < 20


def test_a_process_that_has_ended_says_no_line() -> None:
    ended = running([sys.executable, "-c", "raise SystemExit(3)"], stdout=subprocess.PIPE)
    with pytest.raises(AssertionError, match="the process ended with 3"), ended as process:
        line_of(process)
