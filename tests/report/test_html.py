"""The page shows the audit's figures and says what is not known; hostile text stays text."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError

from auditor.model.audit import Audit, PlanStep, Saving, ScopeSummary, Status
from auditor.model.evidence import Source
from auditor.report.html import environment, render_html
from tests.report.example import (
    AUDIT,
    HOSTILE,
    NAT_A,
    NAT_B,
    PARTLY_READ,
    S3_FINDING,
    audit_with,
    blind_audit,
    empty_audit,
    hostile_audit,
    resolved_audit,
    totals,
)


class Page(HTMLParser):
    """The text of a page, its elements, its attributes, and the text of each table cell."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name == "href"]
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        del self.open[len(self.open) - 1 - self.open[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def text_of(audit: Audit) -> str:
    return Page(render_html(audit)).text


def test_the_first_page_shows_the_figures_and_never_adds_measured_to_unmeasured() -> None:
    text = text_of(AUDIT)
    assert "The plan saves $173.38 a month, measured up to $417.29 more, not measured" in text
    assert "NAT gateways at least $295.65 a month, 2 NAT gateways" in text
    assert "VPC endpoints at least $14.60 a month, 1 endpoint" in text
    assert "After the plan at least $136.88 a month remains of both" in text
    assert "590.67" not in text  # 173.375 + 417.290625


def test_where_nothing_is_unknown_the_sums_are_no_lower_bounds() -> None:
    text = text_of(replace(empty_audit(), totals=totals("295.65"), nat_gateways=(NAT_A,)))
    assert "NAT gateways $295.65" in text
    assert "at least $" not in text


def test_it_says_how_much_was_seen() -> None:
    text = text_of(AUDIT)
    assert "3 scopes (an account in one region): 1 read in full, 1 read in part, 1 skipped; 2 gaps." in text
    assert "1 line of cost could not be worked out" in text
    assert "me-south-1 skipped the region is not enabled" in text


def test_the_plan_keeps_what_was_not_measured_apart() -> None:
    text = text_of(AUDIT)
    assert "us-east-1 · prod vpc-0prod000000000001 $173.38 $173.38 $4.79 $4.79" in text
    assert "eu-central-1 · staging vpc-0staging00000002 – $173.38 $412.50 $417.29" in text


def test_each_link_leads_somewhere_and_only_within_the_page() -> None:
    page = Page(render_html(hostile_audit()))
    assert page.links
    assert {link[0] for link in page.links} == {"#"}
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_findings_are_ordered_by_severity_then_by_saving() -> None:
    small = replace(S3_FINDING, id="small", title="Small", saving=Saving(Decimal(1), Decimal(1), Decimal(1)))
    maybe = replace(S3_FINDING, id="maybe", title="Maybe", saving=Saving(Decimal(0), None, Decimal(9_000)))
    about_risk = replace(S3_FINDING, id="risk", title="Risk", saving=None)
    found = (about_risk, *AUDIT.findings, maybe, small)
    text = text_of(audit_with(findings=found, plan=()))
    titles = (S3_FINDING.title, "Small", "Maybe", "Risk", "An interface endpoint for CloudWatch Logs")
    places = [text.index(f"{title} ") for title in titles]
    assert places == sorted(places)


def test_each_line_is_quantity_times_price_with_its_source() -> None:
    text = text_of(AUDIT)
    quantity, price = "4,152.89 GB", "$0.045 $186.88 AWS price list, 2026-11-01"
    assert f"NAT gateway data processed {quantity} {price}" in " ".join(text.replace(" ,", ",").split())
    assert "NAT gateway data processed prod-a nat-0a11ce0000000000a 3,852.78 GB $0.045 $173.37" in text
    assert "Sum $219.73" in text
    assert "Regional NAT gateway data processed unknown GB $0.052 unknown" in text
    assert "Sum unknown" in text
    assert "Difference: $412.50 a month, the high figure" in text


def test_a_finding_shows_its_saving_as_low_expected_high_and_says_what_is_unknown() -> None:
    text = text_of(AUDIT)
    assert "low $173.38 · expected $173.38 · high $178.17" in text
    assert "low $0.00 · expected unknown · high $412.50" in text
    assert "up to $412.50 a month, not measured" in text
    assert S3_FINDING.saving_note in text
    assert S3_FINDING.risks[1] in text
    assert "aws ec2 create-vpc-endpoint \\ --vpc-id vpc-0prod000000000001" in text


def test_the_whole_plan_stands_beside_its_steps_in_every_form_that_it_has() -> None:
    text = text_of(AUDIT)
    plan = text[text.index("All steps as text to paste") : text.index("Findings 1 high")]
    assert "111122223333 · us-east-1 Step 1 Commands that make the change # Step 1 aws ec2 plan" in plan
    assert "As CloudFormation Resources: The way back aws ec2 way-back" in plan
    assert "As Terraform" not in plan
    assert "All steps as text to paste" not in text_of(audit_with(plan_remediation=()))


def test_accepted_and_resolved_findings_stand_apart() -> None:
    accepted = replace(S3_FINDING, status=Status.ACCEPTED)
    text = text_of(audit_with(findings=(accepted,), plan=()))
    assert text.index("Accepted and resolved") < text.index(accepted.title)


def test_where_everything_is_resolved_nothing_asks_to_be_done() -> None:
    text = text_of(resolved_audit())
    assert "What to change Nothing: every finding is accepted or resolved." in text
    assert "The plan Nothing that is open would lower the bill." in text
    assert "Findings Every finding is accepted or resolved." in text
    assert "a month: there is no change to make" in text
    partly = text_of(replace(resolved_audit(), gaps=AUDIT.gaps))
    assert "Every finding is accepted or resolved. What could not be read may hide others" in partly
    assert "No rule found anything" not in partly


def test_a_nat_gateway_shows_its_bytes_and_what_is_not_measured() -> None:
    text = text_of(AUDIT)
    assert "Up 1,000 GB Down 3,096 GB Coverage 97.4% A month $219.73" in text
    assert "Kind regional not measured Up unknown Down unknown Coverage not attributed A month unknown" in text
    assert "s3 us-east-1 900 GB 2,900 GB 92.8% $173.38 gateway endpoint , free" in text  # 3,800 of 4,096
    assert "ecr.api by query log us-east-1 1.00 GB 50.00 GB 1.2% $2.33 interface endpoint" in text
    assert "internet – 20.00 GB 120 GB 3.4% $6.39 NAT gateway only" in text
    assert "not attributed – 105 GB 2.6% $4.79 unknown" in text
    assert "No flow log tells of 1 NAT gateway." in text


def test_a_nat_gateway_shows_its_largest_clients() -> None:
    text = text_of(AUDIT)
    where = "instance i-0c0ffee, name=etl-worker 10.0.11.24 eni-0a1 subnet-0a11 us-east-1a"
    assert f"{where} s3 us-east-1 700 GB 2,100 GB" in text
    assert "10.0.12.9 unknown internet 11.00 GB 90.00 GB" in text


def test_what_was_read_and_how_much_it_explains_is_said_in_words() -> None:
    text = text_of(audit_with(nat_gateways=(NAT_A, PARTLY_READ)))
    whole = "2026-10-21 to 2026-11-19 (30 days): 97.4% of the bytes that CloudWatch counted are explained."
    assert f"Flow log fl-0a11ce0000000000a, read on this machine, {whole}" in text
    week = "2026-11-13 to 2026-11-19 (7 days): 60.0% of the bytes that CloudWatch counted are explained."
    assert f"Flow log fl-0c0c000000000000c, read by Amazon Athena, {week} These days hold 23.4%" in text
    assert "1,204 records were lost before delivery (SKIPDATA)" in text
    assert "1 record or file could not be read. The records do not name the clients." in text
    assert "not read to its end: the gzip stream is cut" in text
    assert "aws us-east-1 80.00 GB 400 GB 50.0% $93.44 unknown: no name" in text
    assert "kms by DNS us-east-1 6.00 GB 90.00 GB 10.0% $18.69 interface endpoint" in text
    assert "not attributed – 384 GB 40.0% $74.75 unknown" in text


def test_the_sum_over_all_nat_gateways_stands_first_where_several_have_flow_logs() -> None:
    """5.8 % of 8,471 GB are not attributed: 105 + 384; bytes of unlike days are not added up."""
    same = replace(PARTLY_READ, attribution=NAT_A.attribution, destinations=NAT_A.destinations)
    text = text_of(audit_with(nat_gateways=(NAT_A, same)))
    assert "Where the bytes of all NAT gateways with flow logs go" in text
    assert text.index("s3 us-east-1 1,800 GB 5,800 GB 89.7% $346.75") < text.index("s3 us-east-1 900 GB")
    assert "not attributed – 489 GB 5.8% $79.54 unknown" in text
    for few in ((NAT_A, NAT_B), (NAT_A, PARTLY_READ)):
        assert "bytes of all NAT gateways" not in text_of(audit_with(nat_gateways=few))


def test_flow_logs_that_claim_too_much_and_those_without_cloudwatch_say_so() -> None:
    more, blind = replace(NAT_A, coverage=Decimal("1.042")), replace(NAT_A, coverage=None)
    assert "104.2% of the bytes that CloudWatch counted are claimed" in text_of(audit_with(nat_gateways=(more,)))
    assert "without CloudWatch's count nobody can say" in text_of(audit_with(nat_gateways=(blind,)))


def test_the_flow_logs_that_were_read_stand_with_estimate_and_cost() -> None:
    text = text_of(AUDIT)
    assert "44 API calls, $0.02 in all." in text
    assert "fl-0a11ce0000000000a on this machine 3.00 GB 3.00 GB $0.00 $0.00" in text
    assert "fl-0c0c000000000000c by Amazon Athena 4.00 GB 4.00 GB $0.02 $0.02" in text
    assert "athena:StartQueryExecution 1 $0.02" in text


def test_without_flow_logs_nothing_is_said_of_where_bytes_go() -> None:
    assert "Where the bytes go" not in text_of(audit_with(nat_gateways=(NAT_B,)))


def test_an_account_without_nat_gateways_says_so() -> None:
    text = text_of(empty_audit())
    assert "No NAT gateways were found in the scopes read." in text
    assert "Everything that was asked for could be read." in text


def test_an_audit_that_read_nothing_shows_no_zero_and_no_all_clear() -> None:
    """`$0.00` would be an amount; nothing is known here."""
    text = text_of(blind_audit())
    first_page = text[: text.index("The plan Nothing")]
    assert "$0.00" not in first_page
    assert first_page.count("unknown") == 4
    assert "No NAT gateways were found in the scopes read. There may be some in what could not be read" in text
    assert "Everything that was asked for" not in text
    assert text.count("no all-clear") >= 2


@pytest.mark.parametrize("status", ["partial", "failed", "skipped"])
def test_a_scope_not_read_in_full_is_no_all_clear(status: str) -> None:
    scopes = (*empty_audit().scopes, ScopeSummary("1", "us-west-2", status, "denied"))
    text = text_of(replace(empty_audit(), scopes=scopes))
    assert "Everything that was asked for" not in text
    assert "No rule found anything to change or to know." not in text


def test_an_account_that_could_not_be_reached_is_no_all_clear() -> None:
    """All scopes were read, and yet an account is missing."""
    text = text_of(replace(empty_audit(), gaps=AUDIT.gaps[1:]))
    assert "1 scope (an account in one region): 1 read in full; 1 gap." in text
    assert "Everything that was asked for" not in text
    assert "There may be some in what could not be read" in text


@pytest.mark.parametrize(
    ("source", "nat", "endpoint"),
    [
        (Source.NAT_GATEWAYS, "NAT gateways at least $7.00", "VPC endpoints $0.00"),
        (Source.ENDPOINTS, "NAT gateways $7.00", "VPC endpoints unknown"),
        (Source.ACCOUNT, "NAT gateways at least $7.00", "VPC endpoints unknown"),
        (Source.SECURITY_GROUPS, "NAT gateways $7.00", "VPC endpoints $0.00"),
    ],
)
def test_a_gap_makes_those_sums_lower_bounds_that_it_may_be_missing_from(
    source: Source, nat: str, endpoint: str
) -> None:
    gap = replace(AUDIT.gaps[0], source=source)
    text = text_of(replace(empty_audit(), totals=totals("7"), gaps=(gap,)))
    assert nat in text
    assert endpoint in text


def test_a_missing_value_is_unknown_wherever_a_template_shows_it() -> None:
    assert environment().from_string("{{ amount }}").render(amount=None) == "unknown"


def test_a_misspelt_name_in_a_template_fails() -> None:
    with pytest.raises(UndefinedError):
        environment().from_string("{{ audit.savings }}").render(audit=AUDIT)


def test_gaps_that_differ_by_region_only_are_one_row() -> None:
    gaps = tuple(replace(AUDIT.gaps[0], region=region) for region in ("us-west-2", "us-east-1"))
    text = text_of(audit_with(gaps=gaps))
    row = "444455556666 us-east-1, us-west-2 nat-gateway-metrics cloudwatch:GetMetricData AccessDenied"
    assert row in text
    assert "2 gaps" in text


def test_a_plan_step_without_its_finding_is_shown_by_id() -> None:
    orphan = PlanStep(1, "gone", Decimal(1), Decimal(1), Decimal(0), Decimal(0))
    assert "1 gone $1.00 $1.00" in text_of(audit_with(plan=(orphan,)))


@pytest.fixture(scope="module")
def hostile_page() -> str:
    return render_html(hostile_audit())


def test_hostile_text_is_shown_as_text(hostile_page: str) -> None:
    text = Page(hostile_page).text
    assert "VPC <script>alert(1)</script> has no endpoint" in text
    assert "{{7*7}}{% raw %}" in text
    assert text.count("{{7*7}}") > 10
    assert "🚀 production 🇪🇺" in text
    assert "\"quoted\" 'name' & <b>bold</b>" in text


def test_hostile_text_makes_no_element(hostile_page: str) -> None:
    """The page has exactly the elements that it has with harmless names."""
    harmless = tuple(f"plain {n}" for n in range(len(HOSTILE)))
    page, plain = Page(hostile_page), Page(render_html(hostile_audit(harmless)))
    assert Counter(page.elements) == Counter(plain.elements)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in {"src", "style"}]


def test_no_character_steers_a_terminal_or_the_eye(hostile_page: str) -> None:
    assert not [c for c in hostile_page if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)]
    assert "\u202e" not in hostile_page
    assert "�[31mred�[0m" in hostile_page


