"""Tags as pairs, and the name among them. Whatever they say is the account's text: escaped where it is shown."""

from __future__ import annotations

from typing import Any

from auditor.model.resources import Tags


def parse_tags(resource: dict[str, Any], key: str = "Tags") -> Tags:
    """The resource's tags, sorted by key; network interfaces alone have them under `TagSet`."""
    tags = resource.get(key)
    return tuple(sorted([(tag["Key"], tag.get("Value", "")) for tag in tags])) if tags else ()


def name_of(tags: Tags) -> str:
    """The `Name` tag, else nothing."""
    return dict(tags).get("Name", "")
