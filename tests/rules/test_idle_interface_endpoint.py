"""An interface endpoint is idle if it carried nothing for a whole window though clients could reach it."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.model.evidence import Evidence
from auditor.model.resources import Endpoint, EndpointService
from auditor.whatif.edits import DropEndpoint
from tests.rules.ask import edits, findings, measured, unjudged
from tests.rules.build import REGION, YOUNG, A, B, app, endpoint_series, evidence, interface, silent_series

RULE = "idle-interface-endpoint"


def offer(service: str) -> EndpointService:
    name = f"com.amazonaws.{REGION}.{service}"
    return EndpointService(name, service, REGION, ("Interface",), (), (f"{service}.{REGION}.amazonaws.com",))


def case(endpoint: Endpoint, carried: int = 0, target: str | None = "nat-a") -> Evidence:
    network = app((A, target), (B, target), endpoints=(endpoint,), endpoint_services=(offer(endpoint.service),))
    return evidence(network, endpoint_series(endpoint.id, carried))


def test_its_hours_in_each_zone_are_saved() -> None:
    of = case(interface("sqs", A, B))
    (finding,) = findings(of, RULE)
    # 2 zones × 730 h × 0.012
    assert finding.saving == measured("17.52")
    assert edits(of, RULE) == [(DropEndpoint("vpce-sqs", REGION),)]


def test_an_old_one_without_any_datapoint_carried_nothing() -> None:
    """PrivateLink publishes nothing while nothing flows."""
    of = evidence(app(endpoints=(interface("sqs", A),)), silent_series("vpce-sqs"))
    assert [finding.saving for finding in findings(of, RULE)] == [measured("8.76")]


def test_a_single_byte_is_use() -> None:
    of = case(interface("sqs", A), carried=1)
    assert not findings(of, RULE)
    assert not unjudged(of, RULE)


@pytest.mark.parametrize("change", [{"requester_managed": True}, {"state": "pending"}, {"state": "deleting"}])
def test_one_that_is_not_the_users_or_not_there_is_left_alone(change: dict[str, Any]) -> None:
    of = case(interface("sqs", A, **change))
    assert not findings(of, RULE)
    assert not unjudged(of, RULE)


def test_young_ones_are_not_judged() -> None:
    zero = case(interface("sqs", A, created=YOUNG))
    silent = evidence(app(endpoints=(interface("sqs", A, created=YOUNG),)), silent_series("vpce-sqs"))
    for of in (zero, silent):
        assert findings(of, RULE) == []
        assert [entry.resource for entry in unjudged(of, RULE)] == ["vpce-sqs"]


def test_one_to_another_region_is_not_judged() -> None:
    """CloudWatch publishes no bytes of it, so that silence is no proof."""
    far = interface("sqs", A, service_region="us-east-1")
    of = evidence(app(endpoints=(far,)), silent_series(far.id))
    assert findings(of, RULE) == []
    assert "another region" in unjudged(of, RULE)[0].reason


def test_one_that_says_its_own_region_is_judged() -> None:
    assert len(findings(case(interface("sqs", A, service_region=REGION)), RULE)) == 1


def test_one_that_was_not_asked_about_is_not_judged() -> None:
    of = evidence(app(endpoints=(interface("sqs", A),)))
    assert findings(of, RULE) == []
    assert len(unjudged(of, RULE)) == 1


def test_one_that_clients_pass_by_through_nat_is_bypassed_instead() -> None:
    assert findings(case(interface("ecr.api", A, private_dns=False)), RULE) == []


def test_nobody_passes_it_by_where_there_is_no_nat() -> None:
    assert len(findings(case(interface("ecr.api", A, private_dns=False), target=None), RULE)) == 1


def test_an_s3_endpoint_without_private_dns_is_idle_all_the_same() -> None:
    """Its clients use its own names; gateway endpoints take care of the others."""
    assert len(findings(case(interface("s3", A, private_dns=False)), RULE)) == 1
