"""Text in YAML and HCL: strings and comments that stay what they are whatever they contain."""

from __future__ import annotations

import re

_ODD = re.compile(r"[^ !#-\[\]-~]")


def quoted(text: str) -> str:
    """A string in double quotes that YAML and HCL read alike: both know these escapes."""
    return f'"{_ODD.sub(_escaped, text)}"'


def _escaped(found: re.Match[str]) -> str:
    return f"\\U{ord(found[0]):08x}"


def interpolating(text: str) -> str:
    """The same for HCL, to which `${` and `%{` begin a template."""
    return quoted(text).replace("${", "$${").replace("%{", "%%{")


def comment(text: str) -> str:
    """One line that YAML, HCL and a shell skip: no line break ends it, no control character reaches a terminal."""
    return f"# {''.join(char for char in ' '.join(text.split()) if char.isprintable())}"


def label(text: str) -> str:
    """A name of a Terraform block."""
    return re.sub(r"[^A-Za-z0-9]", "_", text)


def logical(text: str) -> str:
    """A logical id of a template."""
    return "".join(word[0].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", text))
