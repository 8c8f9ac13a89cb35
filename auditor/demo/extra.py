"""The optional extra `demo`: moto and boto3, imported only when the embedded AWS starts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from auditor.errors import AuditorError, Exit

if TYPE_CHECKING:
    from types import ModuleType


class DemoUnavailableError(AuditorError):
    """The embedded AWS cannot run here: its libraries are missing, or moto is not the one expected."""

    exit_code = Exit.USAGE


def require(module: str) -> ModuleType:
    """Import a module of the extra. Raises DemoUnavailableError where it is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        raise DemoUnavailableError(
            f"the demo needs {missing.name}, which is not installed: pip install 'auditor[demo]'"
        ) from missing
