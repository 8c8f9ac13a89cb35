"""The demo shows a finding of every rule that has a change to propose, with the savings of the seeded bytes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from auditor.analyzer import analyze
from auditor.remediation.remedy import remedy
from tests.rules.ask import edits
from tests.rules.examples import FIRING

if TYPE_CHECKING:
    from auditor.demo.company import Company
    from auditor.model.audit import Audit, Finding
    from auditor.model.evidence import Evidence
    from tests.embedded import Served


@pytest.fixture
def company(seeded: Served) -> Company:
    return seeded.company


@pytest.fixture(scope="module")
def audit(companys_evidence: Evidence) -> Audit:
    return analyze(companys_evidence, remedy)


def the(audit: Audit, rule: str, resource: str, detail: str = "") -> Finding:
    finding_id = ":".join(filter(None, (rule, resource, detail)))
    (found,) = [one for one in audit.findings if one.id == finding_id]
    return found


def expected(finding: Finding) -> Decimal:
    assert finding.saving is not None
    assert finding.saving.expected is not None
    return finding.saving.expected.quantize(Decimal("0.01"))


def test_every_rule_that_has_a_change_to_propose_shows_it(audit: Audit) -> None:
    with_a_change = {rule for rule, of in FIRING.items() if any(edits(of, rule))}
    assert len(with_a_change) > 10
    assert with_a_change <= {one.rule for one in audit.findings if one.remediation.cli}
    assert "barely-used-nat-gateway" in {one.rule for one in audit.findings}


def test_logs_of_fulfilment_pay_for_an_endpoint(company: Company, audit: Audit) -> None:
    """NAT a 80 % of 520 GB up and 5 % of 130 down, b the same of 480 and 110: 812 GB, of which 99 % are logged.

    812 × 0.99 × 730/720 = 815.05 GB × ($0.052 − $0.01) = $34.23, less 2 × 730 h × $0.012 = $17.52.
    """
    assert expected(the(audit, "interface-endpoint-pays", company.vpcs["fulfilment"], "logs")) == Decimal("16.71")


def test_of_systems_manager_there_is_too_little(company: Company, audit: Audit) -> None:
    """At the least 17.52 − 40 × 730/720 × 0.042: all of it through NAT; at the most 17.52 + 40.56 × 0.01."""
    saving = the(audit, "interface-endpoint-does-not-pay", company.endpoints["fulfilment-ssm"]).saving
    assert saving is not None
    cent = Decimal("0.01")
    assert (saving.low.quantize(cent), saving.expected, saving.high.quantize(cent)) == (
        Decimal("15.82"),
        None,
        Decimal("17.93"),
    )


def test_of_two_endpoints_for_keys_one_goes(company: Company, audit: Audit) -> None:
    found = the(audit, "duplicate-interface-endpoint", company.endpoints["fulfilment-kms-scanners"])
    assert expected(found) == Decimal("8.76")


def test_orders_saves_the_transit_gateway_too(company: Company, audit: Audit) -> None:
    """S3: 20 % of 380 GB up and 41 % of 1,450 down are 670.5 GB, 99.1 % logged, × 730/720 × ($0.052 + $0.02)."""
    found = the(audit, "central-egress-endpoint", company.vpcs["orders"], "s3")
    assert expected(found) == Decimal("48.51")
    assert not [
        one for one in audit.findings if one.id.startswith(f"missing-gateway-endpoint:{company.vpcs['orders']}")
    ]


def test_the_depots_share_what_pays_for_neither_of_them(company: Company, audit: Audit) -> None:
    """KMS: 50 % of 400 GB up and 40 % of 300 down are 320 GB, 99 % logged, × 730/720: 321.2 × $0.042 − $8.76 = $4.73.

    Half of it, 160.6 GB, alone: × $0.062 less 2 × $8.76.
    """
    found = the(audit, "shared-interface-endpoint", company.vpcs["depots"], "kms")
    assert expected(found) == Decimal("4.73")
    assert found.id in {step.finding_id for step in audit.plan}
    spokes = {company.vpcs[name] for name in ("depot-north", "depot-south")}
    assert not [one for one in audit.findings if one.rule == "interface-endpoint-pays" and one.resource in spokes]


def test_archive_needs_no_nat_gateway(company: Company, audit: Audit) -> None:
    """500 GB are 506.94 a month: $37.96 + $3.65 + $26.36; KMS has 130 of them, 131.81: $8.76 + $1.32."""
    found = the(audit, "replaceable-nat-gateway", company.nat_gateways["archive-a"])
    assert expected(found) == Decimal("57.89")
    assert found.id in {step.finding_id for step in audit.plan}
