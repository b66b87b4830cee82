"""How `make coverage` traces the processes that tests start."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

CONFIG = "COVERAGE_PROCESS_CONFIG"
"""The variable by which coverage hands its configuration on to each process, as base64 of JSON."""


def without_search(environment: Mapping[str, str]) -> dict[str, str]:
    """The variable, where it is set, so that a process traces the same files but looks for no others.

    A folder in ``source`` is searched at the end of each process for files that it did not run, which costs as much
    as the trace. With a pattern in ``include`` nothing is searched. The process that runs all tests keeps ``source``,
    so a file that no process runs still counts.
    """
    return {name: _encoded(_included(_decoded(environment[name]))) for name in {CONFIG} & environment.keys()}


def _included(config: dict[str, Any]) -> dict[str, Any]:
    patterns = [*(config["run_include"] or []), *(f"{folder}/*" for folder in config["source"] or [])]
    return config | {"source": None, "run_include": patterns}


def _decoded(text: str) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(b64decode(text))
    return config


def _encoded(config: Mapping[str, Any]) -> str:
    return b64encode(json.dumps(config).encode()).decode()
