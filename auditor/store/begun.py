"""Beginning a run that is written part by part, and joining one that another process has begun."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from auditor.errors import UsageError
from auditor.model.shard import WHOLE, Shard
from auditor.store.documents import parsed, to_bytes
from auditor.store.manifest import BEGUN, MANIFEST, MANIFEST_VERSION, PRODUCT, Begun, Reading, is_name, new_name
from auditor.store.parts import Parts
from auditor.store.place import Place


def begin(
    place: Place, reading: Reading, now: datetime, name: str | None = None, shard: Shard = WHOLE
) -> tuple[Parts, Reading]:
    """A run of this name, which the first of its processes begins, and what all of them have in common.

    A run without a name gets a new one, and is in the store as soon as its accounts are known.
    """
    begun = to_bytes(Begun(MANIFEST_VERSION, PRODUCT, now, (), reading=reading))
    if name is None:
        return Parts(place, new_name(now), shard, begun), reading
    if not is_name(name):
        raise UsageError(f"{name!r} cannot be the name of a run: letters, digits and . _ - can, 80 of them at most")
    place.create(_path(name, BEGUN), begun)
    return join(place, reading, name, shard)


def join(place: Place, reading: Reading, run: str, shard: Shard = WHOLE) -> tuple[Parts, Reading]:
    """A run that was begun, as it was begun; `UsageError` where there is none, or this is another one."""
    found = begun_as(place, run)
    for problem in _differences(found, reading):
        raise UsageError(f"run {run} was begun with {problem}: give the same options, or begin another run")
    return Parts(place, run, shard), found


def begun_as(place: Place, run: str) -> Reading:
    """What the parts of a run have in common; `UsageError` where it cannot be continued."""
    begun = parsed(Begun, place.get(_path(run, BEGUN)) or b"") if is_name(run) else None
    if begun is None or begun.reading is None:
        raise UsageError(f"no run {run} was begun in {place.where}: auditor history names those that can be resumed")
    if place.get(_path(run, MANIFEST)) is not None and not Parts(place, run).are_there():
        raise UsageError(f"run {run} has read everything: nothing is left to resume; begin another run")
    return begun.reading


def _differences(found: Reading, wanted: Reading) -> Iterator[str]:
    if found.shards != wanted.shards:
        yield f"{found.shards} shards, not with {wanted.shards}"
    before = {one.key: one.value for one in found.settings}
    for one in wanted.settings:
        if before.get(one.key) != one.value:
            yield f"{one.key} {before.get(one.key)!r}, not with {one.value!r}"


def _path(run: str, name: str) -> str:
    return f"runs/{run}/{name}"
