"""A conversation in a real chat host: the test says what the model wants, and a person signs up at our page."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.interop.hosts.home import Home
from tests.interop.hosts.model import Model, serving
from tests.interop.hosts.table import ChatHost
from tests.interop.run import LONGEST_SECONDS
from tests.support.visitor import Visitor

PASSWORD = "canary-password-of-a-person"


@dataclass(frozen=True)
class Conversation:
    """One run of a host."""

    home: Home
    model: Model
    process: "subprocess.Popen[bytes]"

    def end(self) -> None:
        """Let the model say its last words, and wait until the host has ended well."""
        self.model.ends()
        assert self.process.wait(LONGEST_SECONDS) == 0, self.home.printed.read_text()

    def check(self) -> None:
        """Fail if the host asked anybody but the model for anything, or if the password got anywhere."""
        assert not self.model.refused, self.model.refused
        told = (self.home.printed.read_bytes(), self.home.wire.everything, *self.model.received)
        assert not [each for each in told if PASSWORD.encode() in each]


def by_install(host: ChatHost, home: Home) -> None:
    """Give a host our entry by ``install``, or by the block that it prints."""
    printed = home.install("json" if host.block else host.name)
    home.write({host.block: json.loads(printed)} if host.block else {})


def by_url(url: str, host: ChatHost, home: Home) -> None:
    """Let a host's own command add a server over HTTP."""
    done = home.run([*host.command, *(url if each == "URL" else each for each in host.adds)], host.environ)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def conversation(
    host: ChatHost,
    folder: Path,
    prompt: Sequence[str],
    *,
    add: Callable[[ChatHost, Home], None] = by_install,
    terminal: int | None = None,
) -> Iterator[Conversation]:
    """Add us to the host, and start it on a prompt; what came of it is checked when the body succeeded."""
    with serving(host.dialect, host.prefix) as model:
        home = Home(folder, model.address)
        home.write(host.files(home.work))
        add(host, home)
        with home.printed.open("wb") as file:
            process = subprocess.Popen(
                [*host.command, *(each.replace("MODEL", model.address) for each in prompt)],
                env=home.environment(host.environ),
                cwd=home.work,
                stdin=terminal or subprocess.DEVNULL,
                stdout=terminal or file,
                stderr=terminal or file,
                start_new_session=True,
            )
        talk = Conversation(home, model, process)
        try:
            yield talk
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(LONGEST_SECONDS)
    talk.check()


def sign_up_at(url: str, words: str) -> None:
    """Make an account at our page, if that shows the words of the conversation."""
    with Visitor() as person:
        person.open(url)
        assert words in person.text
        person.open(f"{url}/sign-up")
        person.press("Create account", email="ada@example.org", password=PASSWORD, captcha="sandbox-captcha")
        code = re.search(r'translate="no">(\d+)<', person.text)
        assert code, person.text
        person.press("Verify", verification_code=code[1])
        assert "You are signed in" in person.text
