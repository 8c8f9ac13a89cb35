"""Hundreds of runs under faults: what tests/faults shows in seconds, for as long as one likes.

python -m bench.faults [RUNS] [SEED]

Each run has a seed of its own, from SEED on; one that breaks a law is printed with its seed, which repeats it.
"""

from __future__ import annotations

import statistics
import sys

from tests.embedded import served
from tests.faults.dice import Dice
from tests.faults.story import Story


def main(runs: int = 500, first: int = 1) -> None:
    """Print what breaks a law, and in the end what happened in all."""
    bad = 0
    with served("seeded") as aws, Story.opened(aws) as story:
        for seed in range(first, first + runs):
            found = story.broken(seed)
            bad += bool(found)
            if found:
                sys.stdout.write(f"seed {seed}: {Dice(seed, story.places)}\n" + "".join(f"  {one}\n" for one in found))
                sys.stdout.flush()
    sys.stdout.write(f"{runs} runs, {bad} that break a law; {story.gaps} gaps, {story.without_access} without access\n")
    sys.stdout.write(f"{statistics.median(story.seconds):.2f} s a run, {max(story.seconds):.1f} s the longest\n")
    sys.stdout.writelines(f"{times:7} {kind}\n" for kind, times in sorted(story.met.items()))
    sys.exit(bad > 0)


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
