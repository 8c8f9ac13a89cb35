"""Who we are and how other accounts are reached."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from aiobotocore.credentials import AioRefreshableCredentials

from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError, Kind
from auditor.aws.operations import ASSUME_ROLE, GET_CALLER_IDENTITY
from auditor.aws.session import AuditSession, Target
from auditor.errors import NoAccessError, UsageError

SESSION_NAME = "auditor"

# "AWS Organizations endpoints and quotas", read 2026-11-20.
_ORGANIZATIONS = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-northwest-1"}


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


@dataclass(frozen=True, slots=True)
class Exceptional:
    """What differs for one account; `None` and nothing are as for all others."""

    role: str | None = None
    external_id: str | None = field(default=None, repr=False)
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """How other accounts are reached: by a role (a name, or an ARN), assumed at the end of a chain of role ARNs.

    `seconds` is how long its credentials hold, `None` as AWS has it: an hour. They are renewed in time.
    """

    role: str | None = None
    external_id: str | None = field(default=None, repr=False)
    chain: tuple[str, ...] = ()
    session_name: str = SESSION_NAME
    seconds: int | None = None
    exceptional: Mapping[str, Exceptional] = field(default_factory=dict)

    def of(self, account_id: str) -> Exceptional:
        """Role, external id and regions of one account."""
        found = self.exceptional.get(account_id, Exceptional())
        return replace(found, role=found.role or self.role, external_id=found.external_id or self.external_id)


@dataclass
class Accounts:
    """Reaches accounts, the caller's own as it is; the chain of roles is gone through once for all of them."""

    own: ScopeCalls
    access: Access = Access()
    _chained: asyncio.Task[ScopeCalls] | None = None

    def require_role(self, account_id: str) -> None:
        """`UsageError` where the account is not the caller's own and no role is named."""
        if not (self._is_own(account_id) or self.access.of(account_id).role):
            raise UsageError(f"account {account_id} is not the caller's own: name the role to assume in it with --role")

    async def reach(self, account_id: str) -> ScopeCalls:
        """An account; `UsageError` where no role is named, `AwsFailureError` where one is refused."""
        self.require_role(account_id)
        if self._is_own(account_id):
            return self.own.at(self.own.region)
        wanted = self.access.of(account_id)
        arn = str(wanted.role)
        if not arn.startswith("arn:"):
            arn = f"arn:{partition(self.own)}:iam::{account_id}:role/{arn}"
        return await self._assume(await self._base(), account_id, arn, wanted.external_id)

    def _is_own(self, account_id: str) -> bool:
        return account_id == self.own.account_id and account_id not in self.access.exceptional

    async def _base(self) -> ScopeCalls:
        """Who assumes the roles of accounts."""
        if self._chained is None:
            self._chained = asyncio.ensure_future(self._through_chain())
        return await self._chained

    async def _through_chain(self) -> ScopeCalls:
        base = self.own
        for arn in self.access.chain:
            base = await self._assume(base, arn.split(":")[4], arn, None)
        return base

    async def _assume(self, base: ScopeCalls, account_id: str, arn: str, external_id: str | None) -> ScopeCalls:
        params: dict[str, Any] = {"RoleArn": arn, "RoleSessionName": self.access.session_name}
        if external_id:
            params["ExternalId"] = external_id
        if self.access.seconds:
            params["DurationSeconds"] = self.access.seconds
        refresh = partial(_credentials_of, base, account_id, params)
        credentials: Any = AioRefreshableCredentials.create_from_metadata(await refresh(), refresh, "assume-role")
        return ScopeCalls(base.session, Target(account_id, base.region, credentials, arn))


async def _credentials_of(base: ScopeCalls, account_id: str, params: dict[str, Any]) -> dict[str, str]:
    """Fresh credentials of a role, as botocore keeps them; a role that leads to another account is refused."""
    reply = await base.call(ASSUME_ROLE, **params)
    assumed = reply["AssumedRoleUser"]["Arn"]
    if assumed.split(":")[4] != account_id:
        raise AwsFailureError(Kind.UNKNOWN, f"{params['RoleArn']} leads to another account: {assumed}")
    answer = reply["Credentials"]
    return {
        "access_key": answer["AccessKeyId"],
        "secret_key": answer["SecretAccessKey"],
        "token": answer["SessionToken"],
        "expiry_time": answer["Expiration"].isoformat(),
    }


def partition(own: ScopeCalls) -> str:
    """aws, aws-us-gov, aws-cn or aws-eusc, as the caller's own ARN says."""
    return own.target.who.split(":")[1]


def at_organizations(own: ScopeCalls) -> ScopeCalls:
    """The caller's account where AWS Organizations answers: in one region a partition."""
    return own.at(_ORGANIZATIONS.get(partition(own), own.region))
