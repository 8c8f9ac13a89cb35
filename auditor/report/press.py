"""A process of its own that lays the PDF out, while this one makes the other formats; its memory goes with it.

It loads WeasyPrint while the audit is still being worked out, so it is best started before that.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
from contextlib import suppress
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

from auditor.errors import AuditorError
from auditor.orphans import end_with_parent

_BLANK = "<html><title>blank</title><p>blank</p></html>"


class Press:
    """Makes one PDF; it ends with its block, and with this process."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe()
        self._process = context.Process(target=_work, args=(there,), name="auditor pdf", daemon=True)
        self._process.start()
        there.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid or 0

    def begin(self, paper: str) -> None:
        """Give it the paper and go on; `pdf` says how that ended."""
        with suppress(BrokenPipeError):
            self._pipe.send(paper)

    def pdf(self) -> bytes:
        """The PDF, when it is done; what `render_pdf` raises, and `AuditorError` where the process did not live."""
        try:
            made: bytes | AuditorError = self._pipe.recv()
        except (EOFError, ConnectionResetError):
            self._process.join()
            raise AuditorError(_death(self._process.exitcode or 0)) from None
        if isinstance(made, AuditorError):
            raise made
        return made


def _death(code: int) -> str:
    cause = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
    return (
        f"The process that lays out the PDF {cause} before it was done, perhaps for want of memory: give it more, "
        "or choose other formats"
    )


def _work(pipe: Connection) -> None:
    """The process. Ctrl-C goes to the whole group, and is for whoever started this; who is gone needs no PDF."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # it makes one PDF and ends
    end_with_parent()
    with suppress(AuditorError):  # what is wrong will be wrong with the paper too
        _made(_BLANK)
    with suppress(EOFError, BrokenPipeError):
        pipe.send(_told(pipe.recv()))


def _told(paper: str) -> bytes | AuditorError:
    try:
        return _made(paper)
    except AuditorError as error:
        return error


def _made(paper: str) -> bytes:
    from auditor.report.pdf import render_pdf  # noqa: PLC0415 -- whoever starts a press need not load what it does

    return render_pdf(paper)
