"""Names that links within a report lead to; they stay the same from run to run, so that a ticket can hold them."""

from __future__ import annotations

import re
from hashlib import blake2s

_PLAIN = re.compile(r"[a-zA-Z][a-zA-Z0-9:._-]{4,119}")


def anchor(id_of: str) -> str:
    """The id itself where it is one that AWS or a rule gives; a hash of what is not fit for an address."""
    if _PLAIN.fullmatch(id_of) and re.search("[0-9:]", id_of):  # the page's own parts have neither
        return id_of
    return f"id-{blake2s(id_of.encode(errors='surrogatepass'), digest_size=8).hexdigest()}"
