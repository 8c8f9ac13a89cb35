"""The audit as `audit.json`, whose shape `docs/audit.schema.json` promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.plain import to_json

if TYPE_CHECKING:
    from auditor.model.audit import Audit


AUDIT_FILE = "audit.json"


def render_json(audit: Audit) -> str:
    """The whole audit; exact, so it is what other programs should read."""
    return to_json(audit)
