"""Who we are and how other accounts are reached."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aiobotocore.credentials import AioRefreshableCredentials

from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.operations import ASSUME_ROLE, GET_CALLER_IDENTITY
from auditor.aws.session import AuditSession, Target
from auditor.errors import NoAccessError, UsageError

SESSION_NAME = "auditor"


async def own_account(session: AuditSession) -> ScopeCalls:
    """The caller's account in its home region; `NoAccessError` without working credentials."""
    region = session.home_region
    try:
        credentials = await session.own_credentials()
        target = Target("", region, credentials)
        identity = await ScopeCalls(session, target).call(GET_CALLER_IDENTITY)
    except AwsFailureError as failure:
        raise NoAccessError(
            f"{failure.reason}; set AWS_PROFILE or run `aws sso login`, then `auditor doctor`"
        ) from failure
    return ScopeCalls(session, replace(target, account_id=identity["Account"], who=identity["Arn"]))


async def reach(own: ScopeCalls, account_id: str, role: str | None, external_id: str | None) -> ScopeCalls:
    """The caller's own account as it is, another through its role; `UsageError` where no role is named."""
    if account_id == own.account_id:
        return own.at(own.region)
    if not role:
        raise UsageError(f"account {account_id} is not the caller's own: name the role to assume in it with --role")
    return await assume(own, account_id, role, external_id)


async def assume(own: ScopeCalls, account_id: str, role: str, external_id: str | None) -> ScopeCalls:
    """A member account through its role (a name, or an ARN); raises `AwsFailureError` where that is refused."""
    arn = role if role.startswith("arn:") else f"arn:{partition(own)}:iam::{account_id}:role/{role}"
    params = {"RoleArn": arn, "RoleSessionName": SESSION_NAME} | ({"ExternalId": external_id} if external_id else {})

    async def refresh() -> dict[str, str]:
        reply = await own.call(ASSUME_ROLE, **params)
        if reply["AssumedRoleUser"]["Arn"].split(":")[4] != account_id:
            raise AwsFailureError(Kind.UNKNOWN, f"{arn} leads to another account: {reply['AssumedRoleUser']['Arn']}")
        answer = reply["Credentials"]
        return {
            "access_key": answer["AccessKeyId"],
            "secret_key": answer["SecretAccessKey"],
            "token": answer["SessionToken"],
            "expiry_time": answer["Expiration"].isoformat(),
        }

    credentials: Any = AioRefreshableCredentials.create_from_metadata(await refresh(), refresh, "assume-role")
    return ScopeCalls(own.session, Target(account_id, own.region, credentials, arn))


def partition(own: ScopeCalls) -> str:
    """aws, aws-us-gov, aws-cn or aws-eusc, as the caller's own ARN says."""
    return own.target.who.split(":")[1]
