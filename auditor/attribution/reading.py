"""Text files -> split blocks: here, or in a process of its own where there is much to read.

NumPy's calls on a block are many and short, and each takes Python's lock again: two threads take turns more than they
work. Processes share nothing; what they send is a tenth of what they read.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from typing import TypeAlias

from auditor.attribution.lanes import DAMAGED, TextFile, Unreadable, batches, lines
from auditor.attribution.plain_lines import Split, Splitter
from auditor.attribution.words import BACK, FRONT

_BLOCK = 2 * 1024 * 1024

Answers: TypeAlias = Iterator[Split | Unreadable]
Reader: TypeAlias = Callable[[TextFile], Answers]


@contextmanager
def reader(splitter: Splitter, *, is_apart: bool) -> Iterator[Reader]:
    """Something that splits one file after the other; one that cannot be read to its end is said to be so last."""
    if not is_apart:
        yield partial(_read, splitter)
        return
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, splitter), daemon=True)
    process.start()
    there.close()
    try:
        yield partial(_ask, here)
    finally:
        here.close()
        process.terminate()
        process.join()


def _read(splitter: Splitter, file: TextFile) -> Answers:
    try:
        for pieces in batches(lines(file), _BLOCK):
            yield splitter.split(b"".join((FRONT, *pieces, BACK)))
    except DAMAGED as problem:
        yield Unreadable(file.path, str(problem))


def _ask(process: Connection, file: TextFile) -> Answers:
    process.send(file)
    try:
        while (answer := process.recv()) is not None:
            yield answer
    except EOFError as error:
        raise RuntimeError(f"the process that read {file.path} ended before its time") from error


def _serve(asker: Connection, splitter: Splitter) -> None:
    """Until the asker is gone."""
    try:
        while True:
            for answer in _read(splitter, asker.recv()):
                asker.send(answer)
            asker.send(None)
    except (EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        return
