"""No request is traced: the SDK's traces hold the texts of errors, which name sign-in links and accounts.

The client, which is in the same process here, traces what it sends.
"""

import subprocess
import sys

import pytest

from tests.support.agent import ADA, ERAS, Era
from tests.support.process import clean_environment

_PROGRAM = """
import sys
import anyio
from mcp import Client, MCPError
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from opentelemetry.trace import get_tracer, set_tracer_provider
from tests.support.agent import server_on
from tests.support.upstream import usual

async def main(era, email, password):
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
    set_tracer_provider(provider)
    with get_tracer("tests").start_as_current_span("the test's own"):
        pass
    async with Client(server_on(usual().transport, open_browser="never"), mode=era) as client:
        try:
            await client.read_resource("rememberizer://documents/1")
        except MCPError as error:
            print(error, file=sys.stderr)
        await client.call_tool("login", {"email": email, "password": password})

anyio.run(main, *sys.argv[1:])
"""


@pytest.mark.promise("settings:logs:untraced")
@pytest.mark.parametrize("era", ERAS)
def test_who_collects_traces_gets_none_of_ours(era: Era) -> None:
    command = [sys.executable, "-W", "error", "-c", _PROGRAM, era, ADA["email"], ADA["password"]]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=clean_environment())
    assert "sign_in_pending" in ended.stderr
    assert "the test's own" in ended.stdout
    assert "SpanKind.SERVER" not in ended.stdout
