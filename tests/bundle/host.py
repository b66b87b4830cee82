"""What a host does with a bundle, by the official tool and library (npm's ``@anthropic-ai/mcpb``)."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mcp import StdioServerParameters

from tests.interop.client import NODE, PACKAGES

ROOT = Path(__file__).parents[2]
MCPB = PACKAGES / "node_modules" / ".bin" / "mcpb"
COMMANDS = (str(NODE), str(MCPB))
"""What ``make interop-setup`` prepares."""
COMPOSE = """\
import { readFileSync } from "node:fs";
import { getMcpConfigForManifest } from "@anthropic-ai/mcpb";
const { extensionPath, userConfig } = JSON.parse(readFileSync(0, "utf8"));
const manifest = JSON.parse(readFileSync(`${extensionPath}/manifest.json`, "utf8"));
const systemDirs = { HOME: extensionPath };
const composed = await getMcpConfigForManifest({ manifest, extensionPath, systemDirs, userConfig, pathSeparator: "/" });
process.stdout.write(JSON.stringify(composed));
"""


def mcpb(*arguments: str) -> str:
    """Run the official tool; what it says. A refusal fails the test."""
    command = [str(NODE), "--preserve-symlinks-main", str(MCPB.resolve()), *arguments]
    done = subprocess.run(command, cwd=PACKAGES, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def unpacked(bundle: Path, folder: Path) -> Path:
    """Unpack it, as at an installation."""
    mcpb("unpack", str(bundle), str(folder))
    return folder


def composed(extension: Path, filled_in: Mapping[str, Any], environment: Mapping[str, str]) -> StdioServerParameters:
    """The server's command, made by the official library from what a person filled in."""
    done = subprocess.run(
        [str(NODE), "--input-type=module", "-e", COMPOSE],
        input=json.dumps({"extensionPath": str(extension), "userConfig": filled_in}),
        cwd=PACKAGES, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    made = json.loads(done.stdout)
    return StdioServerParameters(command=made["command"], args=made["args"], env={**environment, **made["env"]})
