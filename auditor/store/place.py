"""A folder of objects, on disk or in S3, by the same few calls (obstore); the only module that touches either.

Everything that must happen once rests on one promise of both kinds: `create` succeeds for one of many.
"""

from __future__ import annotations

import glob
import os
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session
from obstore import sign
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, S3Store

from auditor import __version__
from auditor.aws import guard
from auditor.aws.operations import CREDENTIAL_OPERATIONS, HEAD_BUCKET
from auditor.errors import StoreError
from auditor.model.letter import Link

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from obstore.store import ClientConfig, S3Credential

_CREDENTIALS_ARE_ASKED_FOR_AGAIN = timedelta(minutes=5)
"""botocore renews what expires; this is how soon a renewed key is noticed."""

_LINK_HOLDS = timedelta(days=7)
"""The most that Signature Version 4 can sign for: "aws s3 presign", CLI reference, read 2026-11-29."""

_SECONDS_A_REQUEST = timedelta(seconds=60)
_RETRIES = 3
_USER_AGENT = f"auditor/{__version__}"
_OUR_NAME = Config(user_agent=_USER_AGENT)


@dataclass(frozen=True, slots=True)
class Entry:
    """An object with its path below the folder, its size in bytes and when it was written (by the store's clock)."""

    path: str
    size: int
    written: datetime


class Place:
    """A folder. Every failure is a `StoreError` that names the folder, the object and the next step."""

    def __init__(self, where: str, inner: LocalStore | S3Store) -> None:
        self.where = where
        self._inner = inner

    def address(self, path: str) -> str:
        """Where people find an object or a folder."""
        where = self.where if self.where.startswith("s3://") else str(Path(self.where).absolute())
        return f"{where.rstrip('/')}/{path}"

    def put(self, path: str, content: bytes) -> None:
        """Write an object whole or not at all, replacing what was there."""
        with self._said(f"write {path} to"):
            self._inner.put(path, content)

    def create(self, path: str, content: bytes) -> bool:
        """Write an object unless it is there: `True` for one of all that try, `False` for the others.

        Contents must differ from writer to writer: an attempt whose answer was lost is known by them.
        """
        try:
            with self._said(f"write {path} to"):
                self._inner.put(path, content, mode="create")
        except AlreadyExistsError:
            return self.get(path) == content
        return True

    def get(self, path: str) -> bytes | None:
        """The object's content; `None` where there is none."""
        with self._said(f"read {path} in"):
            try:
                return bytes(self._inner.get(path).bytes())
            except FileNotFoundError:
                return None

    def entries(self, folder: str) -> list[Entry]:
        """All objects below a folder, sorted by path; none where there is no such folder."""
        with self._said(f"list {folder} in"):
            found = [meta for page in self._inner.list(folder) for meta in page]
        rows = (Entry(meta["path"], meta["size"], meta["last_modified"]) for meta in found)
        return sorted(rows, key=lambda entry: entry.path)

    def link(self, path: str) -> Link | None:
        """A URL that opens an object for whoever has it, for seven days or as long as the credentials live.

        `None` on a disk, which has no URLs.
        """
        if not isinstance(self._inner, S3Store) or not isinstance(self._inner.credential_provider, _Credentials):
            return None
        credentials = self._inner.credential_provider
        now, ends = datetime.now(UTC), credentials.end()
        until = min(now + _LINK_HOLDS, ends) if ends else now + _LINK_HOLDS
        with self._said(f"sign a link to {path} in"):
            url = sign(self._inner, "GET", path, until - now)
        return Link(url, until, may_end_sooner=credentials.are_temporary and not ends)

    def delete(self, paths: Iterable[str]) -> None:
        """Delete objects, in that order; one that is gone already is no failure."""
        for path in paths:
            with self._said(f"delete {path} from"):
                with suppress(FileNotFoundError):
                    self._inner.delete(path)
                self._delete_staged(path)

    def _delete_staged(self, path: str) -> None:
        """What obstore leaves on a disk where it was killed: `path#1`, which becomes `path` when it is whole."""
        if not isinstance(self._inner, LocalStore) or self._inner.prefix is None:
            return
        target = self._inner.prefix / path
        for left in target.parent.glob(f"{glob.escape(target.name)}#[0-9]*"):
            left.unlink(missing_ok=True)
        with suppress(OSError):  # not empty, or gone
            target.parent.rmdir()

    @contextmanager
    def _said(self, what: str) -> Iterator[None]:
        try:
            yield
        except AlreadyExistsError:
            raise
        except (BaseError, OSError) as error:
            raise StoreError(f"Cannot {what} the store {self.where}: {_reason(error)}") from error


