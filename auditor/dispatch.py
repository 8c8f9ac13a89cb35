"""Who is told what of a run: everybody in `[mail]` the whole, owners their own accounts, chats a few lines.

A failed run is told of as well: silence means that a run was made and all is as before.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from auditor.config import Config, Format
from auditor.delivery import notify, post
from auditor.delivery.compose import Envelope, compose, encoded_size
from auditor.delivery.owners import Owners, owners_by_tag
from auditor.delivery.post import Mail
from auditor.delivery.retries import Backoff, Parcel, deliver
from auditor.delivery.settings import NOTIFY_URLS, MailSettings, When, secret
from auditor.errors import AuditorError, UsageError
from auditor.model.audit import Audit
from auditor.model.letter import Channel, Delivery, Enclosure, Failed, Letter, Since
from auditor.model.narrowing import narrowed, narrowed_since
from auditor.report.letter import render_failure, render_letter
from auditor.report.paper import render_paper
from auditor.report.pdf import render_pdf
from auditor.store.files import write_atomically

Link = Callable[[Path], str | None]
"""A URL under which a file of the report can be opened for a while; `None` where there is none."""

_NAMED_ACCOUNTS = 3
_OWNERS_REASON = "no account could be audited; whoever runs Auditor has been told why"


def no_link(_: Path) -> None:
    """Files on a disk have no URL."""


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was made: its audit, the folder of its files, where people find it, what changed.

    The same `run_id` must be given whenever this report is delivered again: recipients know doubles by it.
    """

    run_id: str
    audit: Audit
    folder: Path
    place: str
    since: Since | None = None
    link: Link = no_link


def require_settings(config: Config) -> None:
    """Whether a message can be sent at all, tried before the audit: `UsageError` says what is missing."""
    if not config.mail and not _services():
        raise UsageError(f"nowhere to deliver to: a table [mail] in the configuration, or {NOTIFY_URLS}")
    if config.mail and config.mail.smtp_host:
        post.smtp_of(config.mail)


def deliver_report(report: Report, config: Config, backoff: Backoff | None = None) -> tuple[Delivery, ...]:
    """Tell everybody of a report; one result for each recipient, and for each owner that could not be found."""
    return asyncio.run(_deliver_report(report, config, backoff))


def deliver_failure(
    run_id: str, failed: Failed, config: Config, backoff: Backoff | None = None
) -> tuple[Delivery, ...]:
    """Tell everybody of a run that made no report. Owners learn that, but not of other accounts."""
    letter, mails = render_failure(failed), []
    if config.mail:
        owners = _others((one for addresses in config.owners.values() for one in addresses), config.mail.to)
        mails = [Mail(letter, config.mail.to), Mail(render_failure(replace(failed, reason=_OWNERS_REASON)), owners)]
    return asyncio.run(_send(mails, letter, run_id, config, backoff))


class FailureTold:
    """Around a run: whatever ends it other than a user who stops it is told of, and then goes on its way."""

    def __init__(self, run_id: str, at: datetime, config: Config, told: Callable[[tuple[Delivery, ...]], None]) -> None:
        self._run_id, self._at, self._config, self._told = run_id, at, config, told

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None or not issubclass(kind, Exception):
            return
        bug = f"a fault of Auditor itself ({kind.__name__}): its log holds more"
        reason = str(error) if isinstance(error, AuditorError) else bug
        self._told(deliver_failure(self._run_id, Failed(self._at, reason), self._config))


async def _deliver_report(report: Report, config: Config, backoff: Backoff | None) -> tuple[Delivery, ...]:
    owners, mails = Owners(), []
    if config.mail:
        owners = await _owners(report.audit, config, config.mail)
        mails = list(_mails(report, config, config.mail, owners.addresses))
    brief = render_letter(report.audit, report.since, _enclosure(report, _pdf(report.folder / Format.PDF.file)))
    told = brief if _is_told(report.since, config.notify.when) else None
    sent = await _send(mails, told, report.run_id, config, backoff)
    return (*sent, *(_not_found(account, why) for account, why in owners.problems.items()))


async def _send(
    mails: Iterable[Mail], brief: Letter | None, run_id: str, config: Config, backoff: Backoff | None
) -> tuple[Delivery, ...]:
    backoff = backoff or Backoff(config.delivery_attempts)
    chats: list[Parcel] = list(notify.parcels(brief, _services(), run_id)) if brief else []
    if not config.mail:
        return await deliver(chats, backoff)
    async with post.open_carrier(config.mail, config.profile) as carrier:
        letters = post.parcels(mails, config.mail.sender, run_id, datetime.now(UTC), carrier)
        return await deliver((*letters, *chats), backoff)


