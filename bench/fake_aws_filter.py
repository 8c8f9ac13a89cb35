"""The filter of the fake AWS: of the network interfaces a call gets those that it names, as AWS answers it."""

from __future__ import annotations

import re

_NAMED = re.compile(rb"eni-\w+")
_ITEM = b"<item><networkInterfaceId>"
_END = b"</networkInterfaceSet>"


def interfaces_named(body: bytes, asked: bytes) -> bytes:
    """Return an answer of DescribeNetworkInterfaces with the interfaces whose ids stand in the call, else with all."""
    wanted = set(_NAMED.findall(asked))
    items, end, rest = body.partition(_END)
    head, *found = items.split(_ITEM)
    kept = [item for item in found if item[: item.index(b"<")] in wanted] if wanted else found
    return head + b"".join(_ITEM + item for item in kept) + end + rest
