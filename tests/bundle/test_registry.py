"""``server.json``: valid, up to date, and with the version that everything has."""

import importlib.metadata
import json
from typing import Any

import jsonschema
import pytest
from rememberizer_mcp.server import __version__
from rememberizer_mcp.server.settings.settings import OVER_HTTP, SECRETS, Settings, variable

from bundle.manifest import manifest
from bundle.registry import SCHEMA, SERVER_NAME, server_json
from tests.bundle.host import ROOT

PUBLISHED = ROOT / "tests" / "schemas" / "server-2025-12-11.json"
WRITTEN: dict[str, Any] = json.loads((ROOT / "server.json").read_text(encoding="utf-8"))
VARIABLES = {each["name"]: each for each in WRITTEN["packages"][0]["environmentVariables"]}


@pytest.mark.promise("package:registry:valid")
def test_the_file_is_what_the_code_says_now() -> None:
    """``make server-json`` writes it."""
    assert server_json() == WRITTEN


@pytest.mark.promise("package:registry:valid")
def test_the_file_is_valid_by_its_published_schema() -> None:
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    assert schema["$id"] == WRITTEN["$schema"] == SCHEMA
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    validator.validate(WRITTEN)
    for broken in ({"name": "no slash"}, {"description": "x" * 101}, {"packages": [{"registryType": "pypi"}]}):
        assert not validator.is_valid(WRITTEN | broken)


@pytest.mark.promise("package:registry:valid")
async def test_the_version_is_one_value_everywhere() -> None:
    versions = {
        importlib.metadata.version("rememberizer-mcp"),
        WRITTEN["version"],
        WRITTEN["packages"][0]["version"],
        (await manifest())["version"],
    }
    assert versions == {__version__}


@pytest.mark.promise("package:registry:valid")
def test_the_readme_names_the_server_as_the_registry_will_look_for_it() -> None:
    assert f"\n<!-- mcp-name: {SERVER_NAME} -->\n" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.promise("package:registry:valid")
def test_every_setting_is_there_and_every_secret_is_marked() -> None:
    assert set(VARIABLES) == {variable(name) for name in set(Settings.model_fields).difference(OVER_HTTP, ["sandbox"])}
    secrets = {variable(name) for name in set(SECRETS).difference(OVER_HTTP)}
    assert {name for name, each in VARIABLES.items() if each.get("isSecret")} == secrets
    assert all(each["description"] for each in VARIABLES.values())


@pytest.mark.promise("package:registry:valid")
@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("READ_ONLY", {"format": "boolean", "default": "false"}),
        ("KEEP_SIGNED_IN", {"choices": ["off", "keyring"], "default": "off"}),
        ("OAUTH_PORT", {"format": "number", "default": "8976"}),
        ("SIGN_IN_MINUTES", {"format": "number", "default": "10"}),
        ("TOOLSETS", {"default": "auth,knowledge"}),
        ("UPLOAD_DIRS", {}),
        ("SECRET_ARGUMENTS", {"value": "off"}),
    ],
)
def test_what_a_setting_takes_is_said(name: str, asked: dict[str, Any]) -> None:
    said = dict(VARIABLES[f"REMEMBERIZER_{name}"])
    assert said.pop("name") == f"REMEMBERIZER_{name}"
    assert said.pop("description")
    assert said == asked


@pytest.mark.promise("package:registry:valid")
def test_every_default_is_the_settings_default() -> None:
    given = {each["name"]: each["default"] for each in VARIABLES.values() if "default" in each}
    fields = {name: given[variable(name)] for name in Settings.model_fields if variable(name) in given}
    assert Settings(**fields) == Settings()
