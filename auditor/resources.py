"""Finds the files that ship beside the code: templates, config examples, rule pages.

A wheel carries them below `auditor/_bundled`; a checkout (editable install) has them at its top.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_BUNDLED = _PACKAGE / "_bundled"


def path(name: str) -> Path:
    """The folder or file `name` ("templates", "config", "docs/rules/idle-nat-gateway.md")."""
    bundled = _BUNDLED / name
    return bundled if bundled.exists() else _PACKAGE.parent / name
