"""Two interface endpoints for one service in one VPC: one of them is paid for in vain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from auditor.model.evidence import Evidence
from auditor.model.resources import Endpoint
from auditor.whatif.edits import DropEndpoint
from tests.rules.ask import audit, edits, findings, measured, unjudged
from tests.rules.build import GIB, REGION, YOUNG, A, B, C, app, endpoint_series, evidence, interface, offer

RULE = "duplicate-interface-endpoint"
FIRST = interface("sqs", A, B)


def twin(*subnets: Any, private_dns: bool = False, **more: Any) -> Endpoint:
    return replace(interface("sqs", *subnets, private_dns=private_dns, **more), id="vpce-twin")


def case(one: Endpoint, other: Endpoint, carried: int = 10 * GIB, others: int = 0) -> Evidence:
    network = app((A, "nat-a"), (B, "nat-a"), (C, "nat-a"), endpoints=(one, other))
    return evidence(network, endpoint_series(one.id, carried), endpoint_series(other.id, others))


def test_the_hours_of_the_one_without_private_dns_are_saved() -> None:
    of = case(FIRST, twin(A))
    (finding,) = findings(of, RULE)
    # 730 h × 0.012
    assert finding.saving == measured("8.76")
    assert edits(of, RULE) == [(DropEndpoint("vpce-twin", REGION),)]


def test_private_dns_counts_more_than_bytes() -> None:
    of = case(FIRST, twin(A, B), carried=0, others=GIB)
    assert edits(of, RULE) == [(DropEndpoint("vpce-twin", REGION),)]


def test_what_still_carries_bytes_by_its_own_names_is_told_but_not_planned() -> None:
    """Its clients would be cut off: nobody else answers for these names."""
    of = case(FIRST, twin(A), others=GIB)
    assert [one.saving for one in findings(of, RULE)] == [measured("8.76")]
    assert [step.finding_id for step in audit(of).plan if step.finding_id.startswith(RULE)] == []


def test_without_private_dns_on_either_the_busier_stays() -> None:
    of = case(replace(FIRST, private_dns=False), twin(A, B), carried=GIB, others=2 * GIB)
    assert edits(of, RULE) == [(DropEndpoint("vpce-sqs", REGION),)]


def test_one_that_does_not_cover_the_others_zones_is_told_without_a_change() -> None:
    of = case(FIRST, twin(B, C))
    (finding,) = findings(of, RULE)
    assert (finding.saving, edits(of, RULE)) == (None, [()])
    assert f"vpce-sqs is not in {REGION}c" in finding.why


@pytest.mark.parametrize(
    "other",
    [
        twin(A, requester_managed=True),
        twin(A, state="deleting"),
        twin(A, service_region="us-east-1"),
        twin(A, vpc_id="vpc-other"),
        twin(A, inbound_resolver_only=True),
        replace(interface("sns", A), id="vpce-twin"),
    ],
    ids=["managed by its service", "deleting", "another region's", "another VPC's", "for outside only", "another's"],
)
def test_near_misses(other: Endpoint) -> None:
    assert findings(case(FIRST, other), RULE) == []


@pytest.mark.parametrize(
    ("one", "other"), [(FIRST, twin(A, created=YOUNG)), (interface("sqs", A, created=YOUNG), twin(A))]
)
def test_beside_a_young_one_clients_may_be_moving(one: Endpoint, other: Endpoint) -> None:
    of = case(one, other)
    assert findings(of, RULE) == []
    assert [entry.resource for entry in unjudged(of, RULE)] == ["vpce-twin"]


def test_a_duplicate_without_private_dns_is_not_called_bypassed() -> None:
    """To turn private DNS on would be the wrong advice: the other answers for the names."""
    network = app((A, "nat-a"), endpoints=(FIRST, twin(A)), endpoint_services=(offer("sqs", "a"),))
    of = evidence(network, endpoint_series(FIRST.id, GIB), endpoint_series("vpce-twin", 0))
    assert findings(of, "interface-endpoint-bypassed") == []
    alone = replace(network, endpoints=(twin(A),))
    assert len(findings(evidence(alone, endpoint_series("vpce-twin", 0)), "interface-endpoint-bypassed")) == 1
