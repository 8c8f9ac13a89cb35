"""AWS's signature, version 4, of a POST without a query: what the calls of the EC2, JSON and query protocols are.

IAM user guide, "AWS Signature Version 4 for API requests" (read 2026-11-29). A test compares it with botocore's.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Protocol
from urllib.parse import quote, urlsplit

_PORTS = {"http": 80, "https": 443}
_KEYS = 4096


class Credentials(Protocol):
    """Frozen credentials of botocore."""

    access_key: str
    secret_key: str
    token: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Whom a signature is for: the region and the service by the name that signs."""

    region: str
    service: str


@dataclass(frozen=True, slots=True)
class Post:
    """What is to be sent, without a signature."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Signer:
    """Remembers the keys of the day, which cost as much as the rest: one an account, region and service."""

    def __init__(self) -> None:
        self._key: Callable[[str, str, Place], bytes] = lru_cache(_KEYS)(_key)
        self._parts = lru_cache(_KEYS)(_host_and_path)

    def signed(self, post: Post, credentials: Credentials, place: Place, moment: str) -> dict[str, str]:
        """The headers to send, `Authorization` among them; `moment` is UTC as YYYYMMDDTHHMMSSZ."""
        host, path = self._parts(post.url)
        sent = {**post.headers, "X-Amz-Date": moment}
        if credentials.token:
            sent["X-Amz-Security-Token"] = credentials.token
        covered = {"host": host} | {name.lower(): value for name, value in sent.items() if name != "User-Agent"}
        names = ";".join(sorted(covered))
        lines = "".join(f"{name}:{' '.join(covered[name].split())}\n" for name in sorted(covered))
        request = f"POST\n{path}\n\n{lines}\n{names}\n{sha256(post.body).hexdigest()}"
        scope = f"{moment[:8]}/{place.region}/{place.service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        key = self._key(credentials.secret_key, moment[:8], place)
        whole = f"Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature="
        return {**sent, "Authorization": f"AWS4-HMAC-SHA256 {whole}{_digest(key, text).hex()}"}


def _key(secret: str, day: str, place: Place) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, place.region, place.service, "aws4_request"):
        key = _digest(key, part)
    return key


def _digest(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _host_and_path(url: str) -> tuple[str, str]:
    """As the header `Host` has them, and as the signature does."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2].lower()
    if parts.port == _PORTS.get(parts.scheme):
        host = host.removesuffix(f":{parts.port}")
    return host, quote(parts.path or "/", safe="/~")
