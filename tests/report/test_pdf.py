"""The PDF says what the page says, on numbered pages with bookmarks, and fetches nothing."""

from __future__ import annotations

import importlib.abc
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.machinery import ModuleSpec
from io import BytesIO
from types import ModuleType
from typing import Any, cast

import pytest
from pypdf import PdfReader
from pypdf.generic import Destination, IndirectObject

from auditor.errors import AuditorError
from auditor.model.audit import Audit
from auditor.report.html import render_html
from auditor.report.paper import render_paper
from auditor.report.pdf import render_pdf
from tests.report.example import AUDIT, NAT_A, audit_with, blind_audit
from tests.report.pictures.audits import any_audit


def reader(audit: Audit) -> PdfReader:
    return PdfReader(BytesIO(render_pdf(render_paper(audit))))


@pytest.fixture(scope="module")
def report() -> PdfReader:
    return reader(AUDIT)


def text_of(report: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in report.pages).split())


def bookmarks(report: PdfReader) -> list[str]:
    def flat(outline: Sequence[object]) -> list[str]:
        titles: list[str] = []
        for entry in outline:
            titles += flat(entry) if isinstance(entry, list) else []
            titles += [str(entry.title)] if isinstance(entry, Destination) else []
        return titles

    return flat(report.outline)


def test_it_shows_the_same_figures_as_the_page(report: PdfReader) -> None:
    text = text_of(report)
    for figure in ("$173.38", "$417.29", "$295.65", "$14.60", "$136.88", "$186.88", "4,152.89 GB", "97.4%"):
        assert figure in text
        assert figure in render_html(AUDIT)
    assert "2 gaps" in text


def test_what_is_folded_on_the_page_stands_open_on_paper(report: PdfReader) -> None:
    text = text_of(report)
    assert "aws ec2 create-vpc-endpoint" in text
    assert "not attributed – 105 GB" in text


def test_nobody_copies_a_template_or_the_whole_plan_from_paper(report: PdfReader) -> None:
    text = text_of(report)
    assert "On paper they are left out: they stand in the HTML report and in audit.json." in text
    assert "aws ec2 plan" not in text
    assert "As CloudFormation" not in text


def test_every_page_is_numbered_and_has_a_running_header_but_the_first(report: PdfReader) -> None:
    count = len(report.pages)
    assert count > 3
    for number, page in enumerate(report.pages, start=1):
        text = " ".join(page.extract_text().split())
        assert f"Page {number} of {count}" in text
        assert text.count("AWS network cost audit") == 1  # the title on the cover, the header elsewhere


def test_it_has_bookmarks_for_its_parts_and_findings(report: PdfReader) -> None:
    found = bookmarks(report)
    parts = ["The plan", "Findings", "NAT gateways", "Endpoints", "What could not be read", "Appendix"]
    assert [title for title in found if title in parts] == parts
    assert "VPC prod reaches S3 through a NAT gateway and has no gateway endpoint" in found


def test_it_has_a_title_and_links_within_itself_only(report: PdfReader) -> None:
    assert report.metadata is not None
    assert report.metadata.title == "AWS network cost audit, 2026-10-21 to 2026-11-19 (30 days)"
    links = [note.get_object() for page in report.pages for note in page.get("/Annots", ())]
    assert links
    assert not [link for link in links if "/URI" in str(link.get("/A", ""))]


def test_each_of_its_pictures_says_in_words_what_it_shows() -> None:
    """PDF/UA-1: a figure has an alternative text."""
    report = reader(any_audit(3, 4, ("prod", "")))
    found = list(figures(cast("Any", report.trailer["/Root"])["/StructTreeRoot"]))
    assert len(found) > 10
    assert all(figure.get("/Alt") for figure in found)
    assert any("NAT data processed, by cost a month" in figure["/Alt"] for figure in found)


def test_a_label_in_a_picture_is_drawn_as_one_text_so_that_its_letters_join() -> None:
    """Arabic letters have other forms beside others; WeasyPrint alone draws each by itself, from left to right."""
    label = "\u0645\u0631\u062d\u0628\u0627"
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20">'
    picture = f'{svg}<title>t</title><text x="5" y="9">{label}</text></svg>'
    page = PdfReader(BytesIO(render_pdf(f'<html lang="en"><title>t</title>{picture}</html>'))).pages[0]
    contents = page.get_contents()
    assert contents is not None
    assert len(re.findall(rb"\bT[jJ]\b", contents.get_data())) == 1


def figures(tag: Any) -> Iterator[Any]:  # noqa: ANN401 -- objects of a PDF
    tag = tag.get_object() if isinstance(tag, IndirectObject) else tag
    if isinstance(tag, list):
        for kid in tag:
            yield from figures(kid)
    elif isinstance(tag, dict):
        yield from [tag] if tag.get("/S") == "/Figure" else figures(tag.get("/K", []))


def test_a_table_that_breaks_repeats_its_head() -> None:
    nats = tuple(replace(NAT_A, id=f"nat-{n:03}", lines=(), destinations=()) for n in range(60))
    pages = reader(audit_with(nat_gateways=nats)).pages
    texts = [page.extract_text() for page in pages]
    tabled = [text for text in texts if text.count("zonal") > 2]
    assert len(tabled) >= 3
    assert all("Coverage" in text for text in tabled[:3])


def test_an_audit_that_read_nothing_is_no_all_clear() -> None:
    assert "There may be some in what could not be read" in text_of(reader(blind_audit()))


@pytest.mark.parametrize("kind", ["file:///etc/hostname", "http://127.0.0.1:9/", "data:text/css,body%7B%7D"])
def test_nothing_is_fetched_whatever_the_page_asks_for(
    kind: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda *_, **__: pytest.fail("it was fetched"))
    render_pdf(f'<html><link rel="stylesheet" href="{kind}"/><img src="{kind}"/><p>text</p></html>')
    assert "disallowed protocol" in caplog.text


class NoPango(importlib.abc.MetaPathFinder):
    """Imports WeasyPrint as a system without Pango does."""

    def find_spec(self, fullname: str, _path: object, _target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0': not found\nmore of it")
        return None


def test_without_pango_it_says_which_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [NoPango(), *sys.meta_path])
    with pytest.raises(AuditorError) as raised:
        render_pdf("<html>text</html>")
    assert "libpangoft2-1.0-0" in str(raised.value)
    assert "\n" not in str(raised.value)
