"""The accounts of the environment collected into parts of the run `bench`, as a shard is; then the process ends.

    python bench/organization_once.py SCOPES

Prints the MiB by which its peak grew after the first tenth of the scopes.
"""

from __future__ import annotations

import gc
import resource
import sys
from datetime import UTC, datetime

gc.disable()  # as the command line does

from auditor.collectors.run import Progress  # noqa: E402
from auditor.config import load  # noqa: E402
from auditor.model.shard import WHOLE  # noqa: E402
from auditor.pipeline import read_shard  # noqa: E402


def peak() -> float:
    """MiB that the process had at the most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Collect and tell."""
    tenth = int(sys.argv[1]) // 10
    early: list[float] = []

    def report(_total: int, done: int, _text: str) -> None:
        if done >= tenth and not early:
            early.append(peak())

    read_shard(load(), datetime.now(UTC), Progress(report), "bench", WHOLE)
    print(f"{peak() - early[0]:.0f}")


if __name__ == "__main__":
    main()
