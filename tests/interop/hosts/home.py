"""``Home``: the home folder of somebody who has a host and us. What goes over our server's stdio there is recorded."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.interop.run import LONGEST_SECONDS
from tests.interop.wire import Wire

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
NOBODY = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Home:
    """A home; programs there ask the proxy at an address for all that is not on this machine."""

    folder: Path
    proxy: str = NOBODY

    @property
    def work(self) -> Path:
        """Where hosts are started."""
        return self.folder / "work"

    @property
    def printed(self) -> Path:
        """What a host prints that has no terminal."""
        return self.folder / "printed"

    @property
    def wire(self) -> Wire:
        """What went between a host and our server."""
        return Wire(self.folder)

    def write(self, files: Mapping[str, Any]) -> None:
        """Write what a host's user has set already, as JSON."""
        self.work.mkdir(exist_ok=True)
        for name, value in files.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(value), encoding="utf-8")

    def command(self, name: str, text: str) -> Path:
        """Put a script on the PATH, in an environment that has all of ours beside it; where it is."""
        commands, ours = self.folder / "environment" / "bin", Path(sys.prefix)
        if not commands.exists():
            commands.mkdir(parents=True)
            for each in ("pyvenv.cfg", "lib"):
                (commands.parent / each).symlink_to(ours / each)
            (commands / "python").symlink_to(sys.executable)
        path = commands / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o700)
        return path

    def install(self, host: str, *, code: int = 0) -> str:
        """Run ``install`` for the sandbox, from an installation whose command records; what it prints at this end."""
        ours = self.command("rememberizer-mcp", self.wire.script())
        command = (ours.with_name("python"), "-m", "rememberizer_mcp.server", "install", host, "--sandbox")
        done = self.run(command)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    def run(
        self, command: Sequence[str | Path], environ: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return subprocess.run(
            command,
            env=self.environment(environ or {}),
            cwd=self.work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
        )

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """All that a program gets to know of this machine, and more, with the proxy's address in place of ``MODEL``."""
        proxies = {name: self.proxy for each in PROXIES for name in (each, each.lower())}
        return proxies | {
            "PATH": f"{self.folder / 'environment' / 'bin'}:{os.defpath}",
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
            "TERM": "xterm-256color",
            "NO_PROXY": "127.0.0.1",
            "NODE_USE_ENV_PROXY": "1",
            **{name: value.replace("MODEL", self.proxy) for name, value in more.items()},
        }
