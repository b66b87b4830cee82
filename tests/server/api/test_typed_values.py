"""What a person enters: taken alike at the page and through an agent, whatever was pasted along with it."""

import json
from typing import Any

import pytest
from rememberizer_mcp.server.errors import InvalidArguments
from rememberizer_mcp.server.settings.settings import Settings
from rememberizer_mcp.server.signin.forms import Complaint, SignInForm, SignUpForm, VerifyForm
from rememberizer_mcp.server.signin.forms import parse as from_page
from rememberizer_mcp.tools.base.arguments import parse as from_agent
from rememberizer_mcp.tools.toolsets import chosen

from tests.support.agent import ADA, ERAS, Era, agent_on, server_on
from tests.support.upstream import reply, tokens, usual

TOOLS = {tool.name: tool.arguments for tool in chosen(Settings(toolsets="all"))}
each_era = pytest.mark.parametrize("era", ERAS)
CODES = {
    "795740": "795740",
    "795 740": "795740",
    "795-740": "795740",
    " 795740\r\n": "795740",
    "7 9 5\t7 4 0": "795740",
    "795\u00a0740": "795740",
    "795\u2009740\u3000": "795740",
    "795\u2013740": "795740",
    "795\u2014740\u2212": "795740",
    "\ufe63\ufe58795\uff0d740": "795740",
    "\u200b795\u2060740\ufeff": "795740",
    "\u2066795740\u2069\u200e": "795740",
    "A1b2-C3": "A1b2C3",
    " - ".join("1" * 64): "1" * 64,
}
NO_CODES = ["", "   ", "\u00a0\u3000", "- -", "\u2014", "\u200b\u200d", "1" * 65, None, 795740, ["795740"]]
ADDRESS = "ada@example.org"
ADDRESSES = [
    f" {ADDRESS}\n",
    f"\u00a0{ADDRESS}\u3000",
    f"\u200b{ADDRESS}\ufeff",
    f"\u2068{ADDRESS}\u2069",
    f"{ADDRESS}\u200d",
]
"""As mails, tables and chats give it away when it is copied."""


@pytest.mark.promise("arguments:values:pasted-trimmed")
@pytest.mark.parametrize(("typed", "code"), CODES.items(), ids=ascii)
def test_a_code_is_what_is_left_without_spaces_and_dashes(typed: str, code: str) -> None:
    entered: dict[str, Any] = {"verification_code": typed}
    for form in (from_page(VerifyForm, entered), from_agent(TOOLS["verify"], entered)):
        assert form.model_dump()["verification_code"].get_secret_value() == code


@pytest.mark.promise("arguments:values:pasted-trimmed")
@pytest.mark.parametrize("typed", NO_CODES, ids=ascii)
def test_what_holds_no_code_is_refused_by_both(typed: Any) -> None:
    with pytest.raises(Complaint):
        from_page(VerifyForm, {"verification_code": typed})
    with pytest.raises(InvalidArguments, match=r"`verification_code` (is|must be)"):
        from_agent(TOOLS["verify"], {"verification_code": typed})


@pytest.mark.promise("arguments:values:pasted-trimmed")
@pytest.mark.parametrize("typed", ADDRESSES, ids=ascii)
def test_an_address_is_taken_without_what_surrounds_it(typed: str) -> None:
    page = [from_page(form, {"email": typed, "password": " x "}) for form in (SignInForm, SignUpForm)]
    agent = [from_agent(TOOLS[name], {"email": typed, "password": " x "}) for name in ("login", "signup")]
    for entered in (*page, *agent):
        assert entered.model_dump()["email"] == ADDRESS
        assert entered.model_dump()["password"].get_secret_value() == " x "


@pytest.mark.parametrize("typed", ["ada", "ada example.org", "a da@example.org", "@", "a@b" + "c" * 252])
def test_what_is_no_address_stays_none(typed: str) -> None:
    with pytest.raises(Complaint):
        from_page(SignInForm, {"email": typed, "password": "x"})
    with pytest.raises(InvalidArguments, match=r"`email` (must be an e-mail address|is too long)"):
        from_agent(TOOLS["login"], {"email": typed})


@each_era
@pytest.mark.promise("arguments:values:pasted-trimmed")
async def test_upstream_gets_what_was_meant_and_hears_of_nothing_blank(era: Era) -> None:
    upstream = usual(signin=reply(200, cookies=tokens()))
    upstream.answers["auth/verify-email/"] = reply(200)
    async with agent_on(server_on(upstream.transport), era) as agent:
        await agent.call("login", email=f" {ADA['email']}\u00a0", password=ADA["password"])
        for blank in ("", "   ", "\u2007-"):
            assert (await agent.fails("verify", verification_code=blank))["code"] == "invalid_arguments"
        assert not upstream.asked("auth/verify-email/")
        await agent.call("verify", verification_code="795 740")
    assert ADA["email"] in json.loads(upstream.asked("auth/signin/")[0].content).values()
    assert [json.loads(each.content) for each in upstream.asked("auth/verify-email/")] == [
        {"verification_code": "795740"}
    ]


@pytest.mark.promise("arguments:values:pasted-trimmed")
async def test_a_blank_code_uses_up_no_try() -> None:
    upstream = usual(signin=reply(200, cookies=tokens()))
    upstream.answers["auth/verify-email/"] = reply(200)
    async with agent_on(server_on(upstream.transport)) as agent:
        await agent.call("login", **ADA)
        for _ in range(31):
            assert (await agent.fails("verify", verification_code=" "))["code"] == "invalid_arguments"
        await agent.call("verify", verification_code="795740")
