"""The summary as Markdown: short whatever the account, and no text of it is more than text."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from auditor.model.audit import Audit
from auditor.model.history import Lost, SinceLast
from auditor.report.markdown import escaped, render_markdown
from auditor.report.text import line
from tests.report.example import (
    AUDIT,
    HOSTILE,
    S3_FINDING,
    audit_with,
    blind_audit,
    empty_audit,
    hostile_audit,
)
from tests.report.test_changes import AT, mention

if TYPE_CHECKING:
    from markdown_it.token import Token

GITHUBS_LIMIT = 65_536
BREAK = "\N{ZERO WIDTH SPACE}"
MARKUP = (
    "@team please look",
    "see http://127.0.0.1/ or www.example.com or a@example.com",
    "[link](http://127.0.0.1/) ![image](http://127.0.0.1/x.png) <http://127.0.0.1/>",
    "[ref]: http://127.0.0.1/",
    "a | b || c \\| d",
    "`code` ``more`` ```fence",
    "**bold** _em_ ~~gone~~ # heading",
    "closes #12, org/repo#7, GH-3",
    "<!channel> <@U123> <!-- comment -->",
    "&lt;b&gt; &#124; &amp;#124;",
    "$x$ and $`y`$ and $$z$$",
    "x\\",
    "- item\n1. one\n> quote\n\n---\n\n    code",
)
ALLOWED = {"heading", "paragraph", "table", "thead", "tbody", "tr", "th", "td", "bullet_list", "list_item"}
MENTIONS = re.compile(r"(?<![\w`])@\w|(?<!\w)#\d|\w#\d|GH-\d|https?://|www\.|\w@\w", re.IGNORECASE)
"""What GitHub makes links of after Markdown is rendered."""


def parsed(text: str) -> list[Token]:
    found: list[Token] = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        found += [token, *(token.children or [])]
    return found


def shown(text: str) -> str:
    """What is read, a cell or a paragraph a line."""
    blocks = [token.children or [] for token in parsed(text) if token.type == "inline"]
    return "\n".join("".join(token.content for token in block) for block in blocks)


def assert_is_only_text(page: str) -> None:
    kinds = {re.sub(r"_(open|close)$", "", token.type) for token in parsed(page)}
    assert kinds <= {*ALLOWED, "inline", "text", "text_special", "strong", "softbreak"}, kinds
    assert not MENTIONS.search(shown(page))


def sized(page: str) -> list[int]:
    """How many cells each row of each table has."""
    rows: list[int] = []
    for token in parsed(page):
        if token.type == "tr_open":
            rows.append(0)
        elif token.type in {"td_open", "th_open"}:
            rows[-1] += 1
    return rows


def test_it_says_the_figures_and_keeps_apart_what_was_not_measured() -> None:
    page = render_markdown(AUDIT)
    assert page.startswith("## AWS network costs, 2026-10-21 to 2026-11-19 (30 days)\n")
    assert "| **What the plan saves a month, measured** | $173.38 |" in page
    assert "| Apart from that at most, not measured: never add it | $417.29 |" in page
    assert "| What NAT gateways cost a month | at least $295.65 |" in page
    assert f"| 1 | {S3_FINDING.title} | 111122223333 us-east-1 | $173.38 | $4.79 |" in page
    assert "| – | $412.50 |" in page
    assert "| $0.00 | unknown | $412.50 |" in page
    assert "1 skipped; 2 gaps.** What could not be read is in no figure." in page
    assert "| 777788889999 | whole account | sts:AssumeRole |" in page


def test_it_says_what_changed_and_warns_first() -> None:
    since = SinceLast("run-1", AT, new=(mention(),), lost=(Lost("111122223333", "us-east-1", "denied"),))
    page = render_markdown(replace(AUDIT, since_last=since))
    part = page[page.index("### Since the last run") : page.index("### The plan")]
    warning = "- **1 scope could be read last time and not now: 111122223333 us-east-1.**"
    assert part.splitlines()[2:4] == [warning, "- New: vpc-1 has no s3 endpoint, $90.00 a month by the plan."]
    assert "Since the last run" not in render_markdown(AUDIT)


def test_an_audit_that_read_nothing_shows_no_amount_and_one_that_read_all_no_warning() -> None:
    blind = render_markdown(blind_audit())
    assert "$" not in blind
    assert blind.count("| unknown |") == 5
    assert "What could not be read" in blind
    assert "What could not be read" not in render_markdown(empty_audit())


def test_more_than_ten_are_counted() -> None:
    many = tuple(replace(S3_FINDING, id=f"f-{n}") for n in range(1_012))
    steps = tuple(replace(AUDIT.plan[0], step=n, finding_id=f"f-{n}") for n in range(11))
    page = render_markdown(audit_with(findings=many, plan=steps))
    assert "And 1,002 more findings." in page
    assert "And 1 more step." in page


def test_hostile_names_are_text_and_shift_no_cell() -> None:
    page = render_markdown(hostile_audit())
    assert_is_only_text(page)
    assert set(sized(page)) == {2, 4, 5, 6}
    assert "VPC <script>alert(1)</script> has no endpoint" in shown(page)
    assert "{{7*7}}{% raw %}" in shown(page)


@given(st.text() | st.text(alphabet="@#|`*_[](){}<>!&;$~\\-.: \n1aGH"))
@example("".join(MARKUP))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    """In a cell as in a sentence; but for the marks that nobody sees and that keep it from becoming a link."""
    page = f"| a | b |\n| --- | --- |\n| {escaped(text)} | x |\n\n- see {escaped(text)} end\n"
    assert_is_only_text(page)
    assert sized(page) == [2, 2]
    wanted = "".join(line(text, 140).replace(BREAK, "").split())
    cells = ("a", "b", wanted, "x", f"see{wanted}end")
    assert ["".join(one.replace(BREAK, "").split()) for one in shown(page).split("\n")] == list(cells)


def test_what_github_would_make_of_it_is_disarmed() -> None:
    for text in MARKUP:
        assert_is_only_text(f"- see {escaped(text)} end\n")
    assert escaped("$x$ costs $5.20") == "&#36;x&#36; costs $5.20"


def test_a_name_without_escapes_is_readable_as_it_stands() -> None:
    assert escaped("VPC prod-eu (10.0.0.0/16), 3 AZs: $5.20") == "VPC prod-eu (10.0.0.0/16), 3 AZs: $5.20"


def worst() -> Audit:
    """Every text of an account as long as it can be, of what takes most when it is escaped."""
    text = "&.&@" * 5_000
    finding = replace(S3_FINDING, title=text, account_id=text, region=text)
    many = tuple(replace(finding, id=f"{text}{n}") for n in range(200))
    steps = tuple(replace(AUDIT.plan[0], step=n, finding_id=one.id) for n, one in enumerate(many))
    gaps = tuple(replace(AUDIT.gaps[0], reason=f"{n}{text}", action=text, region=text) for n in range(200))
    found = tuple(replace(mention(), id=f"{text}{n}", title=text) for n in range(50))
    lost = tuple(Lost(text, text, text) for _ in range(50))
    since = SinceLast("run", AT, new=found, resolved=found, came_back=found, not_seen=found, lost=lost, new_gaps=gaps)
    return audit_with(findings=many, plan=steps, gaps=gaps, since_last=since)


def test_it_stays_below_githubs_limit_whatever_the_account_holds() -> None:
    page = render_markdown(worst())
    assert 20_000 < len(page) < 60_000 < GITHUBS_LIMIT


def test_an_amount_that_costs_more_has_its_sign() -> None:
    step = replace(AUDIT.plan[0], unmeasured_high=Decimal("-4.5"))
    assert "| $173.38 | −$4.50 |" in render_markdown(audit_with(plan=(step,)))


def test_hostile_text_in_the_history_is_only_text() -> None:
    bad = tuple(replace(mention(), id=text, title=text) for text in (*HOSTILE, *MARKUP))
    for one in bad:
        since = SinceLast("run", AT, new=(one,), lost=(Lost(one.title, one.title, None),))
        assert_is_only_text(render_markdown(replace(AUDIT, since_last=since)))
