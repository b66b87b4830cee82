import pytest
from rememberizer_mcp.server.sandbox.app import build_sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig


def test_forgetting_to_close_a_sandbox_is_a_warning() -> None:
    with pytest.warns(ResourceWarning, match=r"^A sandbox was not closed\.$"):
        build_sandbox(SandboxConfig())


def test_closing_twice_does_nothing() -> None:
    sandbox = build_sandbox(SandboxConfig())
    sandbox.close()
    sandbox.close()
