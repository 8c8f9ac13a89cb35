"""What each addressee of a run is sent: the whole, the part of their accounts, a few lines, or why there is nothing."""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from auditor.addressees import services
from auditor.config import Config, Format
from auditor.delivery import notify, post
from auditor.delivery.compose import Envelope, compose, encoded_size
from auditor.delivery.post import Mail
from auditor.delivery.retries import NO_LEDGER, Backoff, Ledger, Parcel, deliver
from auditor.delivery.settings import MailSettings
from auditor.errors import UsageError
from auditor.model.audit import Audit
from auditor.model.letter import Addressee, Channel, Delivery, Enclosure, Failed, Letter, Link, Since, Undelivered
from auditor.model.narrowing import narrowed, narrowed_since
from auditor.report.html import HTML_FILE
from auditor.report.letter import render_failure, render_letter
from auditor.report.paper import render_paper
from auditor.report.pdf import PDF_FILE, render_pdf
from auditor.store.files import write_atomically

Read = Callable[[str], bytes | None]
"""A file of the report by its name; `None` where there is none."""

_NAMED_ACCOUNTS = 3
_OWNERS_REASON = "no account could be audited; whoever runs Auditor has been told why"


def no_link(_: str) -> None:
    """Files on a disk have no URL."""


def files_in(folder: Path) -> Read:
    """The files of a report in a folder."""

    def read(name: str) -> bytes | None:
        path = folder / name
        return path.read_bytes() if path.is_file() else None

    return read


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was made: its audit, its files and where people find them, what changed.

    The same `run_id` must be given whenever this report is delivered again: recipients know doubles by it. `late` is
    its moment where it is delivered by a later run. `undelivered` are messages of earlier runs.
    """

    run_id: str
    audit: Audit
    read: Read
    place: str
    since: Since | None = None
    link: Callable[[str], Link | None] = no_link
    late: datetime | None = None
    undelivered: tuple[Undelivered, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """How messages go: as the configuration says, with these pauses, under this book."""

    config: Config
    backoff: Backoff | None = None
    ledger: Ledger = NO_LEDGER


def write_parts(audit: Audit, addressees: Iterable[Addressee], config: Config) -> tuple[Path, ...]:
    """Owners' PDFs beside the whole report's. A full disk must not keep anybody's mail: it holds the figures too."""
    parts = {one.accounts for one in addressees if one.accounts is not None}
    return tuple(_written(audit, config, parts)) if Format.PDF in config.formats else ()


def deliver_report(report: Report, addressees: Collection[Addressee], way: Way) -> tuple[Delivery, ...]:
    """Tell them of a report; one result for each, none for whom another process tells."""
    settings = way.config.mail
    mails = _mails(report, settings, _alike(addressees)) if settings else ()
    brief = _letter(report, Enclosure(report.place))
    return asyncio.run(_send(tuple(mails), brief, _chats(addressees), report.run_id, way))


def deliver_failure(run_id: str, failed: Failed, addressees: Collection[Addressee], way: Way) -> tuple[Delivery, ...]:
    """Tell them of a run that made no report. Owners learn that, but not of other accounts."""
    letter, to_owners = render_failure(failed), render_failure(replace(failed, reason=_OWNERS_REASON))
    mails = tuple(
        Mail(letter if accounts is None else to_owners, recipients) for accounts, recipients in _alike(addressees)
    )
    return asyncio.run(_send(mails, letter, _chats(addressees), run_id, way))


async def _send(
    mails: tuple[Mail, ...], brief: Letter, chats: tuple[notify.Service, ...], run_id: str, way: Way
) -> tuple[Delivery, ...]:
    backoff = way.backoff or Backoff(way.config.delivery_attempts)
    notes: list[Parcel] = list(notify.parcels(brief, chats, run_id))
    settings = way.config.mail
    if not settings or not mails:
        return await deliver(notes, backoff, way.ledger)
    async with post.open_carrier(settings, way.config.profile) as carrier:
        letters = post.parcels(mails, settings.sender, run_id, datetime.now(UTC), carrier)
        return await deliver((*letters, *notes), backoff, way.ledger)


def _alike(addressees: Iterable[Addressee]) -> Iterator[tuple[tuple[str, ...] | None, tuple[str, ...]]]:
    """Those who get the same mail, by its accounts."""
    alike: dict[tuple[str, ...] | None, list[str]] = defaultdict(list)
    for one in addressees:
        if one.channel is Channel.MAIL:
            alike[one.accounts].append(one.recipient)
    yield from ((accounts, tuple(recipients)) for accounts, recipients in alike.items())


def _chats(addressees: Iterable[Addressee]) -> tuple[notify.Service, ...]:
    names = {one.recipient for one in addressees if one.channel is Channel.NOTIFICATION}
    return tuple(service for service in services() if service.name in names) if names else ()


def _mails(
    report: Report, settings: MailSettings, alike: Iterable[tuple[tuple[str, ...] | None, tuple[str, ...]]]
) -> Iterator[Mail]:
    for accounts, recipients in alike:
        if accounts is None:
            yield _mail(report, settings, recipients, PDF_FILE)
        else:
            yield _mail(_part(report, accounts), settings, recipients, part_name(accounts))


def _part(report: Report, accounts: Collection[str]) -> Report:
    """What an owner may see of it; of other people's messages nothing."""
    since = narrowed_since(report.since, accounts) if report.since else None
    return replace(report, audit=narrowed(report.audit, accounts), since=since, undelivered=())


def _written(audit: Audit, config: Config, parts: Iterable[tuple[str, ...]]) -> Iterator[Path]:
    for accounts in parts:
        with suppress(UsageError):
            path = config.output / part_name(accounts)
            write_atomically(path, render_pdf(render_paper(narrowed(audit, accounts))))
            yield path


def part_name(accounts: Collection[str]) -> str:
    """What an owner's PDF is called; of two owners that share some accounts each has a file of their own."""
    named = sorted(accounts)
    if len(named) <= _NAMED_ACCOUNTS:
        return f"report-{'-'.join(named)}.pdf"
    digest = hashlib.sha256("-".join(named).encode()).hexdigest()[:8]
    return f"report-{'-'.join(named[:_NAMED_ACCOUNTS])}-and-{len(named) - _NAMED_ACCOUNTS}-more-{digest}.pdf"


def _mail(report: Report, settings: MailSettings, recipients: tuple[str, ...], name: str) -> Mail:
    """The PDF attached where the message is small enough with it, else linked; without a PDF the page is linked."""
    pdf = report.read(name)
    if pdf is None:
        link = report.link(HTML_FILE) if name == PDF_FILE else None
        return Mail(_letter(report, Enclosure(report.place, link=link)), recipients)
    letter = _letter(report, Enclosure(report.place, len(pdf), is_attached=True))
    sample = Envelope(settings.sender, recipients[0], report.run_id, datetime.now(UTC))
    if encoded_size(compose(letter, sample, pdf)) <= settings.size_limit:
        return Mail(letter, recipients, pdf)
    return Mail(_letter(report, Enclosure(report.place, len(pdf), link=report.link(name))), recipients)


def _letter(report: Report, enclosure: Enclosure) -> Letter:
    return render_letter(report.audit, report.since, enclosure, late=report.late, undelivered=report.undelivered)
