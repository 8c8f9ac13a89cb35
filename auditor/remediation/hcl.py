"""Blocks of Terraform's language, as `terraform fmt` would write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auditor.remediation.quoted import interpolating, label
from auditor.remediation.state import is_new

KEPT = """\
  lifecycle {
    prevent_destroy = true
  }
"""
"""For what Terraform took over: it was there before, and others may rely on it."""


def resource(kind: str, name: str, arguments: Mapping[str, str], *nested: str) -> str:
    """A resource; arguments are expressions already, nested blocks are whole lines."""
    inner = [_aligned(arguments), *nested]
    return f'resource "{kind}" "{label(name)}" {{\n' + "\n".join(inner) + "}\n"


def imported(address: str, one: str) -> str:
    """Takes over what is there, so that it is changed and not made a second time."""
    return "import {\n" + _aligned({"to": address, "id": interpolating(one)}) + "}\n"


def output(name: str, value: str) -> str:
    """A value that an apply prints."""
    return f'output "{label(name)}" {{\n' + _aligned({"value": value}) + "}\n"


def listed(values: Iterable[str]) -> str:
    """A list of expressions."""
    return f"[{', '.join(values)}]"


def reference(kind: str, one: str) -> str:
    """An id, or that of what the configuration makes under this name."""
    return f"{kind}.{label(one)}.id" if is_new(one) else interpolating(one)


def _aligned(arguments: Mapping[str, str]) -> str:
    width = max(map(len, arguments))
    return "".join(f"  {name:<{width}} = {value}\n" for name, value in arguments.items())
