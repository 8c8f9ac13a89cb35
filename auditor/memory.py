"""How much memory this process may still take, as far as Linux says: of the machine, and of its container."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

ROOT = Path("/")
_GROUP = Path("sys/fs/cgroup")


def free(root: Path = ROOT) -> int | None:
    """Bytes; `None` on a system that does not say."""
    known = [room for room in (_of_machine(root / "proc/meminfo"), _of_group(root / _GROUP)) if room is not None]
    return min(known, default=None)


def _of_machine(meminfo: Path) -> int | None:
    with suppress(OSError, ValueError):
        for line in meminfo.read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _of_group(group: Path) -> int | None:
    """What a container sees of its own group (cgroup v2); pages of files in it are given up when there is need."""
    with suppress(OSError, ValueError):
        most, used = (int((group / f"memory.{name}").read_text("ascii")) for name in ("max", "current"))
        return max(0, most - used + _file_pages(group / "memory.stat"))
    return None


def _file_pages(stat: Path) -> int:
    rows = (line.split() for line in stat.read_text("ascii").splitlines())
    return sum(int(row[1]) for row in rows if row[0] in {"inactive_file", "active_file"})
