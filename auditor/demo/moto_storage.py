"""Where the embedded AWS reaches into moto's S3: many small objects at once, and buckets that refuse to be listed."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

from auditor.demo.extra import require
from auditor.demo.moto_patches import Moto, existing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

_PARTITION = "aws"


@contextmanager
def corrected() -> Iterator[None]:
    """Let a bucket's policy deny HeadBucket and ListObjectsV2 too, as long as the context lasts."""
    backend = require("moto.s3.models").S3Backend
    with ExitStack() as stack:
        for name in ("head_bucket", "list_objects_v2"):
            stack.enter_context(patch.object(backend, name, _by_policy(existing(backend, name))))
        yield


def store(account_id: str, bucket: str, key: str, content: bytes, written: datetime) -> None:
    """Put an object as of that moment: moto stamps the present, and by HTTP hundreds of objects take seconds."""
    backend = require("moto.s3.models").s3_backends[account_id][_PARTITION]
    stored = existing(backend, "put_object")(bucket, key, content)
    existing(stored, "last_modified")
    stored.last_modified = written


def _by_policy(original: Callable[..., Moto]) -> Callable[..., Moto]:
    # moto asks the policy for objects only. Both actions are s3:ListBucket to AWS.
    def checked(self: Moto, bucket: Moto, *arguments: Moto, **options: Moto) -> Moto:
        found = self.get_bucket(bucket) if isinstance(bucket, str) else bucket
        verdict = existing(found, "get_permission")("s3:ListBucket", f"arn:aws:s3:::{found.name}")
        if verdict is require("moto.iam.access_control").PermissionResult.DENIED:
            raise require("moto.s3.exceptions").S3AccessDeniedError
        return original(self, bucket, *arguments, **options)

    return checked
