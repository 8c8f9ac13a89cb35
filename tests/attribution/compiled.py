"""The part in C as it stands in the source, not as it was compiled when Auditor was installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from auditor.attribution import summing
from hatch_build import SOURCES, compiled

ROOT = Path(__file__).parents[2]


def compile_now(library: Path, *flags: str) -> None:
    """Into that file."""
    assert compiled([ROOT / source for source in SOURCES], library, *flags)


def use(library: Path) -> None:
    """From now on in this process."""
    summing.LIBRARY = library
    summing.library.cache_clear()


def run_checked(module: str, folder: Path) -> None:
    """`meet` of that module, in a process where every access of the compiled part is checked."""
    library = folder / "checked.so"
    compile_now(library, "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    runtime = subprocess.run(["cc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True).stdout
    code = f"from tests.attribution.{module} import meet; meet({str(library)!r})"
    environment = os.environ | {"LD_PRELOAD": runtime.strip(), "ASAN_OPTIONS": "detect_leaks=0"}
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=True)
