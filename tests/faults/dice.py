"""Which call meets which fault: a seed says it, whatever order the calls come in."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from tests.fault_proxy_answers import DENIED, EXPIRED, NOT_OPTED_IN, Answer, Call, error
from tests.faults.buckets import Buckets
from tests.faults.paging import Paging

PACE = 10
"""How much faster AWS's buckets refill in these runs, and the product's share of them."""

IN_ALL = ("GetCallerIdentity", "AssumeRole", "DescribeRegions")
TOO_FAST = {
    "ec2": [("RequestLimitExceeded", 503), ("Throttling", 400)],
    "query": [("Throttling", 400), ("TooManyRequestsException", 429)],
    "json": [("ThrottlingException", 400), ("TooManyRequestsException", 429), ("Throttling", 400)],
}
BROKEN = [("InternalError", 500), ("InternalFailure", 500), ("ServiceUnavailable", 503), ("Unavailable", 503)]
_SCP = "You are not authorized to perform this operation. with an explicit deny in a service control policy"


class Passing(StrEnum):
    """What may happen to any attempt, and need not to the next."""

    BROKEN = "HTTP 5xx"
    TOO_FAST = "throttled"
    CUT = "the connection is cut"
    BROKEN_OFF = "the connection is cut in the middle of the answer"
    TRUNCATED = "half an XML or JSON text, with status 200"
    FOREIGN = "somebody else's answer, with status 200"
    SCRAMBLED = "a time that is none"
    SLOW = "a slow answer"
    STUCK = "an answer that comes too late"


class Lasting(StrEnum):
    """What lasts to the end of a run."""

    DENIED = "denied"
    SCP = "denied by a service control policy"
    NOT_OPTED_IN = "region not opted in"
    EXPIRED = "the token expires"
    ROLE_DENIED = "the role is denied"
    ATTEMPTS = "passing faults at every attempt"
    LATER_PAGES = "no page but the first is answered"


_THROWN = [one for one in Lasting if one is not Lasting.LATER_PAGES]


@dataclass(frozen=True)
class Trouble:
    """A lasting fault or wrong pages; `None` is any. It begins after so many calls that it could meet."""

    what: Lasting | Paging
    account: str | None = None
    region: str | None = None
    operation: str | None = None
    after: int = 0

    def concerns(self, call: Call) -> bool:
        """Whether it may meet the call."""
        own = ((self.account, call.account), (self.region, call.region), (self.operation, call.operation))
        return all(wanted in {None, there} for wanted, there in own)

    def __str__(self) -> str:
        place = [part for part in (self.account, self.region, self.operation) if part]
        return f"{self.what} ({' '.join(place)}, after {self.after})"


@dataclass
class Dice:
    """All faults of a seed; `places` are accounts with their regions and operations, as a run without faults has."""

    seed: int
    places: list[tuple[str, str, str]]
    met: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Throw for the whole run."""
        chance = random.Random(self.seed)
        self.rate = chance.choice([0.0, 0.01, 0.01, 0.05, 0.05, 0.2, 0.5])
        self.kinds = chance.sample(list(Passing), chance.randint(1, len(Passing)))
        self.page_size = chance.choice([None, 1, 2, 3, 7])
        self.all_regions = chance.random() < 0.25
        self.troubles = [*_troubles(chance, self.places), *_half_lists(chance, self.places)]
        self.buckets = Buckets(PACE)
        self._begun: Counter[Trouble] = Counter()
        self._attempts: Counter[str] = Counter()

    def __str__(self) -> str:
        kinds = ", ".join(self.kinds) if self.rate else "none"
        lasting = "; ".join(map(str, self.troubles)) or "none"
        return f"{self.rate:.0%} of {kinds}; lasting: {lasting}; pages of {self.page_size}"

    def refusal(self, call: Call) -> Answer | None:
        """How AWS refuses the call, if it does: what lasts first, then the bucket."""
        for trouble in self._met(call):
            if refused := _refused(trouble, call):
                self.met[trouble.what] += 1
                return refused
        others = random.Random(f"{self.seed} {call.account} {call.region} {call.operation}")
        if self.buckets.admits(call, others.choice([0, 0, 0, 0, 0.75, 0.98])):
            return None
        self.met["AWS's bucket was empty"] += 1
        return self._too_fast(call, others)

    def paging(self, call: Call) -> Paging | None:
        """What is wrong with its pages."""
        found = (one.what for one in self.troubles if isinstance(one.what, Paging) and one.concerns(call))
        return next(found, None)

    def passing(self, call: Call) -> tuple[Passing | None, random.Random]:
        """What happens to this attempt, and further chance."""
        words = f"{self.seed} {call.account} {call.region} {call.operation} {sorted(call.params.items(), key=str)}"
        self._attempts[words] += 1
        chance = random.Random(f"{words} {self._attempts[words]}")
        always = any(one.what is Lasting.ATTEMPTS and one.concerns(call) for one in self.troubles)
        if not always and chance.random() >= self.rate:
            return None, chance
        kind = chance.choice(self.kinds)
        self.met[kind] += 1
        return kind, chance

    def broken(self, call: Call, kind: Passing, chance: random.Random) -> Answer:
        """An error that may pass."""
        if kind is Passing.TOO_FAST:
            return self._too_fast(call, chance)
        return error(call.protocol, *chance.choice(BROKEN), "We encountered an internal error. Please try again.")

    def _too_fast(self, call: Call, chance: random.Random) -> Answer:
        return error(call.protocol, *chance.choice(TOO_FAST[call.protocol]), "Request limit exceeded.")

    def _met(self, call: Call) -> Iterator[Trouble]:
        for trouble in self.troubles:
            if trouble.concerns(call):
                self._begun[trouble] += 1
                if self._begun[trouble] > trouble.after:
                    yield trouble


