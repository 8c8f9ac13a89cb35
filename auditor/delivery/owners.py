"""Who owns an account, as a tag says that the account carries in AWS Organizations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter, ValidationError

from auditor.aws.accounts import at_organizations, own_account
from auditor.aws.calls import ScopeCalls
from auditor.aws.failures import AwsFailureError
from auditor.aws.operations import LIST_ACCOUNT_TAGS, OWNER_OPERATIONS
from auditor.aws.session import AuditSession
from auditor.checked import Address
from auditor.errors import NoAccessError

_addresses: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[Address, ...])


@dataclass(frozen=True, slots=True)
class Owners:
    """Addresses by account, and by account why none could be found; an account without the tag is in neither."""

    addresses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


async def owners_by_tag(profile: str | None, tag: str, accounts: Iterable[str]) -> Owners:
    """The owners of these accounts. A tag holds addresses with spaces between: it can hold no comma."""
    wanted = tuple(accounts)
    async with AuditSession(profile, OWNER_OPERATIONS) as session:
        try:
            own = await own_account(session)
        except NoAccessError as error:
            return Owners(problems=dict.fromkeys(wanted, str(error)))
        calls = at_organizations(own)
        found = Owners()
        for account in wanted:
            found = await _with(found, calls, tag, account)
        return found


async def _with(found: Owners, calls: ScopeCalls, tag: str, account: str) -> Owners:
    try:
        tags = await calls.items(LIST_ACCOUNT_TAGS, ResourceId=account)
    except AwsFailureError as failure:
        return replace(found, problems=found.problems | {account: failure.reason})
    value = next((one["Value"] for one in tags if one["Key"] == tag), "")
    try:
        addresses = _addresses.validate_python(tuple(value.split()))
    except ValidationError:
        return replace(found, problems=found.problems | {account: f"its tag {tag} holds no addresses"})
    return replace(found, addresses=found.addresses | {account: addresses}) if addresses else found
