"""Removes from the image's virtual environment what no run uses: `python trim.py SITE-PACKAGES`.

- models of AWS services that neither Auditor nor its demo calls (botocore has more than 400);
- sources and headers of compiled modules, stubs, untranslated texts;
- symbols of compiled modules, save where auditwheel has moved things about: strip breaks those.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from auditor.aws.policy import Part, operations_of

CREDENTIALS = frozenset({"signin", "sso", "sso-oidc", "sts"})
"""Services that botocore asks for credentials, as profile and environment say."""
_ENDPOINT_SERVICES = {"cloudformation", "codepipeline", "dynamodb", "ecr", "firehose", "iot", "kinesis", "sagemaker"}
DEMO = frozenset({"iam", "redshift-data"} | _ENDPOINT_SERVICES)
"""What the demo calls beyond the audit, and whatever moto has endpoint services of: it asks models for regions."""

_SOURCES = ("*.c", "*.h", "*.a", "*.pyx", "*.pxd", "*.pyi", "*.po")
_PATCHED = ("PIL", "*.libs")


def services() -> set[str]:
    """The services whose models are kept."""
    called = {operation.service for part in Part for operation in operations_of(part)}
    return called | CREDENTIALS | DEMO


def unused(packages: Path) -> Iterator[Path]:
    """Folders and files to remove."""
    yield from (
        path for path in (packages / "botocore/data").iterdir() if path.is_dir() and path.name not in services()
    )
    yield from (path for pattern in _SOURCES for path in packages.rglob(pattern) if path.is_file())


def with_symbols(packages: Path) -> list[Path]:
    """Compiled modules that strip may touch."""
    return [path for path in packages.rglob("*.so") if not any(path.is_relative_to(one) for one in _kept(packages))]


def _kept(packages: Path) -> list[Path]:
    return [path for pattern in _PATCHED for path in packages.glob(pattern)]


def main(packages: Path) -> None:
    """Trim the folder."""
    for path in list(unused(packages)):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    subprocess.run(["strip", "--strip-unneeded", *map(str, with_symbols(packages))], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
