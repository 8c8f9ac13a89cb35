"""A letter, and how tests send it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from auditor.delivery.post import Mail, parcels
from auditor.delivery.retries import Backoff, deliver
from auditor.delivery.smtp import Smtp
from auditor.model.letter import Delivery, Letter

AT = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
SENDER, ANNA, BEN = "auditor@example.com", "anna@example.com", "ben@example.com"
LETTER = Letter("Auditor: $173.38 a month", "<p>Größe: <b>$173.38</b></p>", "Größe: $173.38\n", "brief")
QUICK = Backoff(attempts=3, first=0.01, most=0.02)


def send(
    server: Smtp, *recipients: str, pdf: bytes | None = None, letter: Letter = LETTER, run_id: str = "run-1"
) -> tuple[Delivery, ...]:
    mail = Mail(letter, recipients or (ANNA,), pdf)
    return asyncio.run(deliver(parcels([mail], SENDER, run_id, AT, server), QUICK))
