"""Many people at once, each with an account of their own: what each gets is theirs, whatever happens to processes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.replicas.load import ROTATION, SHORT, load
from tests.benchmarks.replicas.soak import Soak, soak
from tests.benchmarks.replicas.tally import ENDED, KILLED, RESTARTED, Event, Outcome, Tally

GOOD = Outcome(at=10.0, took=0.1, person=1, tool="search", said="ok")
MAIL = "person-1@example.org"


@pytest.mark.needs("nginx")
@pytest.mark.promise("hosting:replicas:load")
async def test_everybody_gets_what_is_theirs_and_a_token_is_renewed_once(tmp_path: Path) -> None:
    tally = await load(tmp_path, replace(SHORT, seconds=6, events=()), processes=1)
    assert tally.faults() == []
    assert tally.as_json()["calls"] >= SHORT.people * 6
    assert tally.as_json()["renewals"] >= SHORT.people


@pytest.mark.needs("nginx", "redis-server")
@pytest.mark.promise("hosting:replicas:load")
async def test_so_it_is_while_processes_end_and_are_killed_and_redis_starts_anew(tmp_path: Path) -> None:
    tally = await load(tmp_path, SHORT, processes=2)
    assert tally.faults() == []
    assert [each.what for each in tally.events] == [ENDED, RESTARTED, KILLED]
    assert tally.as_json()["calls"] >= SHORT.people * SHORT.seconds * 0.8
    assert tally.as_json()["renewals"] >= SHORT.people


@pytest.mark.needs("nginx", "redis-server")
@pytest.mark.promise("hosting:replicas:load", "hosting:store:rotated")
@pytest.mark.exhaustive
async def test_so_it_is_while_the_keys_of_the_ring_are_changed(tmp_path: Path) -> None:
    tally = await load(tmp_path, ROTATION, processes=2)
    assert tally.faults() == []
    assert [each.what for each in tally.events] == [ENDED] * 6
    assert tally.as_json()["said"] == {"ok": tally.as_json()["calls"]}


@pytest.mark.needs("nginx")
@pytest.mark.promise("hosting:replicas:load")
async def test_a_soak_tells_what_each_process_holds(tmp_path: Path) -> None:
    found = await soak(tmp_path, calls=5, seconds=4, processes=1)
    assert found.tally.faults() == []
    assert [len(held) for held in found.held_mib] == [len(found.seconds)]
    assert found.changes()[0] < 1


def tally_of(*outcomes: Outcome, **given: Any) -> Tally:
    return Tally(**{"people": SHORT.people, "outcomes": list(outcomes), "due_seconds": SHORT.due_seconds, **given})


def said(word: str, *, at: float = 10.0) -> Outcome:
    return GOOD._replace(said=word, at=at)


def killed(at: float) -> Event:
    return Event(at, at + 1.0, KILLED)


def ended(at: float) -> Event:
    return Event(at, at + 1.0, ENDED)


def restarted(at: float) -> Event:
    return Event(at, at + 0.5, RESTARTED)


FAULTS: Mapping[str, tuple[Tally, str]] = {
    "another's document": (tally_of(said("foreign"), events=[killed(10.0)]), "foreign: "),
    "no answer": (tally_of(said("no answer"), events=[killed(10.0)]), "no answer: "),
    "cut while Redis starts": (tally_of(said("cut"), events=[restarted(10.0)]), "cut off, and no process was killed: "),
    "cut off by an end": (
        tally_of(said("HTTP 502"), events=[ended(10.0)]),
        "cut off, and no process was killed: ",
    ),
    "cut long after a kill": (
        tally_of(said("cut", at=12.0), events=[killed(10.0)]),
        "cut off, and no process was killed: ",
    ),
    "cut before a kill": (
        tally_of(said("HTTP 502", at=8.0), events=[killed(10.0)]),
        "cut off, and no process was killed: ",
    ),
    "many cut off": (
        tally_of(*[said("cut")] * 4, events=[killed(10.0)]),
        "4 answers were cut off, and by each SIGKILL at most 3",
    ),
    "no store": (tally_of(said("store_unavailable"), events=[ended(10.0)]), "no store, and Redis was there: "),
    "no store long after": (
        tally_of(said("store_unavailable", at=16.0), events=[restarted(10.0)]),
        "no store, and Redis was there: ",
    ),
    "many wait for a lock": (
        tally_of(*[said("store_unavailable")._replace(person=each) for each in range(3)], events=[killed(5.0)]),
        "3 people were held up, and at most 2 may be",
    ),
    "lost": (tally_of(said("unknown_session"), events=[killed(10.0), restarted(10.0)]), "lost a sign-in: "),
    "ended": (tally_of(said("session_expired"), events=[killed(10.0)]), "lost a sign-in: "),
    "renewed twice": (tally_of(GOOD, upstream={"early": [(10.0, MAIL)]}), "a renewal or token was early at 10.0 s"),
    "used twice": (tally_of(GOOD, upstream={"reused": [(10.0, MAIL)]}), "a renewal or token was reused at 10.0 s"),
    "ended token": (tally_of(GOOD, upstream={"refused": [(10.0, MAIL)]}), "a renewal or token was refused at 10.0 s"),
    "renewed late": (tally_of(GOOD, upstream={"given": {MAIL: [[0.0, 9.5]]}}), "a renewal came late, after 9.5 s"),
}


@pytest.mark.parametrize(("tally", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_run_tells_each_thing_that_must_not_be(tally: Tally, fault: str) -> None:
    (told,) = tally.faults()
    assert told.startswith(fault)


FORGIVEN: Mapping[str, Tally] = {
    "cut by a kill": tally_of(*[said("cut")] * 3, events=[killed(10.0)]),
    "no store while Redis starts": tally_of(
        *[said("store_unavailable")._replace(person=each) for each in range(20)], events=[restarted(10.0)]
    ),
    "a lock that a kill left behind": tally_of(said("store_unavailable", at=30.0), events=[killed(9.0)]),
    "a renewal lost by a kill": tally_of(
        said("session_expired"), events=[killed(9.0)], upstream={"reused": [(9.5, MAIL)]}
    ),
    "a renewal that waits for a lock": tally_of(
        GOOD, events=[restarted(4.0)], upstream={"given": {MAIL: [[0.0, 34.0]]}}
    ),
    "renewed in time": tally_of(GOOD, upstream={"given": {MAIL: [[0.0, 5.0, 10.0]]}}),
}


@pytest.mark.parametrize("tally", FORGIVEN.values(), ids=FORGIVEN)
def test_it_forgives_what_nobody_can_help(tally: Tally) -> None:
    assert tally.faults() == []


@pytest.mark.parametrize(
    ("held", "faults"), [([90.0, 100.0, 104.9], []), ([90.0, 100.0, 105.1], ["process 0 grew by 5.1%"])]
)
def test_a_soak_tells_which_process_grew_once_it_had_settled(held: Sequence[float], faults: Sequence[str]) -> None:
    found = Soak(settles_after=120.0, tally=tally_of(GOOD), seconds=[0.0, 120.0, 600.0], held_mib=[list(held)])
    assert found.faults() == faults
