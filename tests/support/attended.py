"""The real server over stdio, for a host whose user takes time to read: ``python -m tests.support.attended``."""

import gc

from rememberizer_mcp.server.app import build_server
from rememberizer_mcp.server.settings.settings import load_settings
from rememberizer_mcp.server.stdio.serving import serve

from tests.support.clock import Reading

gc.disable()
serve(build_server(load_settings(), clock=Reading()))
