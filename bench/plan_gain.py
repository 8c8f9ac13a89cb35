"""What the search for the best plan gains over taking the largest saving first, on random small networks.

First with any changes, which seldom meet, then with endpoints and a NAT gateway that may go with all that need it.

    python bench/plan_gain.py [--networks 2000]

Every plan is also compared with all subsets of its candidates, priced one by one on the whole network.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from sys import path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

path.insert(0, str(Path(__file__).parent.parent))

from auditor.model.evidence import Evidence
from auditor.model.money import ZERO, total
from auditor.whatif.edits import AddGatewayEndpoint, AssociateRouteTables, Edit, apply_all
from auditor.whatif.forecast import Forecast
from auditor.whatif.islands import Candidate, exclude_each_other
from auditor.whatif.plan import make_plan
from auditor.whatif.saving import Situation
from tests.whatif.networks import edits, evidences
from tests.whatif.test_optimum import brute_force, meeting, saving
from tests.whatif.test_outcome import situation


def main() -> None:
    """Compare and print how many plans of each kind there were."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=2000)
    seen: Counter[str] = Counter()
    gained: list[Decimal] = []

    limits = settings(
        max_examples=parser.parse_args().networks,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    @limits
    @given(evidences(), st.data())
    def compare(evidence: Evidence, data: st.DataObject) -> None:
        now = situation(evidence)
        changes = data.draw(st.lists(edits(now.network).map(lambda one: (one,)), min_size=2, max_size=6, unique=True))
        compare_one(now, changes, seen, gained)

    @limits
    @given(meeting())
    def compare_meeting(found: tuple[Situation, list[tuple[Edit, ...]]]) -> None:
        compare_one(*found, seen, gained)

    for run in (compare, compare_meeting):
        seen.clear()
        run()
        report(seen, gained)


def report(seen: Counter[str], gained: list[Decimal]) -> None:
    """In one line or two."""
    print(", ".join(f"{count} {what}" for what, count in sorted(seen.items())))
    if gained:
        print(f"gained where better: median {sorted(gained)[len(gained) // 2]:.0%} more than the largest first")


def compare_one(now: Situation, changes: Sequence[tuple[Edit, ...]], seen: Counter[str], gained: list[Decimal]) -> None:
    """One network."""
    start = Forecast.of(now, now.traffic)
    candidates = [Candidate(str(number), one, start.after(one).saved) for number, one in enumerate(changes)]
    plan = make_plan(start, candidates)
    best, simple, found = brute_force(now, changes), largest_first(start, candidates), saving(plan)
    seen["networks"] += 1
    seen["proven"] += plan.is_proven
    seen["proven, but not the best of all subsets"] += plan.is_proven and found < best
    seen["not proven, and not the best of all subsets"] += not plan.is_proven and found < best
    seen["with a saving"] += found > 0
    seen["better than the largest first"] += found > simple
    seen["worse than the largest first"] += found < simple
    if found > simple > 0:
        gained.append((found - simple) / simple)


def largest_first(now: Forecast, candidates: Sequence[Candidate]) -> Decimal:
    """What changes save that are taken one after the other, the largest saving first, if they still save something."""
    taken: list[Candidate] = []
    amounts_taken: list[Decimal] = []
    for candidate in sorted((one for one in candidates if one.alone.amounts), key=_by_saving):
        after = now.to(apply_all(now.network, candidate.edits))
        amounts = after.saved.amounts
        if amounts and amounts[1] > 0 and not after.cut and not exclude_each_other([*taken, candidate]):
            taken.append(candidate)
            amounts_taken.append(amounts[1])
            now = after
    return total(amounts_taken)


def _by_saving(candidate: Candidate) -> tuple[bool, Decimal]:
    """Gateway endpoints first."""
    is_gateway = any(isinstance(edit, AddGatewayEndpoint | AssociateRouteTables) for edit in candidate.edits)
    return (not is_gateway, -(candidate.alone.amounts or (ZERO, ZERO, ZERO))[1])


if __name__ == "__main__":
    main()
