"""``Tally``: how each call of a load run ended, what else happened, and what of that must not be."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median, quantiles
from typing import Any, NamedTuple

LOST = ("not_signed_in", "unknown_session", "session_expired", "sign_in_failed", "signed out", "another session")
"""What somebody gets whose sign-in is gone."""
BROKEN = ("cut", "HTTP 502", "HTTP 504")
"""What comes of a process that ends while it answers."""
CODED = ("store_unavailable",)
"""Our own words for it."""
UPSTREAM = ("early", "reused", "refused")
"""What upstream notes that should not be: see ``upstream.Upstream``."""
ENDED, KILLED, RESTARTED = "SIGTERM", "SIGKILL", "Redis restarted"
"""Events."""
BEFORE_SECONDS, CUT_SECONDS, DOWN_SECONDS, LOCKED_SECONDS = 0.5, 1.5, 5.0, 35.0
"""How long before an event a call may have ended that suffered from it; and how long after it one may begin that is cut
off by a kill, finds no store, or waits for the lock of a renewal whose process was killed."""
LATE_SECONDS = 5.0
"""So much later than it is due a renewal may come."""


class Outcome(NamedTuple):
    """A call: when it began and how long it took, both in seconds, whose it was, and how it ended."""

    at: float
    took: float
    person: int
    tool: str
    said: str


@dataclass
class Tally:
    """The outcomes and the events of one run; times are seconds since its beginning."""

    people: int
    outcomes: list[Outcome] = field(default_factory=list)
    events: list[tuple[float, str]] = field(default_factory=list)
    upstream: Mapping[str, Any] = field(default_factory=dict)
    begun: float = 0.0
    """In Unix seconds, which upstream counts in."""
    due_seconds: float = 0.0
    """So long after it was given an access token is renewed."""

    def note(self, outcome: Outcome) -> None:
        """Keep how a call ended."""
        self.outcomes.append(outcome)

    def held_up(self) -> Sequence[int]:
        """Whose renewal a kill or Redis' restart fell into: what they get then is forgiven."""
        asked = [each for what in UPSTREAM for each in self._asked(what)]
        return sorted(
            {_person_of(account) for at, account in asked if self._follows(at, RESTARTED, DOWN_SECONDS)}
            | {_person_of(account) for at, account in asked if self._follows(at, KILLED, LOCKED_SECONDS)}
            | {each.person for each in self.outcomes if each.said in CODED and self._is_locked(each)}
        )

    def faults(self) -> Sequence[str]:
        """A sentence for each thing that must not be."""
        return [*self._of_answers(), *self._of_sign_ins(), *self._of_renewals(), *self._of_bounds()]

    def _of_answers(self) -> Iterator[str]:
        for each in self.outcomes:
            end = each.at + each.took
            if each.said not in {"ok", *LOST, *BROKEN, *CODED}:
                yield f"{each.said}: {each}"
            if each.said in BROKEN and not self._follows(end, KILLED, CUT_SECONDS):
                yield f"cut off without a kill: {each}"
            if each.said in CODED and not self._follows(end, RESTARTED, DOWN_SECONDS) and not self._is_locked(each):
                yield f"no store, and Redis was there: {each}"

    def _of_sign_ins(self) -> Iterator[str]:
        """A sign-in may be lost only with a renewal that was under way in a process that was killed."""
        spent = {_person_of(account) for _, account in self._asked("reused")} & set(self.held_up())
        for each in self.outcomes:
            if each.said in LOST and not (each.said == "session_expired" and each.person in spent):
                yield f"lost a sign-in: {each}"

    def _of_renewals(self) -> Iterator[str]:
        """One for each token that comes to its end."""
        held_up = self.held_up()
        for what in UPSTREAM:
            for at, account in self._asked(what):
                if _person_of(account) not in held_up:
                    yield f"a renewal or token was {what} at {at:.1f} s: {account}"
        for account, sign_ins in self.upstream.get("given", {}).items():
            for given in sign_ins:
                longest = max((late - early for early, late in pairwise(given)), default=0.0)
                if longest > self.due_seconds + LATE_SECONDS and _person_of(account) not in held_up:
                    yield f"a renewal came late, after {longest:.1f} s: {account}"

    def _of_bounds(self) -> Iterator[str]:
        broken = sum(each.said in BROKEN for each in self.outcomes)
        kills = sum(what == KILLED for _, what in self.events)
        if kills and broken > (most := self.people // 10 + 1) * kills:
            yield f"{broken} answers were cut off, and at most {most} may be by each kill"
        if len(self.held_up()) > (most := self.people // 20 + 1):
            yield f"{len(self.held_up())} people were held up, and at most {most} may be"

    def _asked(self, what: str) -> Sequence[tuple[float, str]]:
        """What upstream noted, and when."""
        return [(at - self.begun, account) for at, account in self.upstream.get(what, ())]

    def _follows(self, at: float, what: str, within: float) -> bool:
        """Whether that is so soon after such an event."""
        return any(-BEFORE_SECONDS <= at - each <= within for each, name in self.events if name == what)

    def _is_locked(self, call: Outcome) -> bool:
        """Whether a call may have waited for a lock that a killed process left behind."""
        end = call.at + call.took
        return self._follows(end, KILLED, LOCKED_SECONDS) and not self._follows(end, RESTARTED, DOWN_SECONDS)

    def as_json(self) -> dict[str, Any]:
        """The figures."""
        took = [each.took * 1000 for each in self.outcomes if each.said == "ok"]
        said = Counter(each.said for each in self.outcomes)
        renewals = [len(given) - 1 for sign_ins in self.upstream.get("given", {}).values() for given in sign_ins]
        return {
            "people": self.people,
            "calls": len(self.outcomes),
            "said": dict(sorted(said.items())),
            "ms": {"median": median(took), "p99": quantiles(took, n=100)[-1], "most": max(took)},
            "renewals": sum(renewals),
            "held up": len(self.held_up()),
            "events": [[round(at, 1), what] for at, what in self.events],
        }


def _person_of(account: str) -> int:
    found = re.match(r"person-(\d+)@", account)
    return int(found[1]) if found else -1
