"""Compiles the one part of Auditor that is not Python; where there is no C compiler, flow logs are read slower."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACE = Path("auditor/attribution")
SOURCES = tuple(PLACE / f"{name}.c" for name in ("summing", "lines", "parquet", "pages", "snappy"))
LIBRARY = PLACE / "_summing.so"
FLAGS = ("-O3", "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-shared", "-fPIC")


class CompilingHook(BuildHookInterface[Any]):
    """Hatchling calls it for a wheel and for an editable install; an sdist holds the source."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 -- Hatchling's interface
        """Put the library beside its source, and into the wheel, which is then one for this platform."""
        if self.target_name != "wheel":
            return
        library = Path(self.root, LIBRARY)
        library.unlink(missing_ok=True)
        if not compiled([Path(self.root, source) for source in SOURCES], library):
            self.app.display_warning("Without a working C compiler (cc, or $CC) flow logs are read far slower.")
            return
        platform = sysconfig.get_platform().translate(str.maketrans("-.", "__"))
        build_data["tag"] = f"py3-none-{platform}"
        build_data["pure_python"] = False
        build_data["artifacts"].append(str(LIBRARY))


def compiled(sources: Sequence[Path], library: Path, *flags: str) -> bool:
    """Whether it worked."""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    if shutil.which(compiler[0]) is None:
        return False
    command = [*compiler, *FLAGS, *flags, *map(str, sources), "-o", str(library)]
    return not subprocess.run(command, check=False).returncode  # noqa: S603 -- the compiler that the user named
