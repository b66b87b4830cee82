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
BEFORE_SECONDS, DOWN_SECONDS, LOCKED_SECONDS = 0.5, 5.0, 35.0
"""How long before an event a call may have ended that suffered from it; and how long after its end one may still find
no store, or wait for a lock that nobody holds any more."""
LATE_SECONDS = 5.0
"""So much later than it is due a renewal may come."""


class Event(NamedTuple):
    """What happened, and from when to when: until the process or Redis was there again."""

    begin: float
    end: float
    what: str


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
    events: list[Event] = field(default_factory=list)
    upstream: Mapping[str, Any] = field(default_factory=dict)
    begun: float = 0.0
    """In Unix seconds, which upstream counts in."""
    due_seconds: float = 0.0
    """So long after it was given an access token is renewed."""

    def note(self, outcome: Outcome) -> None:
        """Keep how a call ended."""
        self.outcomes.append(outcome)

    def held_up(self) -> Sequence[int]:
        """Whose renewal a kill or Redis' restart fell into, which may leave a lock: what they get then is forgiven."""
        asked = [each for what in UPSTREAM for each in self._asked(what)]
        late = [(at, account) for begun, at, account in self._waits() if self._is_late(at - begun)]
        locked = [each for each in self.outcomes if each.said in CODED and self._is_locked(each)]
        return sorted(
            {_person_of(account) for at, account in (*asked, *late) if self._follows(at, RESTARTED, LOCKED_SECONDS)}
            | {_person_of(account) for at, account in (*asked, *late) if self._follows(at, KILLED, LOCKED_SECONDS)}
            | {each.person for each in locked}
        )

    def faults(self) -> Sequence[str]:
        """A sentence for each thing that must not be."""
        return [*self._of_answers(), *self._of_sign_ins(), *self._of_renewals(), *self._of_bounds()]

    def _of_answers(self) -> Iterator[str]:
        for each in self.outcomes:
            end = each.at + each.took
            if each.said not in {"ok", *LOST, *BROKEN, *CODED}:
                yield f"{each.said}: {each}"
            if each.said in BROKEN and not self._follows(end, KILLED):
                yield f"cut off, and no process was killed: {each}"
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
        for begun, at, account in self._waits():
            if self._is_late(at - begun) and _person_of(account) not in held_up:
                yield f"a renewal came late, after {at - begun:.1f} s: {account}"

    def _of_bounds(self) -> Iterator[str]:
        cut, kills = self._broken(KILLED), sum(each.what == KILLED for each in self.events)
        if cut > (most := self.people // 10 + 1) * kills:
            yield f"{cut} answers were cut off, and by each {KILLED} at most {most} may be"
        if len(self.held_up()) > (most := self.people // 20 + 1):
            yield f"{len(self.held_up())} people were held up, and at most {most} may be"

    def _broken(self, what: str) -> int:
        """How many answers were cut off while such an event went on."""
        return sum(each.said in BROKEN and self._follows(each.at + each.took, what) for each in self.outcomes)

    def _waits(self) -> Iterator[tuple[float, float, str]]:
        """When each token was given and renewed, and whose it is."""
        for account, sign_ins in self.upstream.get("given", {}).items():
            for given in sign_ins:
                yield from ((one - self.begun, next_one - self.begun, account) for one, next_one in pairwise(given))

    def _is_late(self, waited: float) -> bool:
        return waited > self.due_seconds + LATE_SECONDS

    def _asked(self, what: str) -> Sequence[tuple[float, str]]:
        """What upstream noted, and when."""
        return [(at - self.begun, account) for at, account in self.upstream.get(what, ())]

    def _follows(self, at: float, what: str, within: float = 0.0) -> bool:
        """Whether such an event went on then, or had ended so many seconds before."""
        return any(each.begin - BEFORE_SECONDS <= at <= each.end + within for each in self.events if each.what == what)

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
            "lost": sum(said[each] for each in LOST),
            "ms": {"median": median(took), "p99": quantiles(took, n=100)[-1], "most": max(took)},
            "renewals": sum(renewals),
            "held up": len(self.held_up()),
            "cut off": {what: self._broken(what) for what in (ENDED, KILLED)},
            "events": [[round(each.begin, 1), round(each.end, 1), each.what] for each in self.events],
        }


def _person_of(account: str) -> int:
    found = re.match(r"person-(\d+)@", account)
    return int(found[1]) if found else -1
