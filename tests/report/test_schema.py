"""The published schema is that of the audits that are written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from auditor.model.audit import Audit
from auditor.report.document import render_json
from auditor.report.schema import schema_text
from tests.report.example import AUDIT, blind_audit, empty_audit, hostile_audit

PUBLISHED = Path(__file__).parents[2] / "docs" / "audit.schema.json"


def violations(document: object) -> list[jsonschema.ValidationError]:
    """Where a document leaves the published schema."""
    schema = json.loads(PUBLISHED.read_text())
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    return list(validator.iter_errors(document))


def test_the_published_schema_is_current() -> None:
    """Write it anew with the command of the message."""
    command = "python -c 'from auditor.report.schema import schema_text; print(schema_text(), end=str())'"
    assert PUBLISHED.read_text() == schema_text(), f"{command} > docs/audit.schema.json"


def test_the_schema_is_one() -> None:
    draft = jsonschema.Draft202012Validator
    of_schemas = draft(draft.META_SCHEMA, format_checker=draft.FORMAT_CHECKER)
    assert list(of_schemas.iter_errors(json.loads(PUBLISHED.read_text()))) == []


@pytest.mark.parametrize("audit", [AUDIT, empty_audit(), blind_audit(), hostile_audit()])
def test_every_audit_keeps_to_the_schema(audit: Audit) -> None:
    assert violations(json.loads(render_json(audit))) == []


def test_the_document_has_the_promised_shape() -> None:
    document = json.loads(render_json(AUDIT))
    assert document["schema_version"] == "1.3"
    assert document["generated_at"] == "2026-11-20T15:20:07Z"
    assert document["window"] == {"start": "2026-10-21T00:00:00Z", "end": "2026-11-20T00:00:00Z"}
    assert document["totals"]["nat_monthly_cost"] == "295.65005"
    assert document["prices"][0] == {
        "region": "us-east-1",
        "item": "nat-gateway-gb",
        "usd": "0.045",
        "unit": "GB",
        "source": "AWS price list",
        "as_of": "2026-11-01",
        "from_quantity": "0",
    }
    nat = document["nat_gateways"][0]
    assert nat["bytes_in_from_source"] == 1_073_741_824_000
    assert nat["destinations"][0] == {
        "service": "s3",
        "region": "us-east-1",
        "bytes_up": 966_367_641_600,
        "bytes_down": 3_113_851_289_600,
        "named_by": "address-range",
        "monthly_cost": "173.375",
        "endpoint": "gateway",
    }
    assert nat["attribution"]["flow_log_ids"] == ["fl-0a11ce0000000000a"]
    assert (nat["attribution"]["start"], nat["attribution"]["share_of_window"]) == ("2026-10-21T00:00:00Z", "1")
    assert nat["talkers"][0]["owner"] == "instance i-0c0ffee, name=etl-worker"
    assert document["nat_gateways"][1]["attribution"] is None
    assert document["cost_of_this_run"]["scans"][1] == {
        "flow_log_id": "fl-0c0c000000000000c",
        "engine": "athena",
        "bytes_estimated": 4_294_967_296,
        "usd_estimated": "0.021",
        "bytes_scanned": 4_294_967_296,
        "usd": "0.02",
    }
    assert set(document["findings"][1]["avoided"][0]) == {
        "resource",
        "label",
        "quantity",
        "unit",
        "price",
        "usd",
        "source",
        "as_of",
    }
    assert document["findings"][0]["saving"] == {"low": "0", "expected": None, "high": "412.5"}


BREAKS: dict[str, Callable[[dict[str, Any]], object]] = {
    "money as a float": lambda d: d["totals"].update(nat_monthly_cost=295.65),
    "an exponent": lambda d: d["totals"].update(nat_monthly_cost="2.9E+2"),
    "bytes as text": lambda d: d["nat_gateways"][0].update(bytes_in_from_source="1"),
    "bytes as a fraction": lambda d: d["nat_gateways"][0].update(bytes_in_from_source=1.5),
    "a local time": lambda d: d.update(generated_at="2026-11-20T15:20:07+02:00"),
    "an unheard-of severity": lambda d: d["findings"][0].update(severity="dreadful"),
    "a saving as a number": lambda d: d["findings"][0].update(saving="12"),
    "no gaps": lambda d: d.pop("gaps"),
    "no source of a gap": lambda d: d["gaps"][0].pop("source"),
    "unknown totals": lambda d: d["totals"].update(after_plan=None),
}


@pytest.mark.parametrize("break_it", BREAKS.values(), ids=BREAKS)
def test_a_broken_audit_fails(break_it: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(render_json(AUDIT))
    break_it(document)
    assert violations(document)


def test_a_further_field_is_allowed() -> None:
    """Minor versions may add fields without breaking a reader that validates."""
    document = json.loads(render_json(AUDIT))
    document["totals"]["co2"] = "0.1"
    assert violations(document) == []


def test_every_field_is_described_with_its_unit() -> None:
    schema = json.loads(PUBLISHED.read_text())
    for kind in (schema, *schema["$defs"].values()):
        assert all(field["description"] for field in kind["properties"].values())
    assert "USD a month" in schema["$defs"]["Totals"]["properties"]["after_plan"]["description"]
