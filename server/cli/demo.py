"""``rememberizer-mcp demo``: an agent's whole life with this server, over a real stdio connection.

The server is a subprocess on the embedded sandbox; the client is the SDK's own. The mailed code is read from the
sandbox's outbox, as a person reads their mail.
"""

import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from textwrap import shorten
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import anyio
import anyio.to_thread
import click
from mcp import Client, MCPError, StdioServerParameters

from .. import __version__
from ..sandbox.config import SANDBOX_CAPTCHA
from ..sandbox.mailbox import NoSandboxError, UnusableFolderError, fetch_outbox, runtime_directory

HIDDEN = ("password", "captcha", "verification_code")
STEP_SECONDS = 30.0
PAGE_SECONDS = 20.0
INDEXED_SECONDS = 10.0
"""How long the sandbox is waited for; it takes two."""
DONE = "done"
"""What a call comes to that has no state."""
QUESTION = "how long does sourdough bread bake in the oven?"
ANSWER = "Bread baking times in our oven"
NOTE = {"name": "The demo's note", "content": "The marmalade zeppelin departs from the pantry at half past nine."}
NOTED = {"query": "When does the zeppelin depart?", "limit": 1}
WIDTH = 96
SHOWN = ("state", "email", "name", "method", "access_expires_at", "session")
OF_ERRORS = ("code", "sign_in_url", "confirm_code", "message", "hint")


class StepFailed(Exception):
    """A step did not come to what it should."""


def sign_in_at(url: str, confirm_code: str) -> None:
    """Be the person at the sign-in page: compare the confirm code, and continue as the sandbox's guest.

    Raises:
        StepFailed: The page shows another code, or does not say in the end that the person is signed in.
    """
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    post = Request(url, b"form=guest", headers={"Origin": origin})  # noqa: S310 -- our server's page
    direct = build_opener(ProxyHandler({}))
    for request, words in ((url, confirm_code), (post, "You are signed in")):
        with direct.open(request, timeout=PAGE_SECONDS) as response:
            if words not in response.read().decode():
                raise StepFailed(f"the page does not show {words!r}.")


Person = Callable[[str, str], None]
"""Signs in at the page, as ``sign_in_at`` does."""


def run(options: Sequence[str] = (), *, person: Person = sign_in_at) -> int:
    """Walk through every step and print it; return the exit code, which is 0 only if every step did what it should.

    The options are further ones of the server's command line, such as ``--variant``.
    """
    _say("An agent's whole life with rememberizer-mcp: real stdio, real HTTP API, no account.\n", bold=True)
    begun = time.perf_counter()
    try:
        anyio.run(_walk, options, person)
    except Exception as error:
        causes = _leaves(error)
        if not all(isinstance(cause, EXPECTED) for cause in causes):
            raise
        for cause in causes:
            _say(f"\nThe demo failed: {cause}", fg="red")
        return 1
    _say(f"\nEvery step did what it should, in {time.perf_counter() - begun:.1f} s.", fg="green", bold=True)
    return 0


EXPECTED = (StepFailed, NoSandboxError, UnusableFolderError, MCPError, OSError)
"""What ends the demo with a sentence; anything else is a fault of its own and shows its traceback."""


async def _walk(options: Sequence[str], person: Person) -> None:
    # The user's own settings are left out, so that the demo is the same for everybody.
    environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("REMEMBERIZER_")}
    environment["REMEMBERIZER_OPEN_BROWSER"] = "never"
    command = StdioServerParameters(
        command=sys.executable, args=["-P", "-m", "rememberizer_mcp.server", "--sandbox", *options], env=environment
    )
    async with Client(command, read_timeout_seconds=STEP_SECONDS) as client:
        _say(f"Connected to rememberizer-mcp {__version__} over MCP {client.protocol_version}\n")
        agent = _Agent(client)
        await _use_the_knowledge(agent, person)
        await _sign_out_and_up(agent)
        await agent.take("Goodbye for good", "logout", outcome="signed_out")


