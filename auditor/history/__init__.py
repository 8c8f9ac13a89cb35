"""A sequence of audits → where each finding stands, what changed, and what changes did save. Pure."""

from __future__ import annotations

from auditor.history.diff import diff
from auditor.history.follow import follow
from auditor.history.standings import standings

__all__ = ["diff", "follow", "standings"]
