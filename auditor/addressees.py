"""Who is told of a run: everybody in `[mail]` of the whole, owners of their own accounts, chats in a few lines."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from auditor.config import Config
from auditor.delivery import notify, post
from auditor.delivery.owners import Owners, owners_by_tag
from auditor.delivery.settings import NOTIFY_URLS, When, secret
from auditor.errors import UsageError
from auditor.model.audit import Audit
from auditor.model.letter import Addressee, Channel, Delivery, Since
from auditor.model.narrowing import narrowed, narrowed_since


@dataclass(frozen=True, slots=True)
class Addressed:
    """Who is to be told, and a result for the owners of each account that could not be found."""

    addressees: tuple[Addressee, ...]
    not_found: tuple[Delivery, ...] = ()


def require_settings(config: Config) -> None:
    """Whether a message can be sent at all, tried before the audit: `UsageError` says what is missing."""
    if not config.mail and not services():
        raise UsageError(f"nowhere to deliver to: a table [mail] in the configuration, or {NOTIFY_URLS}")
    if config.mail and config.mail.smtp_host:
        post.smtp_of(config.mail)


def services() -> tuple[notify.Service, ...]:
    """The chats and webhooks of the environment."""
    return notify.services(secret(NOTIFY_URLS))


def addressed(audit: Audit, since: Since | None, config: Config) -> Addressed:
    """Who is told of a report. Who is not told of a quiet week is none of them."""
    owners = asyncio.run(_owners(_accounts(audit), config))
    to = [*_whole(since, config), *_of_parts(audit, since, owners, config), *_chats(since, config)]
    return Addressed(tuple(to), tuple(_not_found(account, why) for account, why in owners.problems.items()))


def addressed_of_failure(config: Config) -> tuple[Addressee, ...]:
    """Who is told of a run that made no report: everybody, and those owners that the configuration names."""
    return (*_whole(None, config), *_named_owners(config), *_chats(None, config))


def dropped(addressees: Iterable[Addressee], config: Config) -> dict[str, str]:
    """Why a message that was owed must not be sent any more, by recipient: the configuration has changed since."""
    wanted = tuple(addressees)
    accounts = {account for one in wanted for account in one.accounts or ()}
    owners = asyncio.run(_owners(accounts, config))
    chats = {service.name for service in services()}
    return {one.recipient: why for one in wanted if (why := _why_dropped(one, config, owners, chats))}


def _why_dropped(one: Addressee, config: Config, owners: Owners, chats: set[str]) -> str | None:
    """Owners of accounts that nobody could look up just now are neither dropped nor refused: they stay owed."""
    if one.channel is Channel.NOTIFICATION:
        return None if one.recipient in chats else f"it is no longer in {NOTIFY_URLS}"
    if one.accounts is None:
        to = config.mail.to if config.mail else ()
        return None if one.recipient in to else "it is no longer in [mail]"
    lost = [account for account in one.accounts if not _may_own(one.recipient, account, owners)]
    return f"it no longer belongs to account {lost[0]}" if lost else None


def _may_own(recipient: str, account: str, owners: Owners) -> bool:
    return account in owners.problems or recipient in owners.addresses.get(account, ())


def _whole(since: Since | None, config: Config) -> Iterator[Addressee]:
    if config.mail and _is_told(since, config.mail.when):
        yield from (Addressee(Channel.MAIL, one) for one in config.mail.to)


def _chats(since: Since | None, config: Config) -> Iterator[Addressee]:
    if _is_told(since, config.notify.when):
        yield from (Addressee(Channel.NOTIFICATION, service.name) for service in services())


def _of_parts(audit: Audit, since: Since | None, owners: Owners, config: Config) -> Iterator[Addressee]:
    for address, accounts in _accounts_of(owners, config).items():
        part = narrowed(audit, accounts)
        changed = narrowed_since(since, accounts) if since else None
        if (part.scopes or part.gaps) and config.mail and _is_told(changed, config.mail.when):
            yield Addressee(Channel.MAIL, address, accounts)


def _named_owners(config: Config) -> Iterator[Addressee]:
    for address, accounts in _accounts_of(Owners(addresses=dict(config.owners)), config).items():
        yield Addressee(Channel.MAIL, address, accounts)


def _accounts_of(owners: Owners, config: Config) -> dict[str, tuple[str, ...]]:
    """What each owner owns; who gets the whole report anyway gets no part. An address is the same in capitals."""
    whole = {one.lower() for one in config.mail.to} if config.mail else set()
    found: dict[str, tuple[str, set[str]]] = {}
    for account, addresses in owners.addresses.items():
        for address in addresses:
            if address.lower() not in whole:
                found.setdefault(address.lower(), (address, set()))[1].add(account)
    return {address: tuple(sorted(accounts)) for address, accounts in found.values()}


async def _owners(accounts: Iterable[str], config: Config) -> Owners:
    """Addresses by account. What the configuration names wins over the tag."""
    if not config.mail:
        return Owners()
    configured = Owners(addresses=dict(config.owners))
    asked = sorted(set(accounts) - configured.addresses.keys())
    if not config.mail.owner_tag or not asked:
        return configured
    tagged = await owners_by_tag(config.profile, config.mail.owner_tag, asked)
    return Owners(tagged.addresses | configured.addresses, tagged.problems)


def _accounts(audit: Audit) -> set[str]:
    return {scope.account_id for scope in audit.scopes} | {gap.account_id for gap in audit.gaps if gap.account_id}


def _is_told(since: Since | None, when: When) -> bool:
    return when is When.ALWAYS or since is None or not since.is_quiet


def _not_found(account: str, why: str) -> Delivery:
    step = "give the addresses of its owners in [owners], or let organizations:ListTagsForResource be called"
    return Delivery(Channel.MAIL, f"owners of account {account}", "", 0, why, step)
