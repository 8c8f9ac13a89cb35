"""Hundreds of runs killed at random moments: what tests/test_killed.py shows in seconds, for as long as one likes.

python -m bench.killed [KILLS] [SEED]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.killed import Story


def main(kills: int = 300, seed: int = 1) -> None:
    """Print what came of it; an `AssertionError` says what was lost."""
    with tempfile.TemporaryDirectory() as folder:
        story, begun = Story(Path(folder), seed), time.monotonic()
        story.run(kills)
        story.check()
        seconds = time.monotonic() - begun
    sys.stdout.write(
        f"{story.kills} kills, {story.runs} runs stored and delivered, {len(story.mailbox.taken)} messages, "
        f"{story.unclear} of which nobody could know, {story.doubles} doubles, {seconds:.0f} s\n"
    )


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