def open_place(where: str, profile: str | None = None) -> Place:
    """The folder at a local path, which is made, or at `s3://bucket/prefix`; `StoreError` where that is not possible.

    S3 is reached as the AWS environment says: profile, assumed role, region, endpoint.
    """
    return Place(where, _in_s3(where, profile)) if where.startswith("s3://") else Place(where, _on_disk(where))


def _on_disk(where: str) -> LocalStore:
    if "://" in where:
        raise StoreError(f"The store {where!r} is neither a folder nor s3://bucket/prefix")
    try:
        return LocalStore(Path(where).absolute(), mkdir=True, automatic_cleanup=True)
    except (BaseError, OSError) as error:
        raise StoreError(f"Cannot make the store {where}: {_reason(error)}") from error


def _in_s3(where: str, profile: str | None) -> S3Store:
    """Credentials, endpoint and the bucket's region come from botocore; obstore asks for none of them."""
    parts = urlsplit(where)
    if not parts.netloc:
        raise StoreError(f"The store {where!r} names no bucket: s3://bucket/prefix")
    session, region, endpoint = _bucket(where, parts.netloc, profile)
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        region=region,
        endpoint=endpoint,
        virtual_hosted_style_request=False,
        client_options=_client_options(endpoint),
        retry_config={"max_retries": _RETRIES},
        credential_provider=_Credentials(session.get_credentials()),
    )


def _bucket(where: str, bucket: str, profile: str | None) -> tuple[Any, str, str]:
    """A session with credentials, the bucket's region, and the endpoint there."""
    try:
        session = Session(profile=profile)
        guard.install(session, (HEAD_BUCKET, *CREDENTIAL_OPERATIONS))
        home = os.environ.get("AWS_REGION") or session.get_config_variable("region") or "us-east-1"
        client = session.create_client("s3", region_name=home, config=_OUR_NAME)
        region = client.head_bucket(Bucket=bucket).get("BucketRegion") or home
        if region != home:
            client = session.create_client("s3", region_name=region, config=_OUR_NAME)
    except (BotoCoreError, ClientError) as error:
        raise StoreError(f"Cannot open the store {where}: {_reason(error)}") from error
    return session, region, client.meta.endpoint_url


def _client_options(endpoint: str) -> ClientConfig:
    options: ClientConfig = {
        "user_agent": _USER_AGENT,
        "timeout": _SECONDS_A_REQUEST,
        "allow_http": endpoint.startswith("http://"),
    }
    if bundle := os.environ.get("AWS_CA_BUNDLE"):
        options["root_certificate"] = Path(bundle).read_bytes()
    return options


@dataclass(frozen=True)
class _Credentials:
    """Gives obstore what botocore holds, renewed by botocore where it expires."""

    source: Any

    def __call__(self) -> S3Credential:
        frozen = self.source.get_frozen_credentials()
        return {
            "access_key_id": frozen.access_key,
            "secret_access_key": frozen.secret_key,
            "token": frozen.token,
            "expires_at": datetime.now(UTC) + _CREDENTIALS_ARE_ASKED_FOR_AGAIN,
        }

    @property
    def are_temporary(self) -> bool:
        """Whether they end by themselves, as those of roles do."""
        return self.source.get_frozen_credentials().token is not None

    def end(self) -> datetime | None:
        """When they end, where botocore knows: it does for roles that it assumes, not for a token that it was given."""
        return getattr(self.source, "_expiry_time", None)


_NEXT_STEPS = (
    (
        ("403 Forbidden", "(403)", "AccessDenied"),
        "access denied; it takes s3:ListBucket, GetObject, PutObject and DeleteObject",
    ),
    (("NoSuchBucket", "(404)", "404 Not Found"), "there is no such bucket"),
    (("No space left", "os error 28", "os error 122"), "the disk is full; free space or lower keep_runs"),
    (("Read-only file system", "os error 30"), "the file system is read-only"),
    (("Permission denied", "os error 13"), "permission denied; the user that Auditor runs as needs it"),
    (("File too large", "os error 27"), "the file is larger than allowed there"),
)


_REQUEST = re.compile(r"Error performing .* retry_timeout: \S+\s+- ")
"""How obstore repeats the request: with a signed or secret part of the URL, perhaps."""


def _reason(error: Exception) -> str:
    """What is known to go wrong, in plain words; else the first line of what the library says."""
    said = str(error)
    known = next((words for marks, words in _NEXT_STEPS if any(mark in said for mark in marks)), None)
    return known or " ".join(_REQUEST.sub("", said.split("Debug source", 1)[0]).split())[:300]
