"""``rememberizer-mcp demo``: an agent's whole life with this server, over a real stdio connection.

The server is a subprocess on the embedded sandbox; the client is the SDK's own. The mailed code is read from the
sandbox's outbox, as a person reads their mail.
"""

import os
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from textwrap import shorten
from typing import Any

import anyio
import anyio.to_thread
import click
from mcp import Client, MCPError, StdioServerParameters

from .. import __version__
from ..sandbox.mailbox import NoSandboxError, fetch_letters
from ..sandbox.runtime_files import UnusableFolderError, runtime_directory
from ..sandbox.wire.captcha import SANDBOX_CAPTCHA
from .person import PageRefused, chromium, sign_in_at

HIDDEN = ("password", "captcha", "verification_code")
STEP_SECONDS = 30.0
INDEXED_SECONDS = 10.0
"""How long the sandbox is waited for; it takes two."""
DONE = "done"
"""What a call comes to that has no state."""
QUESTION = "how long does sourdough bread bake in the oven?"
ANSWER = "Bread baking times in our oven"
NOTE = {"name": "The demo's note", "content": "The marmalade zeppelin departs from the pantry at half past nine."}
NOTED = {"query": "When does the zeppelin depart?", "limit": 1}
WIDTH = 96
SHOWN = ("state", "email", "name", "method", "access_expires_at", "session", "sign_in_url", "confirm_code")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One call and what it has to come to: see ``_outcome``."""

    title: str
    tool: str
    arguments: Mapping[str, Any]
    outcome: str


class StepFailed(Exception):
    """A step did not come to what it should."""


def run(options: Sequence[str] = ()) -> int:
    """Walk through every step and print it.

    Args:
        options: Further options of the server's command line, such as ``--variant``.

    Returns:
        The exit code: 0 only if every step did what it should.
    """
    _say("An agent's whole life with rememberizer-mcp: real stdio, real HTTP API, no account.\n", bold=True)
    begun = time.perf_counter()
    try:
        anyio.run(_walk, options)
    except Exception as error:
        causes = _leaves(error)
        if not all(isinstance(cause, EXPECTED) for cause in causes):
            raise
        for cause in causes:
            _say(f"\nThe demo failed: {cause}", fg="red")
        return 1
    _say(f"\nEvery step did what it should, in {time.perf_counter() - begun:.1f} s.", fg="green", bold=True)
    return 0


EXPECTED = (StepFailed, PageRefused, NoSandboxError, UnusableFolderError, MCPError, OSError)
"""What ends the demo with a sentence; anything else is a fault of its own and shows its traceback."""


async def _walk(options: Sequence[str]) -> None:
    # The user's own settings are left out, so that the demo is the same for everybody.
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("REMEMBERIZER_")}
    environment["REMEMBERIZER_OPEN_BROWSER"] = "never"
    command = StdioServerParameters(
        command=sys.executable, args=["-P", "-m", "rememberizer_mcp.server", "--sandbox", *options], env=environment
    )
    email = f"ada.{secrets.token_hex(3)}@example.org"
    password = secrets.token_urlsafe(12)
    async with Client(command, read_timeout_seconds=STEP_SECONDS) as client:
        _say(f"Connected to rememberizer-mcp {__version__} over MCP {client.protocol_version}\n")
        shown = await _take(client, 1, _first_step(email, password), shown={})
        code = await read_mail(email)
        for number, step in enumerate(_after_the_mail(code), start=2):
            shown = await _take(client, number, step, shown=shown)
        account = {"email": email, "password": password, "captcha": SANDBOX_CAPTCHA}
        await _go_to_the_page(shown, account)
        for number, step in enumerate(_after_the_page(account), start=7):
            shown = await _take(client, number, step, shown=shown)
        await _use_the_knowledge(client, 10)
        await _take(
            client, 14, Step(title="Goodbye for good", tool="logout", arguments={}, outcome="signed_out"), shown={}
        )


def _first_step(email: str, password: str) -> Step:
    account = {"email": email, "password": password, "name": "Ada Lovelace", "captcha": SANDBOX_CAPTCHA}
    return Step(title="A new account", tool="signup", arguments=account, outcome="unverified")


def _after_the_mail(code: str) -> list[Step]:
    step = partial(Step, arguments={})
    return [
        step(title="The code from the mail", tool="verify", arguments={"verification_code": code}, outcome="signed_in"),
        step(title="Who am I?", tool="session_status", outcome="signed_in"),
        step(title="New tokens", tool="refresh", outcome="signed_in"),
        step(title="Goodbye", tool="logout", outcome="signed_out"),
        step(title="Back again, with no password in the conversation", tool="login", outcome="pending"),
    ]


def _after_the_page(account: Mapping[str, str]) -> list[Step]:
    step = partial(Step, arguments={})
    return [
        step(title="Signed in at the page", tool="session_status", outcome="signed_in"),
        step(
            title="A wrong password, which leaves the session as it was",
            tool="login",
            arguments={**account, "password": "not " + account["password"]},
            outcome="invalid_credentials",
        ),
        step(title="Still signed in", tool="session_status", outcome="signed_in"),
    ]


async def _use_the_knowledge(client: Client, first: int) -> None:
    """Search, read what was found, remember something, and find it again."""
    step = partial(Step, outcome=DONE)
    query = {"query": QUESTION, "limit": 3}
    asked = Step(title="What do my notes say?", tool="search", arguments=query, outcome=ANSWER)
    found = await _take(client, first, asked, shown={})
    read = step(title="The whole document", tool="read_document", arguments={"id": found["matches"][0]["id"]})
    await _take(client, first + 1, read, shown={})
    await _take(client, first + 2, step(title="Remember this", tool="remember", arguments=NOTE), shown={})
    _say("    (the sandbox indexes it in the meantime; its search is by keywords, the real one by meaning)", dim=True)
    with anyio.move_on_after(INDEXED_SECONDS):
        while not await _is_found(client):  # noqa: ASYNC110 -- another process has to be asked
            await anyio.sleep(0.2)
    again = Step(title="And it is found", tool="search", arguments=NOTED, outcome=NOTE["name"])
    await _take(client, first + 3, again, shown={})


async def _is_found(client: Client) -> bool:
    result = await client.call_tool("search", NOTED)
    return _outcome(result.structured_content or {}) == NOTE["name"]


def _outcome(content: Mapping[str, Any]) -> str:
    """An error's code, a state, the name of the first match, or else ``DONE``."""
    names = [match["name"] for match in content.get("matches", [])]
    return str(content.get("error", {}).get("code") or content.get("state") or next(iter(names), DONE))


