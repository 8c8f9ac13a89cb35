"""On paper the worst findings stand in full, and what is cut adds up with them to the whole plan."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from pypdf import PdfReader

from auditor.model.audit import Audit, NatRoute, PlanStep, Saving, Severity
from auditor.report.paper import IN_FULL, LISTED, paper, render_paper
from auditor.report.pdf import render_pdf
from auditor.report.proof import Proofs
from auditor.report.queries import endpoint_queries, nat_queries
from auditor.report.view import view
from tests.report.example import (
    AUDIT,
    ENDPOINT,
    HOSTILE,
    NAT_A,
    NAT_B,
    S3_FINDING,
    WINDOW,
    audit_with,
    empty_audit,
    hostile_audit,
    totals,
)
from tests.report.pictures.audits import any_audit


def large(count: int) -> Audit:
    """Findings of 20 rules in 30 accounts; the n-th saves n dollars, and a cent more at most."""
    findings = tuple(
        replace(
            S3_FINDING,
            id=f"rule-{n % 20}:vpc-{n:05}:s3",
            rule=f"rule-{n % 20}",
            account_id=f"{n % 30:012}",
            severity=Severity.HIGH,
            title=f"VPC number {n} has no S3 gateway endpoint",
            saving=Saving(Decimal(n), Decimal(n), Decimal(n)),
        )
        for n in range(1, count + 1)
    )
    cent = Decimal("0.01")
    steps = tuple(
        PlanStep(n, one.id, Decimal(n), Decimal(n * (n + 1) // 2), cent, n * cent)
        for n, one in enumerate(findings, start=1)
    )
    sums = replace(totals("9"), saving_measured=steps[-1].cumulative, saving_unmeasured_high=count * cent)
    return audit_with(findings=findings, plan=steps, plan_remediation=(), totals=sums)


def test_what_is_in_full_and_what_is_summed_add_up_to_the_plan() -> None:
    """1 + 2 + … + 5,000 = 12,502,500."""
    told = paper(view(large(5_000)))
    assert sum(len(group.findings) for group in told.groups) == IN_FULL == told.full.count
    assert told.rest.count == 5_000 - IN_FULL
    assert sum(row.sums.count for row in told.summaries) + told.more.count == told.rest.count
    assert told.full.measured + told.rest.measured == Decimal(12_502_500)
    assert sum(row.sums.measured for row in told.summaries) + told.more.measured == told.rest.measured
    assert told.full.unmeasured_high + told.rest.unmeasured_high == 50


@pytest.mark.long
def test_thousands_of_findings_are_tens_of_pages_and_say_where_the_rest_is() -> None:
    pdf = PdfReader(BytesIO(render_pdf(render_paper(large(2_000)))))
    assert len(pdf.pages) < 20
    text = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
    assert "The 12 that matter most, by what the plan saves and then by severity, are told in full" in text
    assert "the other 1,988 as sums." in text
    assert "The plan $2,001,000.00" in text
    assert "VPC number 2000 has no S3 gateway endpoint" in text
    assert "VPC number 1988 has no" not in text


def test_a_few_others_are_listed_each_with_its_place_and_saving() -> None:
    told = paper(view(large(72)))
    assert len(told.listed) == told.rest.count == 72 - IN_FULL == LISTED
    assert told.summaries == ()
    html = render_paper(large(72))
    assert "the other 60</a> in a table" in html
    row = html[html.index('<tr><td id="rule-1:vpc-00001:s3">') :].partition("</tr>")[0]
    assert "VPC number 1 has no S3 gateway endpoint" in row
    assert "000000000001" in row
    assert row.endswith('<td class="number">$1.00</td>')


def test_more_others_than_two_pages_are_summed() -> None:
    told = paper(view(large(73)))
    assert told.listed == ()
    assert sum(row.sums.count for row in told.summaries) + told.more.count == told.rest.count == 61


def test_what_saves_most_is_in_full_however_grave_then_what_may_and_then_the_gravest() -> None:
    """Thirteen findings of low severity in the plan, of which the least can only be bounded; one high saves nothing."""
    steps = [replace(one, saving=Decimal(0)) if one.step == 1 else one for one in large(13).plan]
    found = [replace(one, severity=Severity.LOW) for one in large(13).findings]
    grave = replace(S3_FINDING, id="grave", severity=Severity.HIGH, saving=None)
    for count, last in ((13, "rule-2:vpc-00002:s3"), (11, "grave")):
        told = paper(view(audit_with(findings=(grave, *found[:count]), plan=tuple(steps[:count]))))
        full = [one.finding.id for group in told.groups for one in group.findings]
        assert full == [*[one.id for one in reversed(found[:count])][:11], last]


def test_what_matters_little_is_never_told_in_full() -> None:
    """Of low severity, and below a dollar."""
    cent = Decimal("0.01")
    small = replace(S3_FINDING, id="a:small", severity=Severity.LOW, saving=Saving(cent, cent, Decimal("0.99")))
    larger = replace(small, id="a:larger", saving=Saving(cent, cent, Decimal(1)))
    told = paper(view(audit_with(findings=(small, larger), plan=())))
    assert [one.finding.id for group in told.groups for one in group.findings] == ["a:larger"]
    assert [one.finding.id for one in told.listed] == ["a:small"]


@pytest.mark.parametrize("audit", [AUDIT, large(40), large(200), hostile_audit(), any_audit(3, 4, ("prod", ""))])
def test_each_link_leads_to_one_place_on_paper(audit: Audit) -> None:
    page = ET.fromstring(render_paper(audit))  # noqa: S314 -- the paper is ours
    ids = [one.attrib["id"] for one in page.iter() if "id" in one.attrib]
    assert len(ids) == len(set(ids))
    assert {one.attrib["href"] for one in page.iter("a")} <= {f"#{one}" for one in ids}


def test_prices_on_paper_are_those_of_its_lines_with_their_sources() -> None:
    told = paper(view(AUDIT))
    used = {(line.price, line.source) for one in AUDIT.findings for line in (*one.avoided, *one.added)}
    used |= {(line.price, line.source) for nat in AUDIT.nat_gateways for line in nat.lines}
    used |= {(line.price, line.source) for endpoint in AUDIT.endpoints for line in endpoint.lines}
    assert told.prices
    assert {(price.usd, price.source) for price in told.prices} <= used
    assert set(told.sources.values()) == set(range(1, len(told.sources) + 1))


def test_a_step_whose_finding_is_missing_is_in_a_sum_of_its_own() -> None:
    told = paper(
        view(audit_with(plan=(*AUDIT.plan, PlanStep(3, "gone", Decimal(1), Decimal(1), Decimal(0), Decimal(0)))))
    )
    assert told.elsewhere.count == 1
    assert told.elsewhere.measured == Decimal(1)


def test_risks_that_all_findings_of_a_rule_have_are_said_once() -> None:
    other = replace(S3_FINDING, id="other", title="Another VPC", risks=(S3_FINDING.risks[0], "one of its own"))
    html = render_paper(audit_with(findings=(S3_FINDING, other), plan=()))
    assert html.count("Open TCP connections to S3 drop once") == 1
    assert html.count("one of its own") == 1
    assert html.count(S3_FINDING.risks[1].split(" that")[0]) == 1


@pytest.mark.parametrize(
    ("title", "there"), [("VPC <shop> & co", "VPC &lt;shop&gt; &amp; co"), ("VPC שלום", "\u2068VPC שלום\u2069")]
)
def test_a_name_from_right_to_left_does_not_turn_its_neighbours(title: str, there: str) -> None:
    """WeasyPrint lays `bdi` out like any text, so marks in the text do it; others need none."""
    html = render_paper(audit_with(findings=(replace(S3_FINDING, severity=Severity.LOW, saving=None, title=title),)))
    assert f">{there} <span" in html
    assert "<bdi>" not in html


def test_a_long_change_is_named_and_a_short_one_stands_there() -> None:
    long = replace(S3_FINDING, remediation=replace(S3_FINDING.remediation, cli="aws ec2 x\n" * 200))
    assert "takes 201 lines of commands" in render_paper(audit_with(findings=(long,)))
    assert "aws ec2 create-vpc-endpoint" in render_paper(AUDIT)


def test_it_is_tagged_and_says_its_language() -> None:
    pdf = PdfReader(BytesIO(render_pdf(render_paper(empty_audit()))))
    root: Any = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert "/StructTreeRoot" in root
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()


@pytest.mark.parametrize("page", [empty_audit(), hostile_audit()])
def test_no_paper_shows_an_element_of_an_account(page: Audit) -> None:
    html = render_paper(page)
    assert "<script" not in html
    assert "<img" not in html
    assert "url(" not in html
    assert "\u202e" not in html


def test_nothing_of_ten_thousand_characters_makes_a_page_of_its_own() -> None:
    """The hostile example has nine of everything; one name has 10,000 characters wherever it stands."""
    paper_of_it = render_paper(hostile_audit())
    body = ET.fromstring(paper_of_it).find("body")  # noqa: S314 -- the paper is ours
    assert body is not None
    assert max(len(text) for text in body.itertext()) <= 1200
    assert len(PdfReader(BytesIO(render_pdf(paper_of_it))).pages) < 15


def test_a_finding_knows_its_ways_and_its_coverage() -> None:
    route = NatRoute("rtb-0aaa", is_main=False, destinations=("0.0.0.0/0",), subnet_ids=("subnet-0a11",))
    audit = audit_with(nat_gateways=(replace(NAT_A, routes=(route,)), NAT_B))
    proof = Proofs(audit).of(S3_FINDING)
    assert [(way.nat.id, way.routes) for way in proof.ways] == [(NAT_A.id, (route,))]
    assert len(proof.queries) == 2
    text = re.sub("<[^>]*>", "", render_paper(audit))
    assert "subnet-0a11 → rtb-0aaa → nat-0a11ce0000000000a (97.4% explained)" in text


def test_queries_ask_for_the_bytes_of_the_window_and_quote_what_an_account_named() -> None:
    measured, read = nat_queries(NAT_A, WINDOW)
    assert measured.text.count("aws cloudwatch get-metric-statistics") == 2
    assert "--start-time 2026-10-21T00:00:00Z --end-time 2026-11-20T00:00:00Z" in measured.text
    assert """'[{"Name": "NatGatewayId", "Value": "nat-0a11ce0000000000a"}]'""" in measured.text
    assert "auditor attribute s3://BUCKET/PREFIX" in read.text
    assert "SEARCH" in nat_queries(NAT_B, WINDOW)[0].text
    assert endpoint_queries(ENDPOINT, WINDOW) == ()
    named = replace(ENDPOINT, service_name="com.amazonaws.us-east-1.ecr.dkr")
    assert "AWS/PrivateLinkEndpoints" in endpoint_queries(named, WINDOW)[0].text
    for text in HOSTILE:
        for query in nat_queries(replace(NAT_A, id=f"'; {text}"), WINDOW):
            assert "'; " not in query.text.replace("'\"'\"'; ", "")
