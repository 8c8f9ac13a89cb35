"""What a rule is: it looks at a scope and yields proposals. It prices nothing, reads no clock and does no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from auditor.model.audit import Severity
from auditor.model.evidence import Source
from auditor.model.traffic import Level
from auditor.rules.view import View
from auditor.whatif.edits import Edit
from auditor.whatif.flow_log import NewFlowLog


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something to change (`edits`), to measure (`flow_log`) or to know (neither).

    `detail` tells findings of one rule on one resource apart.
    """

    resource: str
    vpc_id: str | None
    title: str
    why: str
    evidence: Level = Level.METRICS
    edits: tuple[Edit, ...] = ()
    flow_log: NewFlowLog | None = None
    risks: tuple[str, ...] = ()
    check: str = ""
    note: str = ""
    severity: Severity | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A resource of which the evidence is too thin to say anything."""

    resource: str
    reason: str


Judge = Callable[[View], Iterator[Proposal | Unjudged]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule says nothing at all about a scope in which one of `needs` could not be read.

    `is_about_money`: a finding of it matters no more than what it saves. `only_if_it_pays`: a proposal that saves
    nothing is no finding at all.
    """

    id: str
    title: str
    severity: Severity
    needs: tuple[Source, ...]
    judge: Judge
    is_about_money: bool = False
    only_if_it_pays: bool = False