async def _use_the_knowledge(agent: "_Agent", person: Person) -> None:
    """Search, which a person has to sign in for; read what was found, remember something, and find it again."""
    question = {"query": QUESTION, "limit": 3}
    asked = await agent.take("A first question, with nobody signed in", "search", question, outcome="sign_in_pending")
    page = asked["error"]
    _say("    (the person opens the link, compares the code, and continues as the sandbox's guest)", dim=True)
    await anyio.to_thread.run_sync(person, page["sign_in_url"], page["confirm_code"])
    found = await agent.take("The same question again", "search", question, outcome=ANSWER)
    await agent.take("The whole document", "read_document", {"id": found["matches"][0]["id"]})
    await agent.take("Remember this", "remember", NOTE)
    _say("    (the sandbox indexes it in the meantime; its search is by keywords, the real one by meaning)", dim=True)
    with anyio.move_on_after(INDEXED_SECONDS):
        while _outcome(await agent.call("search", NOTED)) != NOTE["name"]:  # noqa: ASYNC110 -- another process has to be asked
            await anyio.sleep(0.2)
    await agent.take("And it is found", "search", NOTED, outcome=NOTE["name"])


async def _sign_out_and_up(agent: "_Agent") -> None:
    """Renew the session and end it; then make an account, whose session a wrong password doesn't change."""
    email, password = f"ada.{secrets.token_hex(3)}@example.org", secrets.token_urlsafe(12)
    ada = {"email": email, "password": password, "name": "Ada Byron", "captcha": SANDBOX_CAPTCHA}
    await agent.take("Who am I?", "session_status", outcome="signed_in")
    await agent.take("New tokens", "refresh", outcome="signed_in")
    await agent.take("Goodbye", "logout", outcome="signed_out")
    await agent.take("A new account", "signup", ada, outcome="unverified")
    code = {"verification_code": await read_mail(email)}
    await agent.take("The code from the mail", "verify", code, outcome="signed_in")
    wrong = {"email": email, "password": f"not {password}", "captcha": SANDBOX_CAPTCHA}
    title = "A wrong password, which leaves the session as it was"
    await agent.take(title, "login", wrong, outcome="invalid_credentials")
    await agent.take("Still signed in", "session_status", outcome="signed_in")


class _Agent:
    """Calls tools and prints the calls and what they come to."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._steps = 0
        self.shown: Mapping[str, Any] = {}
        """The fields that were printed; a field that is as it was is not printed again."""

    async def take(
        self, title: str, tool: str, arguments: Mapping[str, Any] | None = None, *, outcome: str = DONE
    ) -> Mapping[str, Any]:
        """Take the next step, and return the content of the result.

        Raises:
            StepFailed: The call came to something else than ``outcome``: see ``_outcome``.
        """
        self._steps += 1
        begun = time.perf_counter()
        content = await self.call(tool, arguments or {})
        _say(f"{self._steps:2}. {title}", bold=True)
        _say(f"    {tool}({_shown(arguments or {})})", fg="cyan", end="")
        _say(f"  {(time.perf_counter() - begun) * 1000:.0f} ms", dim=True)
        self._show(content)
        if (came_to := _outcome(content)) != outcome:
            raise StepFailed(f"step {self._steps} ({tool}) came to {came_to!r} and not to {outcome!r}.")
        return content

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return (await self._client.call_tool(tool, dict(arguments))).structured_content or {}

    def _show(self, content: Mapping[str, Any]) -> None:
        for name in SHOWN:
            if content.get(name) not in (None, self.shown.get(name)) or (name == "state" and name in content):
                _say(f"    {name:18}{content[name]}")
        for text in _lines_of(content):
            _say(f"    {text}")
        error = content.get("error", {})
        for name in OF_ERRORS:
            if name in error:
                _say(f"    {name:18}{error[name]}", fg="yellow")
        if "next" in content:
            _say(f"    {'next':18}{content['next']}", fg="green")
        self.shown = self.shown if error else content


def _outcome(content: Mapping[str, Any]) -> str:
    """An error's code, a state, the name of the first match, or else ``DONE``."""
    names = [match["name"] for match in content.get("matches", [])]
    return str(content.get("error", {}).get("code") or content.get("state") or next(iter(names), DONE))


async def read_mail(email: str) -> str:
    """The newest code that the sandbox mailed to an address; ``EXPECTED`` has what is raised where there is none."""
    letters, _ = await anyio.to_thread.run_sync(fetch_outbox, runtime_directory())
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
