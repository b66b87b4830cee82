"""Posts of the same page that come at once, and what each of their browsers sees."""

import anyio
import anyio.to_thread
import httpx
import pytest

from tests.server.signin.visits import origin, page, post, state
from tests.support.agent import ADA, Around, agent_on, server_on
from tests.support.clock import Gate, leap
from tests.support.sessions import resync
from tests.support.upstream import Slow, reply, tokens, usual

UNVERIFIED = reply(200, json={"email": ADA["email"], "name": "Ada", "email_verified": False})


@pytest.mark.promise("page:forms:sent-once")
async def test_a_reload_and_a_second_click_of_the_same_browser_show_the_end_again() -> None:
    slow = Slow(reply(cookies=tokens()))
    upstream = usual(signin=slow)
    async with page(upstream) as (_, url), httpx.AsyncClient(trust_env=False, headers={"Origin": origin(url)}) as tab:
        await tab.get(url)
        answers: list[httpx.Response] = []

        async def click() -> None:
            answers.append(await tab.post(url, data={"form": "sign_in", **ADA}))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(click)
            await slow.asked.wait()
            tasks.start_soon(click)
            await anyio.wait_all_tasks_blocked()
            slow.answers.set()
        assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [(303, url)] * 2
        assert ADA["email"] in (await tab.get(url)).text
    assert len(upstream.asked("auth/signin/")) == 1


@pytest.mark.promise("page:forms:sent-once")
async def test_a_browser_without_cookies_is_shown_the_end_at_once() -> None:
    async with page() as (agent, url):
        answer = await post(url, data={"form": "sign_in", **ADA})
        assert (answer.status_code, "You are signed in" in answer.text) == (200, True)
        assert await state(agent) == "signed_in"


@pytest.mark.promise("sign-in:end:page-closed", "sign-in:elicitation:bound-to-client")
async def test_a_post_that_waited_for_its_turn_is_refused_when_the_session_ended_meanwhile() -> None:
    slow = Slow(reply(cookies=tokens()))
    async with page(usual(signin=slow)) as (agent, url):
        answers: list[httpx.Response] = []

        async def send() -> None:
            answers.append(await post(url, data={"form": "sign_in", **ADA}))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send)
            await slow.asked.wait()
            tasks.start_soon(agent.call, "logout")
            await anyio.wait_all_tasks_blocked()
            tasks.start_soon(send)
            await anyio.wait_all_tasks_blocked()
            slow.answers.set()
        assert sorted(answer.status_code for answer in answers) == [200, 410]
        assert await state(agent) == "signed_out"


@pytest.mark.promise("upstream:time:budget", "page:forms:work-and-stay")
async def test_a_post_that_is_not_answered_ends_in_time_and_the_next_one_has_time_of_its_own() -> None:
    slow, shown = Slow(reply(cookies=tokens())), list[str]()
    async with page(usual(signin=slow), timeout_seconds=3) as (agent, url):

        async def send() -> None:
            shown.append((await post(url, data={"form": "sign_in", **ADA})).text)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send)
            await slow.asked.wait()
            leap(4)
        assert "be reached or did not answer properly. Nothing was lost: try again." in shown[0]
        assert await state(agent) == "pending"
        slow.answers.set()
        await send()
        assert "You are signed in" in shown[1]


@pytest.mark.promise("sign-in:pending:abandoned-reaped", "page:forms:sent-once")
@pytest.mark.parametrize(("answer", "status", "ends"), [(401, 410, "signed_out"), (204, 200, "signed_in")])
async def test_a_post_that_is_under_way_when_the_time_is_over_comes_to_its_end(
    answer: int, status: int, ends: str
) -> None:
    slow, life = Slow(reply(answer, cookies=tokens() if answer == 204 else None)), Gate()
    async with agent_on(server_on(usual(signin=slow).transport, None, Around(page_life=life.sleep))) as agent:
        url = (await agent.call("login"))["sign_in_url"]
        answers: list[httpx.Response] = []

        async def send() -> None:
            answers.append(await post(url, data={"form": "sign_in", **ADA}))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send)
            await slow.asked.wait()
            life.open()
            await anyio.wait_all_tasks_blocked()
            slow.answers.set()
        assert await state(agent) == ends
        assert answers[0].status_code in (status, 422)
        await resync()


@pytest.mark.promise("page:forms:sent-once")
@pytest.mark.parametrize("form", ["sign_in", "sign_up"])
async def test_a_second_click_does_not_skip_the_code(form: str) -> None:
    slow = Slow(reply(201, cookies=tokens(), json={}))
    upstream = usual(me=UNVERIFIED, signin=slow, signup=slow)
    async with (
        page(upstream) as (agent, url),
        httpx.AsyncClient(trust_env=False, headers={"Origin": origin(url)}) as tab,
    ):
        await tab.get(url)

        async def click() -> None:
            assert (await tab.post(url, data={"form": form, **ADA})).status_code == 303

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(click)
            await slow.asked.wait()
            tasks.start_soon(click)
            await anyio.wait_all_tasks_blocked()
            slow.answers.set()
        await click()
        assert "verification_code" in (await tab.get(url)).text
        assert await state(agent) == "pending"
    assert len(upstream.asked(f"auth/{form.replace('_', '')}/")) == 1
