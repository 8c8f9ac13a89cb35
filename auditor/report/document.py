"""The audit as `audit.json`, whose shape `docs/audit.schema.json` promises."""

from __future__ import annotations

from auditor.model.audit import Audit
from auditor.model.plain import to_json


def render_json(audit: Audit) -> str:
    """The whole audit; exact, so it is what other programs should read."""
    return to_json(audit)
