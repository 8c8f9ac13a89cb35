"""Where the embedded AWS reaches into moto's S3: many small objects at once, as of their time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.demo.extra import require
from auditor.demo.moto_patches import existing

if TYPE_CHECKING:
    from datetime import datetime

_PARTITION = "aws"


def store(account_id: str, bucket: str, key: str, content: bytes, written: datetime) -> None:
    """Put an object as of that moment: moto stamps the present, and by HTTP hundreds of objects take seconds."""
    backend = require("moto.s3.models").s3_backends[account_id][_PARTITION]
    stored = existing(backend, "put_object")(bucket, key, content)
    existing(stored, "last_modified")
    stored.last_modified = written
