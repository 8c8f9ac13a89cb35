"""One collection as `auditor run` makes it, from the imports to the evidence in memory; then the process ends.

    AWS_ENDPOINT_URL=http://127.0.0.1:PORT python bench/collect_once.py

Prints one line of JSON: when the evidence was complete (monotonic clock), gaps and calls.
"""

from __future__ import annotations

import gc
import json
import time
from datetime import UTC, datetime

gc.disable()  # as the command line does

from auditor.collectors.progress import Progress  # noqa: E402
from auditor.config import load  # noqa: E402
from auditor.pipeline import read  # noqa: E402


def main() -> None:
    """Collect and tell."""
    evidence = read(load(flow_logs="off"), datetime.now(UTC), Progress())
    complete = time.monotonic()
    calls = sum(call.count for scope in evidence.scopes for call in scope.calls)
    calls += sum(call.count for call in evidence.calls)
    print(json.dumps({"complete": complete, "gaps": len(evidence.all_gaps), "calls": calls}))


if __name__ == "__main__":
    main()
