"""Edits: applied twice they change nothing more, and no network makes them fail."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from auditor.model.evidence import Evidence
from auditor.model.network import Network
from auditor.whatif.edits import DropNatGateway, apply_all
from tests.whatif.networks import REGION, edits, evidences
from tests.whatif.test_routing import NETWORK

INDEXES = (
    "vpc", "subnet", "nat_gateway", "endpoint", "table_of_subnet", "endpoints_of_vpc", "endpoints_shared_with",
    "subnets_of_vpc", "nat_gateways_of_vpc", "landing_subnets", "attachment_of_vpc",
)  # fmt: skip


@given(evidences(), st.data())
def test_applying_an_edit_twice_is_applying_it_once(evidence: Evidence, data: st.DataObject) -> None:
    edit = data.draw(edits(evidence.network))
    once = edit.apply(evidence.network)
    assert edit.apply(once) is once


@given(evidences(), st.data())
def test_an_edited_network_knows_its_own_parts(evidence: Evidence, data: st.DataObject) -> None:
    """Indexes that are handed on from edit to edit are those that a new network would make."""
    network = evidence.network
    for edit in data.draw(st.lists(edits(network), max_size=4)):
        assert all(getattr(network, index) is not None for index in INDEXES)
        network = edit.apply(network)
    fresh = Network(**{part.name: getattr(network, part.name) for part in fields(network)})
    assert all(getattr(network, index) == getattr(fresh, index) for index in INDEXES)


@given(evidences(), st.data())
def test_edits_leave_the_network_that_they_are_applied_to(evidence: Evidence, data: st.DataObject) -> None:
    network = evidence.network
    before = repr(network)
    apply_all(network, data.draw(st.lists(edits(network), max_size=4)))
    assert repr(network) == before


def test_a_nat_gateway_is_not_dropped_for_one_that_is_gone() -> None:
    assert DropNatGateway("nat-1", REGION, replaced_by="nat-gone").apply(NETWORK) is NETWORK
