"""Advice that names a tool of ``auth`` is given where that toolset was chosen, and nowhere else."""

import pytest
from rememberizer_mcp.server.errors import (
    EmailNotVerified,
    NotSignedIn,
    RateLimited,
    RememberizerError,
    SessionExpired,
    SignInFailed,
    UnknownSession,
)
from rememberizer_mcp.server.settings.settings import Settings
from rememberizer_mcp.tools.base.without_auth import fitting
from rememberizer_mcp.tools.toolsets import chosen

WITHOUT = Settings(toolsets="knowledge")
ITS_TOOLS = [tool.name for tool in chosen(Settings(toolsets="auth"))]
INSTEAD: dict[type[RememberizerError], str] = {
    NotSignedIn: "set REMEMBERIZER_LAZY_SIGN_IN to `on`",
    UnknownSession: "Leave `session` out.",
    SessionExpired: "Call again, which signs in anew",
    EmailNotVerified: "The user has to verify the address",
}


@pytest.mark.parametrize("tool", ITS_TOOLS)
def test_no_tool_of_auth_is_advised_where_it_is_not_there(tool: str) -> None:
    advice = f"Call `{tool}`."
    assert fitting(RateLimited(hint=advice), WITHOUT).hint == "Call again later."
    assert fitting(RateLimited(hint=advice), Settings()).hint == advice


@pytest.mark.parametrize("kind", INSTEAD)
def test_an_error_that_has_another_repair_there_names_it(kind: type[RememberizerError]) -> None:
    assert INSTEAD[kind] in fitting(kind(), WITHOUT).hint
    assert fitting(kind(), Settings()).hint == kind.advice


def test_a_refresh_token_of_another_account_is_repaired_by_its_setting() -> None:
    error = SignInFailed(hint="Call `login` without arguments.")
    assert "REMEMBERIZER_REFRESH_TOKEN to a fresh token" in fitting(error, WITHOUT).hint
    assert fitting(SignInFailed(), WITHOUT).hint == SignInFailed.advice


@pytest.mark.parametrize("advice", ["Call `search`.", "Try to login again.", "Set REMEMBERIZER_TOOLSETS."])
def test_other_advice_stays(advice: str) -> None:
    assert fitting(RateLimited(hint=advice), WITHOUT).hint == advice