def test_names_of_ten_thousand_characters_are_cut_where_a_table_holds_them(hostile_page: str) -> None:
    assert f"{'x' * 79}…" in hostile_page
    summaries = hostile_page.split("<summary>")[1:]
    assert len(summaries) > 20
    assert not [one for one in summaries if "x" * 201 in one.partition("</summary>")[0]]


def test_the_page_forbids_itself_everything_but_its_own_script_and_style(hostile_page: str) -> None:
    head = hostile_page[: hostile_page.index("<style>")]
    assert f"default-src 'none'; script-src '{hash_of(hostile_page, 'script')}'; style-src" in head
    assert f"style-src '{hash_of(hostile_page, 'style')}'; base-uri 'none'; form-action 'none'" in head
    assert "unsafe" not in head
    assert "url(" not in hostile_page
    assert "@import" not in hostile_page


def hash_of(page: str, element: str) -> str:
    """What CSP wants of the content of an inline element (hash-source, CSP level 3)."""
    content = page.split(f"<{element}>")[1].split(f"</{element}>", maxsplit=1)[0]
    return "sha256-" + b64encode(sha256(content.encode()).digest()).decode()


def test_every_hostile_text_is_covered() -> None:
    """The example would prove little if its hostile texts never reached the page."""
    page = render_html(hostile_audit())
    assert len(HOSTILE) == 9
    assert page.count('<article class="entry finding') == 9
