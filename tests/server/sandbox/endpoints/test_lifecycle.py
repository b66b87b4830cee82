import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.config import SandboxConfig


def test_forgetting_to_close_a_sandbox_is_a_warning() -> None:
    with pytest.warns(ResourceWarning, match=r"^A sandbox was not closed\.$"):
        Sandbox(SandboxConfig())


def test_closing_twice_does_nothing() -> None:
    sandbox = Sandbox(SandboxConfig())
    sandbox.close()
    sandbox.close()
