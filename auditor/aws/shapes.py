"""botocore's shapes, as far as answers are read by tables made of them; the rest is botocore's parser's to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.model import Shape


class UnusualError(Exception):
    """An answer or a shape that no table is made for."""


def members_of(shape: Shape) -> dict[str, tuple[str, Shape]]:
    """The members of a structure with their names, by the names that an answer has for them."""
    if shape.is_tagged_union or shape.is_document_type or shape.metadata.get("exception"):
        raise UnusualError
    return {one.serialization.get("name", name): (name, one) for name, one in shape.members.items()}
