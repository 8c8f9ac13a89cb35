"""Endpoint policies: whether one lets everybody do everything, which is all that is kept of it.

Sources: PrivateLink guide, "Control access to VPC endpoints using endpoint policies"; IAM guide, "JSON policy
elements" (read 2026-11-20).
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

LONGEST = 20_480
"""Characters that an endpoint policy may have, white space included; a longer document is none."""

_DOCUMENTS = 256
"""Most endpoints have the same few policies, above all the one that AWS gives them."""

_NEGATIONS = {"NotPrincipal", "NotAction", "NotResource"}


@lru_cache(_DOCUMENTS)
def is_open(document: object, service: str) -> bool | None:
    """Whether a policy document allows every action on everything to everyone, without a condition.

    A statement that denies something is taken for a restriction. `None` where the document is missing or unreadable,
    and where what it allows is said by what it leaves out (`NotAction`).
    """
    statements = _statements(document)
    if statements is None or any(_effect(one) is None for one in statements):
        return None
    if any(_effect(one) == "Deny" for one in statements):
        return False
    if any(_allows_everything(one, service) for one in statements):
        return True
    return None if any(_NEGATIONS & set(one) for one in statements) else False


def _statements(document: object) -> list[dict[str, Any]] | None:
    if not isinstance(document, str) or len(document) > LONGEST:
        return None
    try:
        found = json.loads(document)
    except (ValueError, RecursionError):
        return None
    listed = _listed(found.get("Statement")) if isinstance(found, dict) else []
    return listed if listed and all(isinstance(one, dict) for one in listed) else None


def _effect(statement: dict[str, Any]) -> str | None:
    effect = statement.get("Effect")
    return effect if effect in ("Allow", "Deny") else None


def _allows_everything(statement: dict[str, Any], service: str) -> bool:
    """The service's own wildcard is as good as all: an endpoint carries no other service's calls."""
    principal = statement.get("Principal")
    who = principal.get("AWS") if isinstance(principal, dict) else principal
    actions = {one.lower() for one in _listed(statement.get("Action")) if isinstance(one, str)}
    return (
        "*" in _listed(who)
        and bool(actions & {"*", "*:*", f"{service.partition('.')[0]}:*"})
        and "*" in _listed(statement.get("Resource"))
        and not statement.get("Condition")
    )


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 -- JSON has every type
    return value if isinstance(value, list) else [value]
