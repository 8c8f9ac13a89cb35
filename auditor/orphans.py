"""Processes that this one has started end with it, however it ends and whatever they are at."""

from __future__ import annotations

import multiprocessing
import os
from threading import Thread

from auditor.errors import Exit


def end_with_parent() -> None:
    """Have this process, which `multiprocessing` started, end as soon as the one that started it is gone."""
    Thread(target=_wait, daemon=True).start()


def _wait() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(Exit.BUG)
