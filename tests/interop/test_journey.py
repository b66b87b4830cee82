"""The same journey through clients that are not ours, over real stdio."""

import pytest

from tests.interop.client import COMMANDS, ENVIRONMENTS
from tests.interop.plan import SECRETS, STEPS
from tests.interop.run import Run

pytestmark = [pytest.mark.promise("package:clients:others"), pytest.mark.needs(*COMMANDS)]
ACCOUNT_TOOLS = {"session_status", "signup", "login", "verify", "refresh", "logout"}
ENDS = ["signed_out", "unverified", "signed_in", "signed_in", "signed_in", "signed_out", "signed_out", "pending"]
"""The state after each step of the account that succeeds."""
PINS = "".join(file.read_text() for file in ENVIRONMENTS.rglob("*") if file.is_file())


def test_the_client_that_ran_is_the_one_that_is_pinned(run: Run) -> None:
    name, version = run.client.package, run.versions[run.client.package]
    assert f"\n{name}=={version} " in PINS or f'"{name}": "{version}"' in PINS


def test_a_client_settles_on_the_newest_revision_that_it_knows(run: Run) -> None:
    assert run.wire.protocol == run.client.protocol


def test_every_tool_is_offered_to_the_model_under_its_name(run: Run) -> None:
    assert run.tools == run.wire.tools
    assert {step["tool"] for step in STEPS} <= set(run.tools)


def test_each_step_ends_as_it_should(run: Run) -> None:
    assert [answer.tool for answer in run.answers] == [step["tool"] for step in STEPS]
    account = [answer for answer in run.successes if answer.tool in ACCOUNT_TOOLS]
    assert [answer.body["state"] for answer in account] == ENDS


def test_what_is_found_is_read_to_its_end_and_a_memory_is_stored(run: Run) -> None:
    hit = run.answer("search").body["matches"][0]
    text = run.answer("read_document").body
    assert "blue light reaches the eye" in text["content"]
    assert (text["id"], text["next_chunk"], text["complete"]) == (hit["id"], None, True)
    assert run.answer("remember").body["next"].startswith("Stored.")


def test_the_model_reads_the_same_as_the_structured_content(run: Run) -> None:
    assert [answer.shown for answer in run.successes] == run.wire.structured
    wanted = run.wire.structured if run.client.structured else [None] * len(run.successes)
    assert [answer.structured for answer in run.successes] == wanted


def test_a_wrong_password_reaches_the_model_with_its_stable_code(run: Run) -> None:
    assert run.failure.code == "invalid_credentials"
    assert bool(run.failure.body) is run.client.structured_failures
    assert run.failure.failed is (True if run.client.marks_failures else None)


def test_progress_is_asked_for_where_the_client_can_show_it(run: Run) -> None:
    assert run.wire.asks_for_progress is run.client.takes_progress


def test_a_person_is_asked_by_the_client_or_else_gets_the_link(run: Run) -> None:
    assert [question["mode"] for question in run.wire.questions] == ["url"] * run.client.asks_people
    assert run.answer("login", 1).body["sign_in_url"].startswith("http://127.0.0.1:")


def test_no_secret_comes_back_through_a_client(run: Run) -> None:
    code = run.wire.arguments("verify")["verification_code"]
    assert not [secret for secret in (*SECRETS, code) if secret in run.printed]
