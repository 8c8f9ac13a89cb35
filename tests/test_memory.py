"""How much memory is free is what the kernel says of the machine, or of the container where that has less."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor import memory

MEMINFO = "MemTotal:       24000 kB\nMemFree:         1000 kB\nMemAvailable:    8000 kB\n"
STAT = "anon 5000\nfile 1500\ninactive_file 1000\nactive_file 24\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("proc", "sys/fs/cgroup"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text(MEMINFO)
    return tmp_path


def limit(root: Path, most: str, used: str) -> None:
    for name, content in (("max", most), ("current", used), ("stat", STAT)):
        (root / f"sys/fs/cgroup/memory.{name}").write_text(content)


def test_a_machine_without_containers_has_what_is_available(root: Path) -> None:
    assert memory.free(root) == 8_192_000


def test_a_container_has_what_its_limit_leaves_and_what_files_hold(root: Path) -> None:
    limit(root, "4000000\n", "3000000\n")
    assert memory.free(root) == 4_000_000 - 3_000_000 + 1024
    limit(root, "40000000\n", "3000000\n")
    assert memory.free(root) == 8_192_000, "the machine has less"
    limit(root, "3000\n", "900000\n")
    assert memory.free(root) == 0


def test_a_container_without_a_limit_has_what_the_machine_has(root: Path) -> None:
    limit(root, "max\n", "3000000\n")
    assert memory.free(root) == 8_192_000


def test_what_nobody_says_is_unknown(tmp_path: Path) -> None:
    assert memory.free(tmp_path) is None
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemAvailable: much\n")
    assert memory.free(tmp_path) is None


def test_this_machine_says_it() -> None:
    assert (memory.free() or 0) > 2**20
