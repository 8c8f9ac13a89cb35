"""What a rule proposes, as text to paste."""

from __future__ import annotations

from dataclasses import replace

from auditor.model.audit import Remediation
from auditor.model.network import Network
from auditor.remediation.cli import commands
from auditor.remediation.cloudformation import template
from auditor.remediation.flow_log import flow_log_texts
from auditor.remediation.terraform import configuration
from auditor.rules.rule import Proposal


def remedy(said: Proposal, network: Network) -> Remediation:
    """The flow log that it wants, else its edits; nothing where it wants neither."""
    if said.flow_log:
        return flow_log_texts(said.flow_log)
    if not said.edits:
        return Remediation()
    stack, blocks = template(said.edits, network), configuration(said.edits, network)
    return replace(commands(said.edits, network), cloudformation=stack, terraform=blocks)