def _mails(
    report: Report, config: Config, settings: MailSettings, owners: dict[str, tuple[str, ...]]
) -> Iterator[Mail]:
    if settings.to and _is_told(report.since, settings.when):
        yield _mail(report, settings, settings.to, Format.PDF.file)
    for accounts, addresses in _alike(owners, settings.to):
        part = _part(report, accounts)
        if (part.audit.scopes or part.audit.gaps) and _is_told(part.since, settings.when):
            if Format.PDF in config.formats:
                _write_pdf(part, _part_name(accounts))
            yield _mail(part, settings, addresses, _part_name(accounts))


async def _owners(audit: Audit, config: Config, settings: MailSettings) -> Owners:
    """Addresses by account. What the configuration names wins over the tag."""
    configured = Owners(addresses=dict(config.owners))
    accounts = {scope.account_id for scope in audit.scopes} | {gap.account_id for gap in audit.gaps if gap.account_id}
    asked = sorted(accounts - configured.addresses.keys())
    if not settings.owner_tag or not asked:
        return configured
    tagged = await owners_by_tag(config.profile, settings.owner_tag, asked)
    return Owners(tagged.addresses | configured.addresses, tagged.problems)


def _alike(
    owners: dict[str, tuple[str, ...]], known: Iterable[str]
) -> Iterator[tuple[frozenset[str], tuple[str, ...]]]:
    """Those who own the same accounts get the same mail; who gets the whole report anyway gets no part of it."""
    accounts: dict[str, set[str]] = defaultdict(set)
    for account, addresses in owners.items():
        for address in _others(addresses, known):
            accounts[address].add(account)
    alike: dict[frozenset[str], list[str]] = defaultdict(list)
    for address, owned in accounts.items():
        alike[frozenset(owned)].append(address)
    yield from ((owned, tuple(addresses)) for owned, addresses in alike.items())


def _part(report: Report, accounts: Collection[str]) -> Report:
    since = narrowed_since(report.since, accounts) if report.since else None
    return replace(report, audit=narrowed(report.audit, accounts), since=since)


def _write_pdf(part: Report, name: str) -> None:
    """An owner's PDF beside the whole report's. A full disk must not keep anybody's mail: it holds the figures too."""
    with suppress(UsageError):
        write_atomically(part.folder / name, render_pdf(render_paper(part.audit)))


def _part_name(accounts: Collection[str]) -> str:
    named = sorted(accounts)
    more = len(named) - _NAMED_ACCOUNTS
    return f"report-{'-'.join(named[:_NAMED_ACCOUNTS])}{f'-and-{more}-more' if more > 0 else ''}.pdf"


def _mail(report: Report, settings: MailSettings, recipients: tuple[str, ...], name: str) -> Mail:
    """The PDF attached where the message is small enough with it, else linked."""
    path = report.folder / name
    pdf = _pdf(path)
    if pdf is not None:
        letter = render_letter(report.audit, report.since, _enclosure(report, pdf, is_attached=True))
        sample = Envelope(settings.sender, recipients[0], report.run_id, datetime.now(UTC))
        if encoded_size(compose(letter, sample, pdf)) <= settings.size_limit:
            return Mail(letter, recipients, pdf)
    link = report.link(path) if pdf is not None else None
    return Mail(render_letter(report.audit, report.since, _enclosure(report, pdf, link=link)), recipients)


def _pdf(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _enclosure(report: Report, pdf: bytes | None, *, is_attached: bool = False, link: str | None = None) -> Enclosure:
    return Enclosure(report.place, None if pdf is None else len(pdf), is_attached, link)


def _is_told(since: Since | None, when: When) -> bool:
    return when is When.ALWAYS or since is None or not since.is_quiet


def _others(addresses: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Those who are not known already, each once; an address is the same in capitals."""
    have = {one.lower() for one in known}
    return tuple({one.lower(): one for one in addresses if one.lower() not in have}.values())


def _services() -> tuple[notify.Service, ...]:
    return notify.services(secret(NOTIFY_URLS))


def _not_found(account: str, why: str) -> Delivery:
    step = "give the addresses of its owners in [owners], or let organizations:ListTagsForResource be called"
    return Delivery(Channel.MAIL, f"owners of account {account}", "", 0, why, step)
