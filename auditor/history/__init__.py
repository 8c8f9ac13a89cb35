"""A sequence of audits → where each finding stands, what changed, and what changes did save. Pure."""

from __future__ import annotations

from auditor.history.follow import follow

__all__ = ["follow"]
