"""`auditor attribute`: a stage on its own, apart from the pipeline because that takes a second to import."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from auditor.attribution.paths import Question, count_paths
from auditor.attribution.ranges import load_ranges
from auditor.attribution.record_format import parse_log_format
from auditor.attribution.tally import Counted
from auditor.collectors.described import load_nat_gateways
from auditor.config import Config, region_here


def attribute(paths: Sequence[str], described: Path, region: str, config: Config, log_format: str | None) -> Counted:
    """What flow-log files say about the NAT gateways that `aws ec2 describe-nat-gateways` printed."""
    question = Question(
        gateways=load_nat_gateways(described, region),
        ranges=load_ranges(config.ip_ranges),
        log_format=parse_log_format(log_format) if log_format is not None else None,
        budget=config.budget,
        here=region_here(),
        profile=config.profile,
    )
    return asyncio.run(count_paths(paths, question))
