"""What the demo company's own audit proposes, in two accounts and three regions, can be carried out and taken back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from auditor.analyzer import analyze
from auditor.model.audit import Audit, PlanRemediation
from auditor.model.network import Network
from auditor.remediation.plan import plan_texts
from auditor.remediation.remedy import remedy
from auditor.whatif.change import Change
from auditor.whatif.edits import (
    AddGatewayEndpoint,
    AssociateRouteTables,
    DropEndpoint,
    DropNatGateway,
    Edit,
    apply_all,
)
from tests.embedded import Served, read, served
from tests.remediation.aws_in_bash import carry_out
from tests.remediation.embedded_accounts import clients, reached, seen


@dataclass(frozen=True)
class Planned:
    """The audited company: its network, its audit, and the edits of the plan in their order."""

    aws: Served
    network: Network
    audit: Audit
    edits: tuple[Edit, ...]

    def again(self) -> Network:
        """The network as it is now."""
        with reached(self.aws):
            return read(self.aws.company, live_prices=False, metrics=False).network


@pytest.fixture(scope="module")
def company() -> Iterator[Planned]:
    with served("seeded") as aws:
        with reached(aws):
            evidence = read(aws.company, live_prices=False)
        planned: list[Change] = []

        def write(of_region: Iterable[Change], network: Network) -> tuple[PlanRemediation, ...]:
            here = list(of_region)
            planned.extend(here)
            return plan_texts(here, network)

        audit = analyze(evidence, remedy, write)
        in_order = sorted(planned, key=lambda one: one.step)
        yield Planned(aws, evidence.network, audit, tuple(edit for one in in_order for edit in one.edits))


@pytest.fixture(scope="module")
def changed(company: Planned, tmp_path_factory: pytest.TempPathFactory) -> Network:
    """Its network once all scripts ran, each with the credentials of its own account."""
    for one in company.audit.plan_remediation:
        assert one.remediation.cli
        carry_out(one.remediation.cli, clients(company.aws, one.account_id), tmp_path_factory.mktemp("there"))
    return company.again()


def test_every_step_of_the_companys_plan_is_in_one_document(company: Planned) -> None:
    steps = [step for one in company.audit.plan_remediation for step in one.steps]
    assert sorted(steps) == [step.step for step in company.audit.plan]
    kinds = {type(edit) for edit in company.edits}
    assert {AddGatewayEndpoint, DropNatGateway, DropEndpoint, AssociateRouteTables} <= kinds


def test_carried_out_the_plan_of_the_company_makes_the_network_that_was_priced(
    company: Planned, changed: Network
) -> None:
    assert seen(changed) == seen(apply_all(company.network, company.edits))


@pytest.mark.usefixtures("changed")
def test_taken_back_the_plan_of_the_company_leaves_the_network_as_it_was(company: Planned, tmp_path: Path) -> None:
    for one in reversed(company.audit.plan_remediation):
        assert one.remediation.rollback
        carry_out(one.remediation.rollback, clients(company.aws, one.account_id), tmp_path)
    assert seen(company.again()) == seen(company.network)
