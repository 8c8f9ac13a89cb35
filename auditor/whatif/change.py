"""A step of the plan as something to carry out."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.model.audit import Finding
from auditor.whatif.edits import Edit


@dataclass(frozen=True, slots=True)
class Change:
    """The number of a step, the finding that proposes it, and its edits."""

    step: int
    finding: Finding
    edits: tuple[Edit, ...]