async def _go_to_the_page(status: Mapping[str, Any], account: Mapping[str, str]) -> None:
    """Be the person: follow the link, in a browser if there is one."""
    browser = chromium()
    _say(f"    (the person opens the link {'in Chromium' if browser else 'and fills in the form'})", dim=True)
    await sign_in_at(status["sign_in_url"], status["confirm_code"], account, browser=browser)


async def _take(client: Client, number: int, step: Step, *, shown: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make the call and print what came; a field that is as it was is not printed again."""
    begun = time.perf_counter()
    result = await client.call_tool(step.tool, dict(step.arguments))
    took = (time.perf_counter() - begun) * 1000
    content: Mapping[str, Any] = result.structured_content or {}
    error = content.get("error", {})
    outcome = _outcome(content)
    _say(f"{number:2}. {step.title}", bold=True)
    _say(f"    {step.tool}({_shown(step.arguments)})", fg="cyan", end="")
    _say(f"  {took:.0f} ms", dim=True)
    for name in SHOWN:
        if content.get(name) not in (None, shown.get(name)) or (name == "state" and name in content):
            _say(f"    {name:18}{content[name]}")
    for text in _lines_of(content):
        _say(f"    {text}")
    for name in ("code", "message", "hint"):
        if name in error:
            _say(f"    {name:18}{error[name]}", fg="yellow")
    if "next" in content:
        _say(f"    {'next':18}{content['next']}", fg="green")
    if outcome != step.outcome:
        raise StepFailed(f"step {number} ({step.tool}) came to {outcome!r} and not to {step.outcome!r}.")
    return shown if error else content


async def read_mail(email: str) -> str:
    """The newest code that the sandbox mailed to an address.

    Raises:
        StepFailed: There is none.
        NoSandboxError: No sandbox is running.
        UnusableFolderError: The folder of the runtime files can't be read.
    """
    letters = await anyio.to_thread.run_sync(fetch_letters, runtime_directory())
    codes = [letter.code for letter in letters if letter.to == email]
    if not codes:
        raise StepFailed(f"no mail to {email} is in the sandbox's outbox.")
    _say("    (a mail with the code is in the sandbox's outbox: `rememberizer-mcp sandbox outbox` shows it)", dim=True)
    return codes[-1]


def _lines_of(content: Mapping[str, Any]) -> list[str]:
    """What was found or read, one line each, without the fence around it."""
    found = [f"{match['name']} ({match['source']}): {match['text']}" for match in content.get("matches", [])]
    texts = [*found, *([content["content"]] if "content" in content else [])]
    marks = (f"[{content.get('fence')}]", f"[/{content.get('fence')}]")
    return [shorten(text.replace(marks[0], "").replace(marks[1], ""), WIDTH, placeholder=" …") for text in texts]


def _shown(arguments: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={'*****' if name in HIDDEN else repr(value)}" for name, value in arguments.items())


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in _leaves(each)]
    return [error]


def _say(text: str, *, end: str = "\n", **style: Any) -> None:
    """Print in colour on a terminal, plainly in a pipe or where NO_COLOR is set."""
    click.echo(click.style(text, **style), nl=end == "\n", color=False if os.environ.get("NO_COLOR") else None)
