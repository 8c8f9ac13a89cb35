"""Templates and configurations as their languages read them.

cfn-lint is imported where it is needed: it takes a second, in each process that collects tests.
"""

from __future__ import annotations

import re
from typing import Any

import hcl2

from tests.remediation.shell import HOSTILE

STRANGE = [*HOSTILE[:-1], '"\\', "${file(1)} %{if x}", "\x85\u2028\U0001f600", "!Ref x: {y}"]


def faults(text: str) -> list[Any]:
    """What cfn-lint has against a template."""
    from cfnlint.api import lint_all  # noqa: PLC0415 -- see above

    return [match for match in lint_all(text) if match.rule.severity != "informational"]


def template(text: str | None) -> dict[str, Any]:
    """A template, its short functions (`!Ref x`) in their long form."""
    from cfnlint.decode.cfn_yaml import loads  # noqa: PLC0415 -- see above

    found: dict[str, Any] = loads(text or "")
    return found


def resources(text: str | None) -> dict[str, Any]:
    """The resources of a template by logical id."""
    found: dict[str, Any] = template(text)["Resources"]
    return found


def terraform(text: str | None) -> dict[str, Any]:
    """A configuration by address: resources, imports by what they are imported to, outputs."""
    read = hcl2.loads(text or "")
    named = {
        f"{kind.strip(chr(34))}.{name.strip(chr(34))}": block
        for one in read.get("resource", [])
        for kind, blocks in one.items()
        for name, block in blocks.items()
    }
    imports = {f"import {one['to'].removeprefix('${').removesuffix('}')}": one for one in read.get("import", [])}
    outputs = {f"output {name.strip(chr(34))}": one for out in read.get("output", []) for name, one in out.items()}
    return named | imports | outputs


def terraform_value(quoted: str) -> str:
    """What Terraform makes of a string: its escapes, and `$${` and `%%{` for what would begin a template."""
    assert re.fullmatch(r'"(?:[^"\\]|\\U[0-9a-f]{8})*"', quoted)
    assert not re.search(r"(?<![$])[$]\{|(?<!%)%\{", quoted)
    plain = re.sub(r"\\U([0-9a-f]{8})", lambda found: chr(int(found[1], 16)), quoted[1:-1])
    return plain.replace("$${", "${").replace("%%{", "%{")
