"""What must hold of the repository: locks, rules with their tests and pages, layers, links, the wheel."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZipFile

import pytest

import auditor
from auditor.rules import all_rules

ROOT = Path(__file__).resolve().parent.parent
RUNTIME_LOCK, DEVELOPMENT_LOCK = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"
LOCKS = [RUNTIME_LOCK, DEVELOPMENT_LOCK]
BUNDLED = ["templates", "config", "docs/rules"]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


def pins(lock: Path) -> dict[str, tuple[str, ...]]:
    """Each requirement line (name==version; marker) with the hashes below it."""
    entries = re.split(r"\n(?=\S)", re.sub(r"^\s*#.*\n", "", lock.read_text("utf-8"), flags=re.MULTILINE))
    words = [entry.split("\\\n") for entry in entries if entry.strip()]
    return {first.strip(): tuple(word.strip() for word in rest) for first, *rest in words}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_lock_names_no_index_and_no_machine(lock: Path) -> None:
    """A lock installs from any mirror, and says nothing about the machine that wrote it."""
    text = lock.read_text("utf-8")
    assert not re.search(r"://|find-links|index-url|(^|[\s@])/", text, flags=re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_lock_pins_every_package_by_version_and_hash(lock: Path) -> None:
    """Nothing is installed that no hash vouches for."""
    for requirement, hashes in pins(lock).items():
        assert re.match(r"[a-z0-9-]+(\[[a-z,]+\])?==\S+( ;|$)", requirement), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in hashes), requirement


def test_development_lock_holds_the_runtime_lock() -> None:
    """The tests run with the very versions that users get."""
    runtime, development = pins(RUNTIME_LOCK), pins(DEVELOPMENT_LOCK)
    assert runtime.items() <= development.items()


def test_locks_hold_what_pyproject_asks_for() -> None:
    """A dependency that is added without `make lock` is noticed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    runtime = [*project["dependencies"], *extras["build"], *extras["demo"]]
    assert _names(runtime) <= _names(pins(RUNTIME_LOCK))
    assert _names([*runtime, *(name for extra in extras.values() for name in extra)]) <= _names(pins(DEVELOPMENT_LOCK))


def _names(requirements: Iterable[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower().replace("_", "-") for requirement in requirements}


def test_version_is_the_same_everywhere() -> None:
    """The package, its metadata and the newest entry of the changelog name one version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    newest = re.search(r"^## \[([^]]+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)
    assert newest is not None
    assert auditor.__version__ == project["version"] == newest[1]


def test_every_rule_has_a_file_a_test_and_a_page() -> None:
    """A rule is three files of one name; none of them stands alone."""
    rules = {rule.id for rule in all_rules()}
    files = {path.stem.replace("_", "-") for path in (ROOT / "auditor/rules").glob("*.py")}
    tests = {path.stem.replace("_", "-") for path in (ROOT / "tests/rules").glob("test_*.py")}
    pages = {path.stem for path in (ROOT / "docs/rules").glob("*.md")}
    assert rules - files == set(), "rules in a file of another name"
    assert {f"test-{rule}" for rule in rules} - tests == set(), "rules without tests"
    assert rules - pages == set(), "rules without pages"
    assert pages - rules == set(), "pages without rules"


def test_imports_run_one_way() -> None:
    """The layers of pyproject.toml hold, and every module has its layer."""
    run = _run("-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache", cwd=ROOT)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """Every relative link of a Markdown page names a file of the repository."""
    targets = re.findall(r"\]\((?!\w+:|#)([^)\s#]+)", page.read_text("utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as a release is, without network."""
    folder = tmp_path_factory.mktemp("wheel")
    built = _run("-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder), cwd=ROOT)
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


def test_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    """Tests, benchmarks and leftovers of a working copy stay out."""
    with ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {"auditor", f"auditor-{auditor.__version__}.dist-info"}
    assert [name for name in names if "__pycache__" in name] == []
    assert "auditor/py.typed" in names


def test_installed_wheel_finds_templates_config_and_rule_pages(wheel: Path, tmp_path: Path) -> None:
    """Whoever installs the wheel has every file that a checkout has beside the code."""
    _run("-m", "pip", "install", "--no-deps", "--no-index", "--target", str(tmp_path), str(wheel), cwd=tmp_path)
    code = f"from auditor.resources import path; print(*map(path, {BUNDLED!r}), sep='\\n')"
    found = _run("-c", code, cwd=tmp_path).stdout.splitlines()
    assert len(found) == len(BUNDLED)
    for name, folder in zip(BUNDLED, found, strict=True):
        assert Path(folder).is_relative_to(tmp_path)
        assert _files(Path(folder)) == _files(ROOT / name) != set()


def _files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def _run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Python, with `cwd` first on its path (an installed wheel before the checkout)."""
    return subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
