"""``Tally``: how each call of a load run ended, what else happened, and what of that must not be."""

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
ENDED, KILLED, RESTARTED = "SIGTERM", "SIGKILL", "Redis restarted"
"""Events."""
BEFORE_SECONDS, AFTER_SECONDS = 1.0, 5.0
"""In which an event shows."""


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

    def faults(self) -> Sequence[str]:
        """A sentence for each thing that must not be."""
        return [*self._of_answers(), *self._of_sign_ins(), *self._of_renewals()]

    def _of_answers(self) -> Iterator[str]:
        allowed, broken = {"ok", *LOST, *BROKEN, *CODED}, 0
        for each in self.outcomes:
            around = self._around(each.at, each.at + each.took)
            if each.said not in allowed:
                yield f"{each.said}: {each}"
            if each.said in BROKEN and KILLED not in around:
                yield f"cut off without a kill: {each}"
            if each.said in CODED and RESTARTED not in around:
                yield f"no store, and Redis was there: {each}"
            broken += each.said in BROKEN and KILLED in around
        most = (self.people // 10 + 1) * sum(what == KILLED for _, what in self.events)
        if broken > most:
            yield f"{broken} answers were cut off, and at most {most} may be, by the people and the kills"

    def _of_sign_ins(self) -> Iterator[str]:
        """A sign-in may be lost only with a renewal that was under way in a process that was killed."""
        spent = {account for at, account in self._upstream("reused") if KILLED in self._around(at, at)}
        for each in self.outcomes:
            if each.said in LOST and not (each.said == "session_expired" and f"person-{each.person}@" in str(spent)):
                yield f"lost a sign-in: {each}"

    def _of_renewals(self) -> Iterator[str]:
        """One for each token that comes to its end."""
        for what in ("early", "reused", "refused"):
            for at, account in self._upstream(what):
                if not {KILLED, RESTARTED} & self._around(at, at):
                    yield f"a renewal or token was {what} at {at:.1f} s: {account}"
        for account, sign_ins in self.upstream.get("given", {}).items():
            for given in sign_ins:
                waited = [late - early for early, late in pairwise(given)]
                if any(each > self.due_seconds + AFTER_SECONDS for each in waited):
                    yield f"a renewal came late, after {max(waited):.1f} s: {account}"

    def _upstream(self, what: str) -> Sequence[tuple[float, str]]:
        return [(at - self.begun, account) for at, account in self.upstream.get(what, ())]

    def _around(self, begin: float, end: float) -> set[str]:
        """What happened then, shortly before or shortly after."""
        return {what for at, what in self.events if begin - AFTER_SECONDS <= at <= end + BEFORE_SECONDS}

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
            "renewals around an event": sum(len(self._upstream(each)) for each in ("early", "reused")),
            "events": [[round(at, 1), what] for at, what in self.events],
        }
