"""What a rule proposes, as text to paste."""

from __future__ import annotations

from auditor.model.audit import Remediation
from auditor.model.network import Network
from auditor.remediation.cli import commands
from auditor.remediation.flow_log import flow_log_texts
from auditor.rules.rule import Proposal


def remedy(said: Proposal, network: Network) -> Remediation:
    """The flow log that it wants, else its edits."""
    return flow_log_texts(said.flow_log) if said.flow_log else commands(said.edits, network)
