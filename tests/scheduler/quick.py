"""`python -m tests.scheduler.quick …` is `auditor …` with leases of seconds: a dead replica is replaced soon."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

from auditor.cli import main
from auditor.scheduler import ledger, service
from auditor.store import lease

if __name__ == "__main__":
    with (
        patch.object(ledger, "LEASE", timedelta(seconds=12)),
        patch.object(lease, "SKEW", timedelta(seconds=1)),
        patch.object(service, "OTHER_AT_WORK", 1),
    ):
        main()
