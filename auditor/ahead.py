"""What makes the imports of a run shorter; it must come before them."""

from __future__ import annotations

import os
from importlib import import_module
from threading import Thread


def begin() -> None:
    """Import aiohttp in a thread: most of that is reading the system's certificates, which lets other threads run.

    And have pydantic look for no plugins, for which it goes through all packages that are installed.
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    Thread(target=import_module, args=("aiohttp",), name="imports").start()
