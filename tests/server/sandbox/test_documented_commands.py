import html
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.to_thread
import httpx
import pytest
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream
from rememberizer_mcp.server.sandbox.mailbox import fetch_outbox

from tests.server.sandbox.support import WAIT_SECONDS, Served, served

_END = b"--end of the command--\n"


class Shell:
    """One bash, into which commands are pasted one after the other."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin = process.stdin
        self._stdout = BufferedByteReceiveStream(process.stdout)

    async def run(self, command: str) -> str:
        """Give what the command prints."""
        await self._stdin.send(command.encode() + b"\necho; echo -n '" + _END + b"'\n")
        output = await self._stdout.receive_until(_END, 100_000)
        return output.decode().strip()


@asynccontextmanager
async def _shell(directory: Path) -> AsyncIterator[Shell]:
    # curl is told to be silent but for the status, which the commands themselves don't print.
    (directory / ".curlrc").write_text('silent\nwrite-out = "%{http_code}"\n')
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory)}
    with anyio.fail_after(WAIT_SECONDS):
        async with await anyio.open_process(["bash", "-eu"], cwd=directory, env=environment) as process:
            yield Shell(process)


async def _commands(sandbox: Served) -> list[str]:
    async with httpx.AsyncClient(trust_env=False) as client:
        page = (await client.get(sandbox.base_url)).text
    return [html.unescape(command) for command in re.findall(r"<pre><code>(.*?)</code></pre>", page, re.DOTALL)]


@pytest.mark.needs("bash", "curl")
@pytest.mark.promise("sandbox:wire:documented-commands")
async def test_the_commands_on_the_first_page_work_as_they_stand(tmp_path: Path) -> None:
    async with served(tmp_path) as sandbox, _shell(tmp_path) as shell:
        sign_up, sign_in, verify, me, search, memorize, refresh, log_out = await _commands(sandbox)

        created = await shell.run(sign_up)
        assert created.endswith("201")
        assert json.loads(created.removesuffix("201"))["email"] == "user@example.com"
        assert await shell.run(sign_in) == "204"

        letters, _ = await anyio.to_thread.run_sync(fetch_outbox, tmp_path)
        await shell.run(f"VERIFICATION_CODE={letters[-1].code}")
        assert (await shell.run(verify)).endswith("200")
        person = await shell.run(me)
        assert json.loads(person.removesuffix("200"))["email_verified"] is True

        matches = json.loads((await shell.run(search)).removesuffix("200"))["matched_chunks"]
        assert matches[0]["document"]["name"] == "Grandma Edith's apple cake"
        assert await shell.run(memorize) == "201"

        assert await shell.run(refresh) == "204"
        assert await shell.run(log_out) == "204"
        assert (await shell.run(me)).endswith("401")
        assert (await shell.run(refresh)).endswith("401")


HOST = "https://api.rememberizer.ai/"
"""What is changed in the documentation's commands below; the rest stands there."""
SIGN_UP = """curl -X POST \\
  https://api.rememberizer.ai/api/v1/auth/signup/ \\
  -H "Content-Type: application/json" \\
  -d '{
    "email": "user@example.com",
    "password": "secure_password",
    "name": "John Doe",
    "captcha": "recaptcha_response"
  }'"""
SIGN_IN = """curl -X POST \\
  https://api.rememberizer.ai/api/v1/auth/signin/ \\
  -H "Content-Type: application/json" \\
  -d '{
    "login": "user@example.com",
    "password": "secure_password",
    "captcha": "recaptcha_response"
  }'"""
VERIFY = """curl -X POST \\
  https://api.rememberizer.ai/api/v1/auth/verify-email/ \\
  -H "Authorization: Bearer YOUR_JWT_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{
    "verification_code": "123456"
  }'"""
REFRESH = """curl -X POST \\
  https://api.rememberizer.ai/api/v1/auth/custom-refresh/ \\
  -b "refresh_token=YOUR_REFRESH_TOKEN\""""
LOG_OUT = """curl -X POST \\
  https://api.rememberizer.ai/api/v1/auth/custom-logout/"""
ACCESS, CAPTCHA = "the value of the access cookie", "Put sandbox-captcha in place of recaptcha_response"


@pytest.mark.traced
@pytest.mark.needs("bash", "curl")
@pytest.mark.promise("sandbox:wire:documented-commands")
async def test_the_documentations_own_commands_work_or_the_answer_says_what_is_missing(tmp_path: Path) -> None:
    async with served(tmp_path) as sandbox, _shell(tmp_path) as shell:

        async def run(command: str, **filled: str) -> str:
            command = command.replace(HOST, sandbox.base_url)
            for placeholder, value in filled.items():
                command = command.replace(placeholder, value)
            return await shell.run(command)

        for command in (SIGN_UP, SIGN_IN):
            refused = await run(command)
            assert refused.endswith("400")
            assert CAPTCHA in refused
        assert f"Put {ACCESS} in place of YOUR_JWT_TOKEN" in await run(VERIFY)
        assert "Put the value of the cookie refresh_token in place of YOUR_REFRESH_TOKEN" in await run(REFRESH)
        assert await run(LOG_OUT) == "204"

        assert (await run(SIGN_UP, recaptcha_response="sandbox-captcha")).endswith("201")
        assert await run(f"{SIGN_IN} -c jar", recaptcha_response="sandbox-captcha") == "204"
        cookies = {line.split()[5]: line.split()[6] for line in (tmp_path / "jar").read_text().splitlines()[4:]}
        letters, _ = await anyio.to_thread.run_sync(fetch_outbox, tmp_path)
        filled = {"123456": letters[-1].code, "YOUR_JWT_TOKEN": cookies["access_token"]}
        assert (await run(VERIFY, **filled)).endswith("200")
        assert await run(REFRESH, YOUR_REFRESH_TOKEN=cookies["refresh_token"]) == "204"
