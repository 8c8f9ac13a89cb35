"""The printed policy is enough, and each action of it is needed: without it a gap or an error names it.

The embedded AWS enforces IAM. It has no Price List API. Each source alone is denied in test_gaps.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from auditor.aws.policy import Grants, Part, operations_of, policy
from auditor.collectors.permissions import try_permissions
from auditor.collectors.run import Selection, collect, window_of
from auditor.delivery.post import Mail, open_carrier, parcels
from auditor.delivery.retries import deliver
from auditor.delivery.settings import MailSettings
from auditor.demo.company import DEMO_NOW
from auditor.errors import StoreError
from auditor.model.evidence import Evidence
from auditor.model.letter import Delivery
from auditor.store.place import open_place
from tests.delivery.letters import ANNA, AT, LETTER, QUICK, SENDER
from tests.deploy.enforced import BUCKET, REGION, administer, as_it_asks, enforce, seed_network
from tests.embedded import OWN, PRICE_LIST, served
from tests.fault_proxy import FaultProxy

USER = f"arn:aws:iam::{OWN}:user/auditor"
STORE = f"s3://{BUCKET}/runs"
WINDOW = window_of(30, DEMO_NOW)
GRANTS = Grants(frozenset({Part.COLLECT, Part.FLOW_LOGS, Part.MAIL, Part.STORE}), mail_from=SENDER, store=STORE)
TRIED = sorted({op.action for op in operations_of(Part.COLLECT)} - {"pricing:GetProducts"})


@dataclass(frozen=True)
class Account:
    """An account that asks IAM, and a user in it whose policy can be changed."""

    iam: Any

    @contextmanager
    def without(self, *actions: str) -> Iterator[None]:
        """The printed policy, save these actions."""
        self.grant(actions)
        try:
            yield
        finally:
            self.grant(())

    def grant(self, withheld: Iterable[str]) -> None:
        text = as_it_asks(policy(GRANTS), withheld)
        self.iam.put_user_policy(UserName="auditor", PolicyName="auditor", PolicyDocument=text)


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with served("blank") as aws, FaultProxy(aws.url) as proxy, pytest.MonkeyPatch.context() as environment:
        for name, value in aws.environment.items():
            environment.setenv(name, value)
        iam = boto3.client("iam", REGION)
        _seed(iam)
        own = administer(iam, "administrator")
        key = iam.create_access_key(UserName="auditor")["AccessKey"]
        found = Account(boto3.client("iam", REGION, **own))
        found.grant(())
        enforce(aws.url)
        for name, value in aws.environment_of(proxy.url).items():
            environment.setenv(name, value)
        environment.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        environment.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        proxy.replace("GetProducts", PRICE_LIST)
        yield found


def _seed(iam: Any) -> None:  # noqa: ANN401 -- boto3 publishes no types
    """The user, a network that asks for every call, a bucket, a sender."""
    iam.create_user(UserName="auditor")
    seed_network(boto3.client("ec2", REGION))
    boto3.client("s3", REGION).create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    boto3.client("sesv2", REGION).create_email_identity(EmailIdentity=SENDER)


def audited() -> Evidence:
    wanted = Selection(window=WINDOW, generated_at=DEMO_NOW, regions=(REGION,), live_prices=False)
    return asyncio.run(collect(wanted))


def problems() -> dict[str, str]:
    """What `auditor doctor` says: actions that were refused, with the reason."""
    who, trials = asyncio.run(try_permissions(None, (REGION,), WINDOW))
    assert who == USER
    return {trial.action: trial.problem for trial in trials if trial.problem}


def mailed() -> Delivery:
    settings = MailSettings.model_validate({"from": SENDER, "ses_region": REGION})

    async def go() -> tuple[Delivery, ...]:
        async with open_carrier(settings, None) as carrier:
            return await deliver(parcels([Mail(LETTER, (ANNA,), None)], SENDER, "run-1", AT, carrier), QUICK)

    return asyncio.run(go())[0]


def stored() -> None:
    place = open_place(STORE)
    place.put("one", b"1")
    assert place.get("one") == b"1"
    assert [entry.path for entry in place.entries("")] == ["one"]
    place.delete(["one"])


@pytest.mark.usefixtures("account")
def test_the_policy_is_enough_for_all_that_it_was_printed_for() -> None:
    assert problems() == {}
    assert [gap.reason for gap in audited().all_gaps] == []
    assert mailed().is_delivered
    stored()


@pytest.mark.parametrize("actions", [TRIED[::2], TRIED[1::2]], ids=["half", "the other half"])
def test_without_actions_the_doctor_names_each_with_who_lacks_it_and_no_other(
    account: Account, actions: list[str]
) -> None:
    with account.without(*actions):
        found = problems()
    assert sorted(found) == actions
    assert all(f"grant {action} to {USER}" in found[action] for action in actions)


@pytest.mark.parametrize("action", TRIED)
def test_without_an_action_the_audit_has_a_gap_that_names_it_and_who_lacks_it(account: Account, action: str) -> None:
    with account.without(action):
        gaps = audited().all_gaps
    where = "" if action == "ec2:DescribeRegions" else REGION
    assert {(gap.account_id, gap.region) for gap in gaps} == {(OWN, where)}
    assert all(action in gap.action for gap in gaps)
    assert any(f"grant {action} to {USER}" in gap.reason for gap in gaps)


def test_without_permission_to_send_mail_its_name_is_told(account: Account) -> None:
    with account.without("ses:SendEmail", "ses:SendRawEmail"):
        done = mailed()
    assert not done.is_delivered
    assert "grant ses:SendRawEmail to" in str(done.problem)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("ListBucket", "open the"),
        ("PutObject", "write one to the"),
        ("GetObject", "read one in the"),
        ("DeleteObject", "delete one from the"),
    ],
)
def test_without_an_action_on_the_store_what_it_takes_is_told(account: Account, name: str, what: str) -> None:
    with account.without(f"s3:{name}"), pytest.raises(StoreError) as refused:
        stored()
    assert str(refused.value).startswith(f"Cannot {what} store {STORE}: access denied")
    assert name in str(refused.value)
