"""The journey that each client makes: one line a step, and what a later step takes from an earlier answer."""

from typing import Any

ACCOUNT = {"email": "ada@example.org", "password": "canary-password-ada", "captcha": "sandbox-captcha"}
WRONG = ACCOUNT | {"password": "canary-password-wrong"}
SECRETS = (ACCOUNT["password"], WRONG["password"])


def step(tool: str, **arguments: Any) -> dict[str, Any]:
    return {"tool": tool, "arguments": arguments}


def taken(source: str, *path: str | int) -> dict[str, Any]:
    """What stands under that path in the answer of a tool, or in the letters of the outbox."""
    return {"from": source, "at": path}


STEPS = [
    step("session_status"),
    step("login", **WRONG),
    step("signup", **ACCOUNT),
    step("verify", verification_code=taken("outbox", 0, "code")),
    step("session_status"),
    step("search", query="why is the sky blue", limit=3),
    step("read_document", id=taken("search", "matches", 0, "id")),
    step("remember", name="Interoperability", content="Other people's clients were here."),
    step("refresh"),
    step("logout"),
    step("session_status"),
    step("login"),  # without credentials: a person is asked to sign in, by a question or by a link
]
"""A later step takes from the newest answer of a tool."""
