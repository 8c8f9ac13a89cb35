"""The message says in ten seconds what matters, and nothing that an account names can act in it."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.model.audit import ScopeSummary
from auditor.model.evidence import Gap, Source
from auditor.model.letter import Enclosure, Failed, Letter, Link, Since, Undelivered
from auditor.report.letter import plain, render_failure, render_letter
from tests.history.audits import MOVED
from tests.report.example import (
    AUDIT,
    ENDPOINT_FINDING,
    HOSTILE,
    S3_FINDING,
    audit_with,
    blind_audit,
    empty_audit,
    hostile_audit,
)
from tests.report.test_html import Page

ELEMENTS_THAT_ACT = frozenset(("script", "img", "iframe", "object", "embed", "form", "input", "base", "link"))
LAST = datetime(2026, 11, 13, 6, tzinfo=UTC)
ATTACHED = Enclosure("s3://acme/runs/2026-11-20", 1_234_567, is_attached=True)
LINK = "https://acme.example/report.pdf?X-Amz-Signature=abc&x=1"
UNTIL = datetime(2026, 11, 27, 6, tzinfo=UTC)
LINKED = Enclosure("s3://acme/runs/2026-11-20", 31 * 2**20, link=Link(LINK, UNTIL))
LOST = ScopeSummary("111122223333", "eu-west-1", "failed", "grant ec2:DescribeVpcs")

PHISHING = "pay at http://evil.example/login or www.evil.example, mail boss@evil.example"
# What mail programs take for a link: a scheme, a name with a dot and letters after it, an address.
LINKISH = re.compile(r"\w+://|(?:[\w-]+\.)+[^\W\d]{2,}|[\w.]+@\w", re.IGNORECASE)


def words(letter: Letter) -> str:
    return Page(letter.html).text


@pytest.mark.parametrize("form", ["html", "text"])
def test_what_is_measured_stands_apart_from_what_is_possible(form: str) -> None:
    letter = render_letter(AUDIT, None, ATTACHED)
    text = words(letter) if form == "html" else " ".join(letter.text.split())
    assert "$173.38 a month" in text
    assert re.search(r"Apart from that, up to \$417.29 a month is possible but not measured", text)
    assert "590.67" not in text  # 173.38 + 417.29: never added up
    assert "NAT gateways cost at least $295.65" in text
    assert "VPC endpoints cost at least $14.60" in text
    assert "After the plan at least $136.88" in text
    assert S3_FINDING.title in text
    assert "up to $412.50" in text
    assert "1 read in full, 1 read in part, 1 skipped; 2 gaps" in text
    assert "s3://acme/runs/2026-11-20" in text
    assert letter.subject == "Auditor: $173.38 a month to save, measured"


def test_what_changed_is_told_with_how_many_more_there_are() -> None:
    many = tuple(replace(S3_FINDING, id=f"f-{n}", title=f"finding {n}") for n in range(5))
    letter = render_letter(AUDIT, Since(LAST, new=many, resolved=(ENDPOINT_FINDING,)), ATTACHED)
    for text in (words(letter), " ".join(letter.text.split())):
        assert re.search(r"since 2026-11-13", text, re.IGNORECASE)
        assert "New: 5" in text
        assert "finding 2" in text
        assert "finding 3" not in text
        assert "and 2 more" in text
        assert "Resolved: 1" in text
    assert letter.subject.endswith("; 5 new findings")
    assert "New: 5\nResolved: 1" in letter.brief


def test_what_saves_another_amount_is_told_with_both() -> None:
    letter = render_letter(AUDIT, Since(LAST, saving_changes=(MOVED,)), ATTACHED)
    for text in (words(letter), " ".join(letter.text.split())):
        assert "Saves another amount: 1" in text
        assert "S3 by NAT ($310.00 a month, was $100.00)" in text
    assert "Saves another amount: 1" in letter.brief


def test_a_quiet_week_says_so() -> None:
    letter = render_letter(AUDIT, Since(LAST), ATTACHED)
    assert "Nothing new, nothing resolved." in letter.text
    assert "Nothing new, nothing resolved." in words(letter)


def test_what_is_not_seen_any_more_comes_first() -> None:
    gap = Gap("111122223333", "", Source.REGIONS, "ec2:DescribeRegions", "denied")
    letter = render_letter(AUDIT, Since(LAST, less_seen=(LOST,), new_gaps=(gap,)), ATTACHED)
    assert letter.subject.startswith("Auditor: saw less than last time; ")
    for text in (words(letter), letter.text):
        assert "111122223333 eu-west-1: grant ec2:DescribeVpcs" in text
        assert "111122223333 all regions: regions: denied" in text
        assert text.lower().index("less could be read") < text.index("NAT gateways cost")


def test_nothing_read_is_never_nothing_to_save() -> None:
    letter = render_letter(blind_audit(), None, ATTACHED)
    assert letter.subject == "Auditor: nothing could be read"
    assert "unknown" in words(letter)
    for text in (words(letter), letter.text):
        assert "$0.00" not in text
        assert "Nothing was found in what could be read." in text


def test_an_account_with_nothing_to_change_says_so() -> None:
    letter = render_letter(empty_audit(), None, ATTACHED)
    assert letter.subject == "Auditor: nothing measured to save"
    assert "Nothing was found whose change would lower the bill." in letter.text


def test_a_large_pdf_is_linked_and_a_small_one_is_not() -> None:
    linked, attached = render_letter(AUDIT, None, LINKED), render_letter(AUDIT, None, ATTACHED)
    assert Page(linked.html).links == [LINK]
    assert "too large to attach (31.0 MB)" in words(linked)
    assert f"Open it: {LINK}\n" in linked.text
    assert Page(attached.html).links == []
    assert "attached as a PDF" in words(attached)
    nowhere = render_letter(AUDIT, None, replace(LINKED, link=None))
    assert Page(nowhere.html).links == []
    assert "It lies in s3://acme/runs/2026-11-20" in words(nowhere)


def test_a_failed_run_says_why_and_when_it_last_worked() -> None:
    letter = render_failure(Failed(LAST, "no AWS credentials found; run `aws sso login`", None))
    assert letter.subject == "Auditor: the run failed, there is no report"
    for text in (words(letter), letter.text, letter.brief):
        assert "no AWS credentials found" in text
    assert "No earlier run is known." in words(letter)
    assert "2026-11-13 06:00 UTC" in words(render_failure(Failed(LAST.replace(day=20), "x", LAST)))


def hostile_letter() -> Letter:
    new = tuple(replace(one, title=one.title) for one in hostile_audit().findings)
    less = tuple(replace(LOST, reason=text) for text in reversed(HOSTILE))
    return render_letter(hostile_audit(), Since(LAST, new=new, less_seen=less), ATTACHED)


def test_hostile_text_is_shown_and_does_nothing() -> None:
    letter = hostile_letter()
    page = Page(letter.html)
    assert not ELEMENTS_THAT_ACT & set(page.elements)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "<script>alert(1)</script>" in page.text
    for text in (letter.subject, letter.html, letter.text, letter.brief):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert "\n" not in letter.subject
    assert max(len(line) for line in letter.text.splitlines()) < 260


@pytest.mark.parametrize("form", ["subject", "html", "text", "brief"])
def test_no_text_of_an_account_becomes_a_link(form: str) -> None:
    """Mail programs make links of what looks like one, also in plain text."""
    finding = replace(S3_FINDING, title=PHISHING, region=PHISHING, resource=PHISHING)
    audit = audit_with(findings=(finding,), gaps=(replace(AUDIT.gaps[0], reason=PHISHING),))
    since = Since(LAST, new=(finding,), less_seen=(replace(LOST, reason=PHISHING),))
    letter = render_letter(audit, since, Enclosure("/reports", 1, is_attached=True))
    failed = render_failure(Failed(LAST, PHISHING))
    for one in (letter, failed):
        shown = Page(one.html).text if form == "html" else str(getattr(one, form))
        assert LINKISH.findall(shown) == []
        assert Page(one.html).links == []
        assert form in {"subject", "brief"} or "evil" in shown


def test_a_chat_learns_where_less_was_seen_and_calls_nobody() -> None:
    call = "@channel <!here> everybody"
    since = Since(LAST, new=(replace(S3_FINDING, title=call),), less_seen=(replace(LOST, reason=call),))
    assert "Saw less than last time: 111122223333 eu-west-1\n" in render_letter(AUDIT, since, ATTACHED).brief
    for brief in (render_letter(AUDIT, since, ATTACHED).brief, render_failure(Failed(LAST, call)).brief):
        assert not re.search(r"@\w|<!", brief)


def test_the_check_for_links_can_fail() -> None:
    assert len(LINKISH.findall(PHISHING)) == 5


@pytest.mark.parametrize(
    "text", ["ec2:DescribeVpcs", "arn:aws:iam::111122223333:role/Auditor", "10.0.0.1", "$1,234.50", "nat-0a1b"]
)
def test_what_a_reader_copies_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


def test_it_loads_nothing_and_stays_below_what_gmail_cuts_off() -> None:
    for letter in (hostile_letter(), render_letter(AUDIT, None, LINKED)):
        assert not re.search(r"url\(|@import", letter.html)
        assert not {"src", "background", "srcset"} & {name for name, _ in Page(letter.html).attributes}
        assert len(letter.html.encode()) < 102_000


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
@pytest.mark.parametrize("width", [390, 800])
def test_it_fits_a_phone_and_a_desktop(tmp_path: Path, width: int) -> None:
    """Chromium's window is 500 wide at the least, so the message stands in a frame of the phone's width."""
    page = tmp_path / "frame.html"
    measure = "const d = document.querySelector('iframe').contentDocument; "
    measure += "const b = d.querySelector('.card').getBoundingClientRect(); "
    measure += "document.title = d.documentElement.scrollWidth + ' ' + b.width + ' ' + b.left"
    frame = f"<iframe style='border:0;width:{width}px;height:900px' srcdoc='{html.escape(hostile_letter().html)}'>"
    page.write_text(f"<body style='margin:0'>{frame}</iframe><script>onload = () => {{{measure}}}</script>", "utf-8")
    options = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--window-size=900,900",
        "--virtual-time-budget=2000",
    )
    command = ["chromium", *options, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()]
    seen = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60).stdout
    found = re.search(r"<title>(\d+) ([\d.]+) ([\d.]+)</title>", seen)
    assert found, seen[:500]
    card = min(600, width - 16)
    assert [float(one) for one in found.groups()] == [width, card, (width - card) / 2]


def test_a_link_says_how_long_it_holds() -> None:
    for link, said in (
        (LINKED.link, "UTC at the latest."),
        (Link(LINK, UNTIL, may_end_sooner=True), "ends with them."),
    ):
        letter = render_letter(AUDIT, None, replace(LINKED, link=link))
        for text in (words(letter), letter.text):
            assert "for whoever has it, until 2026-11-27 06:00 UTC at the latest" in text
            assert said in text


def test_a_late_message_says_so_first() -> None:
    letter = render_letter(AUDIT, None, ATTACHED, late=LAST)
    assert letter.subject.startswith("Late, of 2026-11-13: Auditor: $173.38")
    assert letter.brief.startswith("Late, of 2026-11-13: ")
    assert letter.text.startswith("THIS MESSAGE IS LATE. It is that of 2026-11-13 06:00 UTC")
    assert "This message is late. It is that of 2026-11-13 06:00 UTC" in words(letter)
    failure = render_failure(Failed(LAST, "denied", is_late=True))
    assert failure.subject == "Late, of 2026-11-13: Auditor: the run failed, there is no report"
    for text in (failure.text, words(failure)):
        assert "This message is late" in text
    assert "late" not in render_failure(Failed(LAST, "denied")).text


def test_what_others_did_not_get_is_named_and_can_act_in_nothing() -> None:
    lost = tuple(Undelivered(LAST, f"{n}@evil.example", f"<b>{PHISHING}</b>") for n in range(5))
    letter = render_letter(AUDIT, None, ATTACHED, undelivered=lost)
    assert "Not delivered: 5 earlier messages" in letter.brief
    for text in (words(letter), letter.text):
        assert "2026-11-13 to 0@" in text
        assert "and 2 more: see auditor history" in text
        assert not LINKISH.search(re.sub(r"\s*s3://acme/runs/2026-11-20", "", text))
    assert "<b>pay" not in letter.html
