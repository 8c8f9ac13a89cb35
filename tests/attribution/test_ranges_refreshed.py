"""Fresh address ranges are taken where they are better than the bundled ones, and never stop a run."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from auditor.attribution.ranges import BUNDLED, Ranges, load_ranges, refreshed_ranges

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
PUBLISHED = json.loads(gzip.decompress(BUNDLED.read_bytes()))
NEW = {"ip_prefix": "203.0.113.0/24", "service": "S3", "region": "eu-central-1"}


def refreshed(answer: Answer, seconds: float = 5, pinned: Path | None = None) -> tuple[Ranges, str | None]:
    """What comes of it if AWS's server answers like that."""

    async def serve_and_ask() -> tuple[Ranges, str | None]:
        app = web.Application()
        app.router.add_get("/ip-ranges.json", answer)
        runner = web.AppRunner(app, handler_cancellation=True)
        await runner.setup()
        port = unused_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            return await refreshed_ranges(pinned, f"http://127.0.0.1:{port}/ip-ranges.json", seconds)
        finally:
            await runner.cleanup()

    return asyncio.run(serve_and_ask())


def text(content: str, status: int = 200) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=content, status=status)

    return answer


def document(created: str = "2026-11-19-10-00-00", rows: int | None = None) -> str:
    """AWS's document with one prefix more."""
    prefixes = [*PUBLISHED["prefixes"][:rows], NEW]
    return json.dumps({**PUBLISHED, "createDate": created, "prefixes": prefixes})


def service(ranges: Ranges, address: str = "203.0.113.5") -> str:
    place = ranges.place(address)
    assert place is not None
    return place.destination.service


def test_ranges_that_aws_published_since_are_used() -> None:
    ranges, note = refreshed(text(document()))
    assert (service(ranges), ranges.created, note) == ("s3", "2026-11-19-10-00-00", None)


async def _slow(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response(text=document())


async def _drips(request: web.Request) -> web.StreamResponse:
    """Never silent for long, and never done."""
    answer = web.StreamResponse()
    await answer.prepare(request)
    for _ in range(300):
        await answer.write(b" ")
        await asyncio.sleep(0.1)
    return answer


async def _huge(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    for _ in range(64):
        await answer.write(b" " * 1024 * 1024)
    return answer


async def _breaks_off(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": "1000000"})
    await answer.prepare(request)
    await answer.write(b'{"prefixes":')
    assert request.transport is not None
    request.transport.abort()
    return answer


async def _redirects(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/login")


BAD: dict[str, tuple[Answer, str]] = {
    "garbage": (text("<html>Welcome to this hotel</html>"), "not AWS's ip-ranges.json"),
    "half a document": (text(document()[:500_000]), "not AWS's ip-ranges.json"),
    "another document": (text('{"prefixes": {}, "ipv6_prefixes": 3, "createDate": "2027"}'), "not AWS's ip-ranges"),
    "nothing": (text(""), "not AWS's ip-ranges.json"),
    "an error": (text("oops", 500), "HTTP 500"),
    "a hotel's redirect": (_redirects, "HTTP 302"),
    "silence": (_slow, "no answer within 0.3 seconds"),
    "drops": (_drips, "no answer within 0.3 seconds"),
    "too much": (_huge, "more than 32 MiB"),
    "a broken connection": (_breaks_off, "http://127.0.0.1"),
    "an older document": (text(document("2026-08-22-21-17-04")), "of 2026-08-22, so older than the bundled copy"),
    "no date": (text(document("tomorrow")), "createDate is 'tomorrow'"),
    "a fraction": (text(document(rows=3000)), "less than half"),
}


@pytest.mark.parametrize("case", BAD)
def test_any_other_answer_leaves_the_bundled_ranges_and_says_so(case: str) -> None:
    answer, reason = BAD[case]
    started = time.monotonic()
    ranges, note = refreshed(answer, seconds=0.3 if "within" in reason else 5)
    assert time.monotonic() - started < 15, "an answer that never ends is not waited for: it would take 30 s"
    assert service(ranges) == "internet"
    assert note is not None
    assert reason in note
    assert note.endswith("the bundled address ranges of 2026-08-22 are used")
    assert "\n" not in note


def test_nobody_there_leaves_the_bundled_ranges() -> None:
    url = f"http://127.0.0.1:{unused_port()}/ip-ranges.json"
    ranges, note = asyncio.run(refreshed_ranges(url=url))
    assert ranges.created == "2026-08-22-21-17-05"
    assert note is not None
    assert note.startswith(f"{url}: Cannot connect")


def test_a_pinned_file_is_never_refreshed(tmp_path: Path) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.Response(text=document())

    pinned = tmp_path / "pinned.json"
    pinned.write_text(document("2020-01-01-00-00-00", rows=1))
    ranges, note = refreshed(answer, pinned=pinned)
    assert (ranges.created, note, asked) == ("2020-01-01-00-00-00", None, [])


def test_the_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy answers for a host that nobody knows."""
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    asked: list[str] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(str(request.url))
        return web.Response(text=document())

    async def serve_and_ask() -> tuple[Ranges, str | None]:
        runner = web.ServerRunner(web.Server(answer))
        await runner.setup()
        port = unused_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        try:
            return await refreshed_ranges(url="http://ip-ranges.invalid/x.json")
        finally:
            await runner.cleanup()

    ranges, note = asyncio.run(serve_and_ask())
    assert (service(ranges), note, asked) == ("s3", None, ["http://ip-ranges.invalid/x.json"])


def test_the_bundled_ranges_load_fast() -> None:
    """Forty milliseconds of processor time when last tried; a busy machine does not count."""

    def seconds() -> float:
        started = time.process_time()
        load_ranges()
        return time.process_time() - started

    assert min(seconds() for _ in range(5)) < 0.5
