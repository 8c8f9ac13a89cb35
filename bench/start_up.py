"""How long the command line takes to answer before it does anything: the least of several runs, in milliseconds.

    python bench/start_up.py

The least, because whatever else the machine does only adds to it.
"""

from __future__ import annotations

import subprocess
import sys
import time

RUNS = 10
COMMANDS = (("--help",), ("--version",), ("iam",), ("rules",))


def milliseconds(*arguments: str) -> float:
    """One run of the program with these arguments."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-m", "auditor", *arguments], check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - begin) * 1000


def main() -> None:
    """Print a line for each command."""
    for arguments in COMMANDS:
        least = min(milliseconds(*arguments) for _ in range(RUNS))
        print(f"auditor {' '.join(arguments):<10} {least:6.0f} ms")


if __name__ == "__main__":
    main()
