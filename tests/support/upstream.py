"""A fake Rememberizer: answers as a test says, and keeps what it was asked."""

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx

BASE_URL = "http://127.0.0.1/api/v1/"
PREFIX = "/api/v1/"
Answer = httpx.Response | Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]


def jwt(claims: Mapping[str, Any], *, mark: str = "sig") -> str:
    """A token with these claims; nobody checks its signature."""
    parts = [json.dumps({"alg": "none"}), json.dumps(claims)]
    return ".".join([*(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts), mark])


def reply(status: int = 204, *, cookies: Mapping[str, str] | None = None, **options: Any) -> httpx.Response:
    """An answer; each cookie is ``name: "value; attributes"``."""
    lines = [("set-cookie", f"{name}={value}") for name, value in (cookies or {}).items()]
    return httpx.Response(status, headers=[*lines, *options.pop("headers", {}).items()], **options)


def tokens(number: int = 1, **attributes: str) -> dict[str, str]:
    """The two cookies of a sign-in, told apart by a number."""
    tail = "".join(f"; {name}={value}" for name, value in attributes.items())
    return {"access_token": f"access-{number}; Path=/{tail}", "refresh_token": f"refresh-{number}; Path=/"}


def grant(number: int = 1, **fields: Any) -> dict[str, Any]:
    """What the token endpoint gives, told apart by a number."""
    return {"access_token": f"oauth-access-{number}", "refresh_token": f"oauth-refresh-{number}", **fields}


def cookies_of(request: httpx.Request) -> set[str]:
    return set(request.headers["cookie"].split("; "))


@dataclass
class FakeUpstream:
    """``answers`` maps a path below the base URL to one answer, or to a list used up in order (the last stays)."""

    answers: dict[str, Answer | list[Answer]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers[request.url.path.removeprefix(PREFIX)]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, headers=answer.headers.multi_items(), content=answer.content)
        given = answer(request)
        return given if isinstance(given, httpx.Response) else await given

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.handle)

    @property
    def paths(self) -> list[str]:
        return [request.url.path.removeprefix(PREFIX) for request in self.requests]

    def asked(self, path: str) -> list[httpx.Request]:
        return [request for request in self.requests if request.url.path == PREFIX + path]


def usual(**overrides: Answer | list[Answer]) -> FakeUpstream:
    """An upstream that answers as documented; override by the path's last word, dashes as underscores."""
    answers: dict[str, Answer | list[Answer]] = {
        "auth/signup/": reply(201, cookies=tokens(), json={"id": 1}),
        "auth/signin/": reply(cookies=tokens()),
        "auth/verify-email/": reply(200, json={}),
        "auth/custom-refresh/": reply(cookies=tokens(2)),
        "auth/custom-logout/": reply(),
        "auth/oauth2/token/": reply(200, json=grant()),
        "me/": reply(200, json={"email": "ada@example.org", "name": "Ada", "email_verified": True}),
    }
    outside = {"me": "me/", "account": "account/", "token": "auth/oauth2/token/"}
    for name, answer in overrides.items():
        path = outside.get(name, f"auth/{name.replace('_', '-')}/")
        answers[path] = answer
    return FakeUpstream(answers)


class Slow:
    """An answer that comes when the test says so."""

    def __init__(self, answer: httpx.Response) -> None:
        self.asked = anyio.Event()
        self.answers = anyio.Event()
        self.answered = False
        self._answer = answer

    async def __call__(self, _: httpx.Request) -> httpx.Response:
        self.asked.set()
        await self.answers.wait()
        self.answered = True
        return self._answer
