"""The rules: one file, one rule. A new one is a file here, a test, and a page in docs/rules."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from auditor.rules.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every module of this package that has a `RULE`, by id."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    return tuple(sorted((m.RULE for m in modules if hasattr(m, "RULE")), key=lambda rule: rule.id))
