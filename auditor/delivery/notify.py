"""Chats and webhooks through Apprise. Its URLs hold tokens: they are shown nowhere, not even where they are wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from pydantic import SecretStr

from auditor.delivery.compose import delivery_key
from auditor.delivery.failures import NotSentError
from auditor.delivery.retries import Parcel
from auditor.delivery.settings import NOTIFY_URLS
from auditor.errors import UsageError
from auditor.model.letter import Channel, Letter

if TYPE_CHECKING:
    from apprise import Apprise

logging.getLogger("apprise").disabled = True  # it logs what it sends and to where: URLs hold tokens


@dataclass(frozen=True, slots=True)
class Service:
    """One chat or webhook: what it is called in results, and its URL."""

    name: str
    url: SecretStr = field(repr=False)


def services(urls: SecretStr | None) -> tuple[Service, ...]:
    """The services of the URLs, which spaces or newlines part; `UsageError` for one that Apprise does not know."""
    if urls is None:
        return ()
    found = tuple(
        Service(f"notification {number} ({_scheme(url)})", SecretStr(url))
        for number, url in enumerate(urls.get_secret_value().split(), start=1)
    )
    for service in found:
        _require_known(service)
    return found


def parcels(letter: Letter, services: tuple[Service, ...], run_id: str) -> Iterator[Parcel]:
    """One message for each service."""
    for service in services:
        send = partial(_notify, service, letter)
        yield Parcel(Channel.NOTIFICATION, service.name, delivery_key(run_id, service.name), send)


async def _notify(service: Service, letter: Letter) -> None:
    sent = await _apprise(service).async_notify(
        body=letter.brief, title=letter.subject, body_format="text", interpret_escapes=False
    )
    if not sent:
        step = f"check its URL in {NOTIFY_URLS}, and the network to it"
        raise NotSentError(f"{service.name}: the service did not take the message", step, again=True)


def _apprise(service: Service) -> Apprise:
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415 -- half a second that runs without chats need not pay

    asset = AppriseAsset(app_id="Auditor", app_desc="Auditor", app_url="", storage_mode="memory", secure_logging=True)
    made = Apprise(asset=asset)
    made.add(service.url.get_secret_value())
    return made


def _require_known(service: Service) -> None:
    if not len(_apprise(service)):
        raise UsageError(
            f"{service.name} in {NOTIFY_URLS} is no URL that Apprise knows: such as slack://…, msteams://…, jsons://…"
        )


def _scheme(url: str) -> str:
    """The part before `://`, which holds no secret; of what has none, nothing is shown."""
    scheme, mark, _ = url.partition("://")
    return scheme.lower() if mark and scheme.isalnum() and len(scheme) <= len("workflows12") else "unknown"
