"""The whole plan as text to paste: for each account and region what neither script nor stack nor provider can span.

Commands run step by step in the plan's order, each on what those before it left; the way back is the opposite order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from shlex import quote

from auditor.model.audit import PlanRemediation, Remediation
from auditor.model.network import Network
from auditor.remediation.cli import look, write
from auditor.remediation.cli_shared import join, look_at_zones, told_zones
from auditor.remediation.cloudformation import has_form, template
from auditor.remediation.hosted_zones import guests, vpcs_by_account
from auditor.remediation.quoted import comment
from auditor.remediation.state import State, carried_out, states
from auditor.remediation.terraform import configuration
from auditor.whatif.change import Change
from auditor.whatif.edits import (
    AddGatewayEndpoint,
    AddInterfaceEndpoint,
    Edit,
    LimitPrivateDnsToInboundResolver,
    ShareInterfaceEndpoint,
    TurnOnPrivateDns,
    apply_all,
)

_GUARD = """\
set -eu
export AWS_PAGER=
if [ "$(aws sts get-caller-identity --query Account --output text)" != {account} ]; then
  echo 'These credentials are of another account: nothing was done.' >&2
  exit 1
fi"""


@dataclass(frozen=True, slots=True)
class _Written:
    """An edit of a step with its commands in one account, and those that show what it did there."""

    change: Change
    edit: Edit
    there: list[str]
    back: list[str]
    looks: list[str]


def plan_texts(changes: Iterable[Change], network: Network) -> tuple[PlanRemediation, ...]:
    """The changes of one network by account and region; those of an account stay in their order.

    A change for which several accounts must do something stands in the document of each.
    """
    places: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        for account in (change.finding.account_id, *guests(change.edits, network)):
            places.setdefault((account, change.finding.region), []).append(change)
    return tuple(_texts(account, region, here, network) for (account, region), here in sorted(places.items()))


def _texts(account: str, region: str, changes: list[Change], network: Network) -> PlanRemediation:
    written = list(_written(account, changes, network))
    remediation = Remediation(
        cli=_forth(account, region, changes, written),
        cloudformation=_stack(account, changes, written, network),
        terraform=configuration((one.edit for one in written), network, _named(changes), account),
        rollback=_back(account, region, written),
    )
    return PlanRemediation(account, region, tuple(change.step for change in changes), remediation)


def _written(account: str, changes: list[Change], network: Network) -> Iterator[_Written]:
    """Without edits that those before them leave nothing to do, and without what other accounts do."""
    needed: list[tuple[Change, Edit]] = []
    after = network
    for change in changes:
        for edit in change.edits:
            if edit.apply(after) is not after:
                needed.append((change, edit))
                after = carried_out(edit, after)
    met: Iterator[tuple[Edit, State]] = states([edit for _, edit in needed], network)
    for (change, edit), (_, state) in zip(needed, met, strict=True):
        if account == change.finding.account_id:
            yield _Written(change, edit, *write(edit, state), [look(edit)])
        elif isinstance(edit, ShareInterfaceEndpoint):
            yield _joined(account, change, edit, state)


def _joined(account: str, change: Change, edit: ShareInterfaceEndpoint, state: State) -> _Written:
    """What another account than the hub's does, once that has done its part."""
    there, back = join(edit, state.network, account)
    first = comment(f"After account {edit.account_id} has run its part, which prints the ids of the zones.")
    last = comment(f"Before account {edit.account_id} takes its part back.")
    looks = [look_at_zones(edit, one) for one in vpcs_by_account(edit, state.network)[account]]
    return _Written(change, edit, [first, *told_zones(edit), *there], [last, *back], looks)


