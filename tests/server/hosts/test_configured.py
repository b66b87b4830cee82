"""Which hosts have us configured, also where a file is broken."""

from pathlib import Path

from rememberizer_mcp.server.hosts.block import Block
from rememberizer_mcp.server.hosts.configured import configured
from rememberizer_mcp.server.hosts.table import HOSTS

from tests.support.systems import a_system


def test_each_host_is_told_apart(tmp_path: Path) -> None:
    system = a_system(tmp_path)
    texts = {
        "claude-code": '{"mcpServers": {"rememberizer": {"command": "/x"}, "other": {"command": "/y"}}}',
        "cursor": '{"mcpServers": {"rememberizer": "odd", "rememberizer-sandbox": {}}}',
        "codex": "a = ?",
        "goose": "extensions:",
    }
    for name, text in texts.items():
        path = HOSTS[name].path(system)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    HOSTS["vscode"].path(system).mkdir(parents=True)
    found = {each.host.name: each for each in configured(system)}
    assert found["claude-code"].blocks == {"rememberizer": Block(command="/x")}
    assert found["cursor"].blocks == {"rememberizer": None, "rememberizer-sandbox": None}
    assert [found[name].exists for name in ("claude-desktop", "goose", "codex", "vscode")] == [False, True, True, True]
    assert found["codex"].problem == f"{found['codex'].path} is not valid TOML (line 1, column 5)."
    assert found["vscode"].problem == f"{found['vscode'].path} is no file."
    assert not found["goose"].blocks
