"""The words of `auditor what-if` as wishes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditor.errors import UsageError
from auditor.whatif.wishes import Kind, Wish

_OPTIONS = {Kind.GATEWAY_ENDPOINT: "--add-gateway-endpoint", Kind.INTERFACE_ENDPOINT: "--add-interface-endpoint"}
_EXAMPLES = {Kind.GATEWAY_ENDPOINT: "vpc-1:s3", Kind.INTERFACE_ENDPOINT: "vpc-1:ecr.api"}

Words = Sequence[str] | None


def wishes(gateway_endpoints: Words, interface_endpoints: Words, drops: Words) -> tuple[Wish, ...]:
    """All that is wished for; `UsageError` for what names no resource, and where nothing is."""
    found = (
        *_additions(Kind.GATEWAY_ENDPOINT, gateway_endpoints),
        *_additions(Kind.INTERFACE_ENDPOINT, interface_endpoints),
        *(Wish(Kind.DROP, *_drop(word)) for word in drops or ()),
    )
    if not found:
        raise UsageError(f"nothing to try: give {', '.join(_OPTIONS.values())} or --drop")
    return found


def _additions(kind: Kind, words: Words) -> Iterator[Wish]:
    for word in words or ():
        vpc_id, _, service = word.partition(":")
        if not vpc_id or not service:
            raise UsageError(f"option {_OPTIONS[kind]}: {word!r}: is not VPC:SERVICE such as {_EXAMPLES[kind]}")
        yield Wish(kind, vpc_id, service)


def _drop(word: str) -> tuple[str, str]:
    resource, colon, heir = word.partition(":")
    if not resource or (colon and not heir) or resource == heir:
        raise UsageError(f"option --drop: {word!r}: is not an id such as vpce-1 or nat-1, nor nat-1:nat-2")
    return resource, heir
