"""Progress on stderr: a bar on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from auditor.collectors.run import Progress


@contextmanager
def progress(*, quiet: bool = False, verbose: bool = False) -> Iterator[Progress]:
    """What the collectors tell how far they are."""
    if verbose:
        logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(message)s")
        logging.getLogger("auditor").setLevel(logging.INFO)
    if quiet:
        yield Progress()
    elif sys.stderr.isatty():
        yield from _bar()
    else:
        yield Progress(_line)


def _line(total: int, done: int, text: str) -> None:
    if text:
        sys.stderr.write(f"[{done}/{total}] {text}\n")


def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("Reading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield Progress(lambda total, done, text: bar.update(task, total=total, completed=done, description=text))
