"""The page's Cancel: the person declines there, as at a host's question."""

from typing import Any

import anyio
import pytest

from tests.server.signin.support import FORMS, TICKET, seen
from tests.server.signin.visits import page, post, state
from tests.support.agent import ADA, Around, agent_on, server_on
from tests.support.person import visit
from tests.support.sessions import resync
from tests.support.upstream import reply, usual

CANCEL = {"form": "cancel"}
CAN_BE_LEFT = {"verify", "another_account"}
"""The forms with another way out: the code can be left for later, and the account can be kept."""


def test_each_form_has_a_cancel_or_another_way_out() -> None:
    for view in FORMS.values():
        parsed = seen(view)
        posted = [each["value"] for each in parsed.all("input") if each["name"] == "form"]
        assert posted[1:] == ([] if posted[0] in CAN_BE_LEFT else ["cancel"])
        assert parsed.all("form") == [{"method": "post", "action": TICKET}] * len(posted)


@pytest.mark.promise("page:forms:cancel", "sign-in:elicitation:outcomes-told-apart")
async def test_a_person_who_cancels_ends_the_page_and_the_agent_is_told() -> None:
    errors: list[dict[str, Any]] = []
    upstream = usual()
    async with agent_on(server_on(upstream.transport, None, Around(patience_seconds=60))) as agent:
        url = (await agent.call("login"))["sign_in_url"]

        async def login() -> None:
            errors.append(await agent.fails("login"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(login)
            await anyio.wait_all_tasks_blocked()
            shown = await visit(url, **CANCEL)
        assert await state(agent) == "signed_out"
        again = await visit(url)
        await resync()
    for answer in (shown, again):
        assert (answer.status_code, "The sign-in was declined. Nobody was signed in" in answer.text) == (410, True)
    assert [(error["code"], error["message"]) for error in errors] == [
        ("sign_in_failed", "The user declined to sign in.")
    ]
    assert not upstream.requests


@pytest.mark.promise("page:forms:cancel")
async def test_who_is_signed_in_and_has_the_code_left_cannot_cancel_that() -> None:
    unverified = reply(200, json={"email": ADA["email"], "email_verified": False})
    async with page(usual(me=unverified)) as (agent, url):
        await post(url, data={"form": "sign_in", **ADA})
        assert "verification_code" in (await visit(url, **CANCEL)).text
        assert await state(agent) == "pending"
