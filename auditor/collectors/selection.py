"""What a run is to read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from auditor.aws.accounts import Access
from auditor.aws.pacing import SHARE
from auditor.collectors.organization import Choice
from auditor.model.evidence import Window
from auditor.model.shard import WHOLE, Shard


@dataclass(frozen=True, slots=True)
class Selection:
    """What to read: no accounts means the organization's, or the caller's own; no regions means all enabled ones.

    Of all these accounts those of the shard.
    """

    window: Window
    generated_at: datetime
    profile: str | None = None
    regions: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    access: Access = Access()
    organization: Choice | None = None
    api_share: int = SHARE
    live_prices: bool = True
    metrics: bool = True
    shard: Shard = WHOLE

    def regions_of(self, account_id: str) -> tuple[str, ...]:
        """The regions wanted of an account; nothing where that is all."""
        return self.access.of(account_id).regions or self.regions


def window_of(days: int, now: datetime) -> Window:
    """The last whole UTC days: daily datapoints then never hold half a day."""
    end = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Window(end - timedelta(days=days), end)
