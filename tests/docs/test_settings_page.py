"""The page of settings: each setting once, with an example that works and a value that doesn't."""

import pytest
from rememberizer_mcp.server.settings.settings import Settings, load_settings

from tests.docs.settings_page import THEMES, Example, only, refusal, shown_default

EXAMPLES = {name: example for theme in THEMES.values() for name, example in theme.items()}


@pytest.mark.promise("repository:pages:generated")
def test_every_setting_stands_in_one_theme() -> None:
    assert sorted(name for theme in THEMES.values() for name in theme) == sorted(
        set(Settings.model_fields) - {"sandbox"}
    )


@pytest.mark.promise("repository:pages:generated")
@pytest.mark.parametrize(("name", "example"), EXAMPLES.items())
def test_each_example_is_a_value_that_is_taken(name: str, example: Example) -> None:
    beside = {each: EXAMPLES[each].value for each in example.beside}
    with only({name: example.value, **beside}):
        assert getattr(load_settings(), name) != Settings.model_fields[name].default


@pytest.mark.promise("repository:pages:generated")
@pytest.mark.parametrize(("name", "value"), [(name, each.refused) for name, each in EXAMPLES.items() if each.refused])
def test_each_unusable_value_is_named_by_its_setting_and_not_repeated(name: str, value: str) -> None:
    said = refusal(name, value)
    assert said.startswith(f"REMEMBERIZER_{name.upper()}: ")
    assert value not in said.partition(": ")[2]


def test_defaults_are_shown_as_somebody_would_write_them() -> None:
    shown = [shown_default(value) for value in (None, (), True, False, ("a", "b"), 20)]
    assert shown == ["", "", "`on`", "`off`", "`a,b`", "`20`"]
