"""Endpoints that the environment names instead of AWS's own."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from auditor.errors import UsageError


def require_usable() -> None:
    """AWS_ENDPOINT_URL and its kin are URLs, or nothing can be asked."""
    for name, url in os.environ.items():
        if name.startswith("AWS_ENDPOINT_URL") and url and not _is_url(url):
            raise UsageError(f"{name} is {url!r}: it must be like http://127.0.0.1:5000")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