def _forth(account: str, region: str, changes: list[Change], written: list[_Written]) -> str:
    head = [
        f"The plan for account {account} in {region}. Read it, save it, run it with bash or step by step.",
        "It stops at the first command that fails; what ran before stays, and its way back is the other script.",
        "Its steps may be run apart, at different times; each needs those before it.",
        *_risks(changes),
        *_checks(changes),
    ]
    steps = _steps(written, lambda one: one.there)
    looks = (line for one in written for line in one.looks)
    tail = [
        "",
        comment("Check: each resource as AWS now has it; an endpoint is available within minutes."),
        *dict.fromkeys(looks),
        comment("Then run the audit again: these findings are gone, and the bill of the next days is lower."),
    ]
    return "\n".join([*map(comment, head), _guard(account), *steps, *tail])


def _back(account: str, region: str, written: list[_Written]) -> str:
    head = [
        f"The way back of the plan for account {account} in {region}: the last step first.",
        "It takes back what the commands did. Of CloudFormation delete the stack, of Terraform the resources.",
    ]
    return "\n".join([*map(comment, head), _guard(account), *_steps(written[::-1], lambda one: one.back)])


def _guard(account: str) -> str:
    """Commands for one account do harm, or nothing, with the credentials of another; a pager would wait for keys."""
    return _GUARD.format(account=quote(account))


def _steps(written: list[_Written], lines: Callable[[_Written], list[str]]) -> Iterator[str]:
    last = None
    for one in written:
        if one.change is not last:
            yield ""
            yield comment(f"Step {one.change.step}: {one.change.finding.id}")
        yield from lines(one)
        last = one.change


def _risks(changes: list[Change]) -> Iterator[str]:
    """Those of the findings, and those of the edits whoever proposes them."""
    said = (
        (risk, change.step)
        for change in changes
        for risk in (*change.finding.risks, *(risk for edit in change.edits for risk in _risks_of(edit)))
    )
    yield from _by_step("Risks, by step:", said)


def _risks_of(edit: Edit) -> Iterator[str]:
    if isinstance(edit, AddGatewayEndpoint | AddInterfaceEndpoint | ShareInterfaceEndpoint):
        yield "The policy of a new endpoint admits all that its clients may do anyway: narrow it where yours must not."
    if isinstance(edit, ShareInterfaceEndpoint):
        yield "The service's names lead all clients of these VPCs elsewhere, once old DNS answers have run out."
    if isinstance(edit, AddInterfaceEndpoint | TurnOnPrivateDns | LimitPrivateDnsToInboundResolver):
        yield "The service's names lead all clients of the VPC elsewhere, once old DNS answers have run out."


def _checks(changes: list[Change]) -> Iterator[str]:
    yield from _by_step("How to check, by step:", ((change.finding.check, change.step) for change in changes))


def _by_step(title: str, said: Iterable[tuple[str, int]]) -> Iterator[str]:
    """Each sentence once, with the steps that it is said of."""
    steps: dict[str, list[int]] = {}
    for sentence, step in said:
        steps.setdefault(sentence, []).append(step)
    steps.pop("", None)
    if steps:
        yield title
    yield from (f"- {_numbers(of)}: {sentence}" for sentence, of in steps.items())


def _numbers(steps: list[int]) -> str:
    return f"{'step' if len(steps) == 1 else 'steps'} {', '.join(map(str, steps))}"


def _named(changes: list[Change]) -> list[str]:
    return [*_risks(changes), *(f"Step {change.step}: {change.finding.id}" for change in changes)]


def _stack(account: str, changes: list[Change], written: list[_Written], network: Network) -> str | None:
    """Only what a stack can make, and which steps it leaves to the commands."""
    after = apply_all(network, (one.edit for one in written))
    told = [(one, one.change.finding.account_id == account and has_form(one.edit, network, after)) for one in written]
    made = [one for one, is_made in told if is_made]
    rest = dict.fromkeys(one.change.step for one, is_made in told if not is_made)
    notes = [*_named(changes)]
    if rest:
        notes.append(f"Not in it, because a stack changes only what it made: {_numbers(list(rest))}. Use commands.")
    return template((one.edit for one in made), network, notes)
