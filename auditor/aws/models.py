"""botocore's models, loaded in half of the time: EC2's alone is four megabytes of JSON.

What is loaded stays botocore's, as does the order in which its folders are searched; tests compare both.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.loaders import JSONFileLoader, Loader, create_loader, instance_cache
from pydantic_core import from_json

_UNPACKED: dict[str, Callable[[bytes], bytes]] = {".json": bytes, ".json.gz": gzip.decompress}

_EVERYWHERE = {"service-2", "endpoint-rule-set-1"}
"""Types of files that every service has."""


class Models(Loader):  # type: ignore[misc]  # botocore publishes no types
    """Takes the place of botocore's component `data_loader`; `search_path` is its variable `data_path`."""

    def __init__(self, search_path: str | None = None) -> None:
        paths = create_loader(search_path).search_paths
        super().__init__(extra_search_paths=paths, file_loader=_Files(), include_default_search_paths=False)

    @instance_cache  # type: ignore[untyped-decorator]
    def list_available_services(self, type_name: str) -> list[str]:
        """All that have a folder: botocore looks into each of the 400 whether it holds a file of the type."""
        if type_name not in _EVERYWHERE:
            found: list[str] = super().list_available_services(type_name)
            return found
        folders = (os.scandir(path) for path in self.search_paths if Path(path).is_dir())
        return sorted({one.name for folder in folders for one in folder if one.is_dir()})


class _Files(JSONFileLoader):  # type: ignore[misc]
    """Plain dictionaries, which keep their order as well."""

    def load_file(self, file_path: str) -> Any:
        """What a file says; `None` where there is none of that name."""
        for ending, unpacked in _UNPACKED.items():
            path = Path(f"{file_path}{ending}")
            if path.is_file():
                return from_json(unpacked(path.read_bytes()))
        return None
