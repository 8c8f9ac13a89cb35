"""botocore's models of the services, decoded once a process.

Each session decodes those that it needs for itself: EC2's takes a tenth of a second, the list of AWS's regions half
of that, and an embedded AWS with its clients asks for them dozens of times.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from botocore.loaders import Loader

if TYPE_CHECKING:
    from collections.abc import Iterator

_decoded: dict[tuple[Any, ...], dict[Any, Any]] = defaultdict(dict)


@contextmanager
def decoded_once() -> Iterator[None]:
    """As long as the context lasts, loaders of a kind that look in the same places share what they have decoded."""
    with patch.object(Loader, "_cache", property(_shared, _own), create=True):
        yield


def _shared(loader: Loader) -> dict[Any, Any]:
    # moto adds extras of its own to the models, and the audit has a loader of its own: each kind shares with its like.
    return _decoded[type(loader), tuple(loader.search_paths), tuple(loader.extras_types)]


def _own(loader: Loader, cache: dict[Any, Any]) -> None:
    # What a loader falls back on when the context is over.
    vars(loader)["_cache"] = cache
