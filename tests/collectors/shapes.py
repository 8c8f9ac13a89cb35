"""Items of EC2's answers, checked against AWS's own model: a field that is misspelt or of another type fails."""

from __future__ import annotations

from typing import Any

from botocore.validate import ParamValidator

from tests.models import model


def item(operation: str, member: str, **fields: Any) -> dict[str, Any]:
    """One item of a list in an operation's answer."""
    shape = model().operation_model(operation).output_shape.members[member].member
    report = ParamValidator().validate(fields, shape)
    assert not report.has_errors(), report.generate_report()
    unknown = set(fields) - set(shape.members)
    assert not unknown, f"{shape.name} has no {unknown}"
    return fields


def tags(**values: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]
