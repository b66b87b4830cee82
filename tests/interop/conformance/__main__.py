"""``python -m tests.interop.conformance``: what ``serve --http`` serves, on a free port, with the suite's fixtures.

The server, its middleware, its application and its web server are those of ``server/cli/serving.py``. Different is only
what the suite wants to find: tools, prompts and resources of its own, and answers to the requests of 2025-11-25 for a
level of the log and for subscriptions, which our server doesn't offer since it has nothing to say there.
"""

import sys
from typing import Any

from mcp.server import ServerRequestContext
from mcp_types import EmptyResult, SetLevelRequestParams, SubscribeRequestParams, UnsubscribeRequestParams
from rememberizer_mcp.server.app import build_server
from rememberizer_mcp.server.http.serving import serve
from rememberizer_mcp.server.http.start import clients
from rememberizer_mcp.server.logs.redaction import KnownSecrets, install
from rememberizer_mcp.server.settings.settings import load_settings

from tests.interop.conformance import prompts, rounds, tools


async def accept(_: ServerRequestContext[Any, Any], __: Any) -> EmptyResult:
    """Say yes."""
    return EmptyResult()


settings, secrets = load_settings(sandbox=False), KnownSecrets()
install(level=settings.log_level, secrets=secrets, stream=sys.stderr)
everybody = clients(settings)
server = build_server(settings, secrets=secrets, clients=everybody, more_tools=[*tools.TOOLS, *rounds.TOOLS])
prompts.add_to(server)
lowlevel = server._lowlevel_server  # noqa: SLF001 -- the SDK's own server has no way to answer these
lowlevel.add_request_handler("logging/setLevel", SetLevelRequestParams, accept)
lowlevel.add_request_handler("resources/subscribe", SubscribeRequestParams, accept)
lowlevel.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, accept)
serve(server, host="127.0.0.1", port=0, clients=everybody)
