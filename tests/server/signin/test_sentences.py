"""What the page says about failures and ends."""

import httpx
import pytest
from rememberizer_mcp.server.errors import NotSignedIn, UpstreamUnavailable, UpstreamUnreachable
from rememberizer_mcp.server.signin.pending import End
from rememberizer_mcp.server.signin.sentences import OTHER_WAY, complaint_about, ending

from tests.server.signin.visits import page, post
from tests.support.agent import ADA
from tests.support.upstream import reply, usual

pytestmark = pytest.mark.promise("page:refusal:other-way")
SAID = "There is another way to sign in: see below."


@pytest.mark.parametrize(
    ("form", "answer", "is_named"),
    [
        ("sign_in", reply(401), True),
        ("sign_in", reply(503), True),
        ("sign_up", reply(503), True),
        ("sign_in", reply(400, json={"captcha": ["required"]}), True),
        ("sign_up", reply(400, json={"captcha": ["wrong"]}), True),
        ("sign_in", reply(429), False),
        ("sign_up", reply(409, json={"email": ["already exists"]}), False),
        ("browser_session", reply(503), False),
    ],
)
async def test_the_other_way_is_named_where_it_helps(form: str, answer: httpx.Response, is_named: bool) -> None:
    upstream, captcha = usual(signin=answer, signup=answer, custom_refresh=answer), "x" * (form == "sign_up")
    async with page(upstream) as (_, url):
        shown = await post(url, data={"form": form, "refresh_token": "r", "captcha": captcha, **ADA})
    assert (shown.status_code, SAID in shown.text) == (422, is_named)


async def test_a_wrong_password_may_be_none_at_all() -> None:
    async with page(usual(signin=reply(401))) as (_, url):
        shown = await post(url, data={"form": "sign_in", **ADA})
    assert "An account made with Google or Microsoft has none." in shown.text


def test_a_sign_in_that_ended_meanwhile_is_nothing_that_the_person_typed_wrongly() -> None:
    complaint = complaint_about(NotSignedIn())
    assert (complaint.sentence, complaint.field) == ("Your sign-in has expired. Please sign in again.", None)


def test_a_service_that_is_not_reached_is_nothing_that_the_person_could_correct() -> None:
    assert complaint_about(UpstreamUnreachable()).sentence.endswith("Nothing was lost: try again.")


def test_a_failure_without_a_form_names_no_other_way() -> None:
    assert not complaint_about(UpstreamUnavailable()).sentence.endswith(OTHER_WAY)


@pytest.mark.parametrize("end", [None, *End])
def test_each_end_is_said_with_how_to_go_on(end: End | None) -> None:
    reason, advice = ending(end)
    assert reason.endswith(".")
    assert "your assistant" in advice
    assert len({ending(each) for each in End}) == len(End)
