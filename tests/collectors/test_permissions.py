"""`doctor` tries what a run will call, in the same way, and blames only what is refused."""

from __future__ import annotations

import asyncio

import pytest

from auditor.aws.operations import OPERATIONS
from auditor.collectors.permissions import Trial, try_permissions
from auditor.collectors.run import window_of
from auditor.demo.company import DEMO_NOW
from auditor.model.evidence import Source
from tests.embedded import OWN
from tests.fault_proxy import FaultProxy


def tried(*regions: str) -> tuple[str, list[Trial]]:
    return asyncio.run(try_permissions(None, regions, window_of(30, DEMO_NOW)))


@pytest.mark.usefixtures("aws")
def test_every_action_is_tried_once_per_region_and_passes() -> None:
    who, trials = tried("eu-central-1", "us-east-1")
    assert f"::{OWN}:" in who
    assert [trial for trial in trials if trial.problem] == []
    tried_apart = {Source.ACCOUNT, Source.FLOW_RECORDS}
    actions = {operation.action for operation in OPERATIONS if operation.source not in tried_apart}
    for region in ("eu-central-1", "us-east-1"):
        assert {trial.action for trial in trials if trial.region == region} >= actions - {"pricing:GetProducts"}


@pytest.mark.usefixtures("aws")
def test_a_refused_action_is_named_and_no_other(proxy: FaultProxy) -> None:
    proxy.deny("DescribeVpcEndpoints", region="eu-central-1")
    _, trials = tried("eu-central-1", "us-east-1")
    (refused,) = [trial for trial in trials if trial.problem]
    assert (refused.region, refused.action) == ("eu-central-1", "ec2:DescribeVpcEndpoints")
    assert "UnauthorizedOperation: grant ec2:DescribeVpcEndpoints to arn:aws" in refused.problem


@pytest.mark.usefixtures("aws")
def test_without_regions_the_home_region_is_tried() -> None:
    _, trials = tried()
    assert {trial.region for trial in trials if trial.action.startswith("ec2:")} == {"eu-central-1"}