def _refused(trouble: Trouble, call: Call) -> Answer | None:
    protocol = call.protocol
    if trouble.what in {Lasting.DENIED, Lasting.ROLE_DENIED}:
        return error(protocol, *DENIED[protocol], "You are not authorized to perform this operation.")
    if trouble.what is Lasting.SCP:
        return error(protocol, *DENIED[protocol], _SCP)
    if trouble.what is Lasting.NOT_OPTED_IN:
        return error(protocol, *NOT_OPTED_IN[protocol], "AWS was not able to validate the access credentials")
    if trouble.what is Lasting.EXPIRED and call.operation != "AssumeRole":
        return error(protocol, *EXPIRED[protocol], "The security token included in the request is expired")
    if trouble.what is Lasting.LATER_PAGES and call.params.get("NextToken"):
        return error(protocol, *BROKEN[0], "We encountered an internal error. Please try again.")
    return None


def _half_lists(chance: random.Random, places: list[tuple[str, str, str]]) -> Iterator[Trouble]:
    """In a quarter of the seeds some lists have no second page."""
    if chance.random() < 0.25:
        lists = [operation for _, _, operation in places if operation.startswith("Describe")]
        yield Trouble(Lasting.LATER_PAGES, operation=chance.choice(lists))


def _troubles(chance: random.Random, places: list[tuple[str, str, str]]) -> Iterator[Trouble]:
    """None at all in a fifth of the seeds, else up to four."""
    for _ in range(chance.choice([0, 1, 1, 2, 4])):
        account, region, operation = chance.choice(places)
        what = chance.choice([*_THROWN, Lasting.ATTEMPTS, *Paging])
        anywhere = chance.random() < 0.3
        if what is Lasting.ROLE_DENIED:
            yield Trouble(what, account, operation="AssumeRole")
        elif what is Lasting.EXPIRED:
            yield Trouble(what, account, after=chance.randrange(60))
        elif what in {Lasting.SCP, Lasting.NOT_OPTED_IN}:
            yield Trouble(what, None if anywhere else account, region)
        elif operation not in {"GetCallerIdentity", "AssumeRole"}:
            yield Trouble(what, None if anywhere else account, None if anywhere else region, operation)
