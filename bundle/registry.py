"""``server.json``: how the MCP registry describes the server; the schema is that of 2025-12-11.

It names the package on PyPI only: the schema takes an MCPB bundle by the address and the hash of a published file.
"""

from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from rememberizer_mcp.server import __version__
from rememberizer_mcp.server.settings.settings import OVER_HTTP, SECRETS, Settings, variable

from .sources import PACKAGE, host_environment, project

SERVER_NAME = "io.github.rememberizer-mcp/rememberizer-mcp"
"""Its namespace belongs to whoever owns that GitHub account; ``docs/releasing.md`` says to claim it first."""
SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"


def server_json() -> dict[str, Any]:
    """The whole file."""
    return {
        "$schema": SCHEMA,
        "name": SERVER_NAME,
        "title": "Rememberizer MCP",
        "description": project()["description"],
        "version": __version__,
        "packages": [
            {
                "registryType": "pypi",
                "identifier": PACKAGE,
                "version": __version__,
                "runtimeHint": "uvx",
                "transport": {"type": "stdio"},
                "environmentVariables": environment_variables(),
            }
        ],
    }


def environment_variables() -> list[dict[str, Any]]:
    """Each setting, as a client can ask for it; those that ``mcp.json`` sets are not asked for."""
    fixed = host_environment()
    return [
        _described(name, field) | ({"value": fixed[variable(name)]} if variable(name) in fixed else _asked(field))
        for name, field in Settings.model_fields.items()
        if name not in ("sandbox", *OVER_HTTP)  # the registry's clients start it over stdio
    ]


def _described(name: str, field: FieldInfo) -> dict[str, Any]:
    described = {"name": variable(name), "description": (field.description or "").replace("`", "")}
    return described | ({"isSecret": True} if name in SECRETS else {})


def _asked(field: FieldInfo) -> dict[str, Any]:
    """What a person may answer, and what goes without an answer."""
    kinds = (field.annotation, *get_args(field.annotation))
    asked: dict[str, Any] = {}
    if get_origin(field.annotation) is Literal:
        asked["choices"] = list(get_args(field.annotation))
    elif bool in kinds:
        asked["format"] = "boolean"
    elif int in kinds or float in kinds:
        asked["format"] = "number"
    match field.default:
        case None | ():
            return asked
        case bool() as default:
            return asked | {"default": str(default).lower()}
        case tuple() as default:
            return asked | {"default": ",".join(default)}
        case default:
            return asked | {"default": str(default)}
