"""What an audit, and a rule itself, say of some evidence."""

from __future__ import annotations

from decimal import Decimal

from auditor.analyzer import analyze, situation_of
from auditor.model.audit import Audit, Finding, NotEvaluated, Remediation, Saving
from auditor.model.evidence import Evidence
from auditor.rules import all_rules
from auditor.rules.rule import Proposal, Unjudged
from auditor.rules.view import View
from auditor.whatif.edits import Edit
from auditor.whatif.flows import traffic_of
from tests.rules.build import ACCOUNT, REGION


def audit(of: Evidence) -> Audit:
    """Its audit, without texts to paste."""
    return analyze(of, lambda _edits, _network: Remediation())


def findings(of: Evidence, rule: str) -> list[Finding]:
    """What the rule finds in it."""
    return [finding for finding in audit(of).findings if finding.rule == rule]


def unjudged(of: Evidence, rule: str) -> list[NotEvaluated]:
    """What the rule says it cannot judge."""
    return [entry for entry in audit(of).not_evaluated if entry.rule == rule]


def measured(usd: str) -> Saving:
    """A saving that is certain."""
    return Saving(Decimal(usd), Decimal(usd), Decimal(usd))


def up_to(usd: str) -> Saving:
    """A saving of which nothing but the upper bound is known."""
    return Saving(Decimal(0), None, Decimal(usd))


def proposals(of: Evidence, rule_id: str) -> list[Proposal | Unjudged]:
    """What the rule itself says, with its edits, before anything is priced."""
    (rule,) = (one for one in all_rules() if one.id == rule_id)
    return list(rule.judge(View(of, situation_of(of, REGION, traffic_of(of)), ACCOUNT, REGION)))


def edits(of: Evidence, rule_id: str) -> list[tuple[Edit, ...]]:
    """The edits of each of the rule's proposals."""
    return [one.edits for one in proposals(of, rule_id) if isinstance(one, Proposal)]
