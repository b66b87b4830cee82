"""The settings of the tools beyond sign-in: keys, toolsets, read-only, folders for uploads."""

import os
from pathlib import Path

import pytest
from rememberizer_mcp.server.settings.settings import Settings, load_settings

from tests.server.settings.test_settings import problems_of

CANARY = "rem_ck_canary"
KEYS = ["API_TOKEN", "VECTOR_STORE_TOKEN"]
TOOLSETS = "must be a comma-separated list of `auth`, `knowledge`, `mementos`, `vector_stores`, or `all`"


@pytest.mark.promise("tools:credentials:one-table", "settings:secrets:never-shown")
@pytest.mark.parametrize("name", KEYS)
def test_a_key_is_taken_and_shows_in_no_form_of_the_settings(name: str) -> None:
    assert problems_of(**{name: CANARY}) == ()
    loaded = load_settings()
    assert getattr(loaded, name.lower()).get_secret_value() == CANARY
    assert loaded.secret_values() == [CANARY]
    assert CANARY not in f"{loaded!r} {loaded} {loaded.model_dump()} {loaded.model_dump_json()}"


@pytest.mark.promise("tools:credentials:one-table", "settings:secrets:from-files")
@pytest.mark.parametrize("name", KEYS)
def test_a_key_comes_from_a_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / "key"
    path.write_text(CANARY + "\n", encoding="utf-8")
    assert problems_of(**{f"{name}_FILE": str(path)}) == ()
    assert getattr(load_settings(), name.lower()).get_secret_value() == CANARY


@pytest.mark.promise("settings:unusable:named-at-once", "settings:secrets:never-shown")
@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("value", [f"Bearer {CANARY}", f"{CANARY}\n{CANARY}", f"{CANARY}é", f"{CANARY}\x7f"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated(name: str, value: str) -> None:
    assert problems_of(**{name: value}) == (
        f"REMEMBERIZER_{name}: must be an API key, alone: visible ASCII without spaces",
    )


@pytest.mark.promise("tools:list:read-only-and-toolsets")
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("auth", ("auth",)),
        ("knowledge, auth", ("auth", "knowledge")),
        ("mementos,knowledge,,auth,mementos", ("auth", "knowledge", "mementos")),
        ("all", ("auth", "knowledge", "mementos", "vector_stores")),
        ("auth,all", ("auth", "knowledge", "mementos", "vector_stores")),
        ("", ("auth", "knowledge")),
    ],
)
def test_toolsets_are_named_in_any_order(value: str, expected: tuple[str, ...]) -> None:
    assert problems_of(TOOLSETS=value) == ()
    assert load_settings().toolsets == expected


@pytest.mark.promise("tools:list:read-only-and-toolsets", "settings:unusable:named-at-once")
@pytest.mark.parametrize("value", ["canary", "auth,canary", "auth;knowledge", ","])
def test_an_unknown_toolset_is_refused_with_the_list_of_known_ones(value: str) -> None:
    assert problems_of(TOOLSETS=value) == (f"REMEMBERIZER_TOOLSETS: {TOOLSETS}",)


@pytest.mark.promise("tools:list:read-only-and-toolsets")
@pytest.mark.parametrize(
    ("value", "expected"),
    [("on", True), ("1", True), ("true", True), ("off", False), ("0", False), ("false", False), ("", False)],
)
def test_read_only_is_on_or_off(value: str, expected: bool) -> None:
    assert problems_of(READ_ONLY=value) == ()
    assert load_settings().read_only is expected


@pytest.mark.promise("tools:list:read-only-and-toolsets", "settings:unusable:named-at-once")
@pytest.mark.parametrize("value", ["perhaps", "2", "o n"])
def test_another_read_only_is_refused(value: str) -> None:
    assert problems_of(READ_ONLY=value) == ("REMEMBERIZER_READ_ONLY: must be `on` or `off`",)


def test_upload_folders_are_absolute_paths_that_need_not_exist(tmp_path: Path) -> None:
    os.environ["HOME"] = str(tmp_path)
    assert problems_of(UPLOAD_DIRS=f"{tmp_path}, ~/notes,/nowhere/at all") == ()
    assert load_settings().upload_dirs == (tmp_path, tmp_path / "notes", Path("/nowhere/at all"))
    assert Settings(upload_dirs=(tmp_path,)).upload_dirs == (tmp_path,)


@pytest.mark.promise("settings:unusable:named-at-once")
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("notes", "must be a comma-separated list of absolute paths"),
        ("/notes,./more", "must be a comma-separated list of absolute paths"),
        ("~nobody-of-this-name/notes", "names a home folder that is not known; write the paths out"),
    ],
)
def test_an_upload_folder_that_nobody_can_place_is_refused(value: str, said: str) -> None:
    assert problems_of(UPLOAD_DIRS=value) == (f"REMEMBERIZER_UPLOAD_DIRS: {said}",)


@pytest.mark.promise("settings:unusable:named-at-once")
def test_upload_folders_of_another_type_are_refused() -> None:
    with pytest.raises(ValueError, match="upload_dirs"):
        Settings(upload_dirs=7)


def test_the_problems_of_several_settings_are_named_together() -> None:
    found = problems_of(TOOLSETS="canary", READ_ONLY="canary", API_TOKEN="ca nary", UPLOAD_DIRS="canary")
    assert [problem.split(":")[0].removeprefix("REMEMBERIZER_") for problem in found] == [
        "API_TOKEN",
        "TOOLSETS",
        "READ_ONLY",
        "UPLOAD_DIRS",
    ]
    assert "canary" not in " ".join(found)


@pytest.mark.promise("settings:unusable:named-at-once")
def test_without_a_way_to_sign_in_the_start_ends() -> None:
    """No tool would sign in, no tool could be told to, and no key stands in for an account."""
    problem = (
        "REMEMBERIZER_LAZY_SIGN_IN: with `off`, nobody could sign in: "
        "add `auth` to REMEMBERIZER_TOOLSETS, or set REMEMBERIZER_API_TOKEN"
    )
    assert problems_of(TOOLSETS="knowledge", LAZY_SIGN_IN="off") == (problem,)


@pytest.mark.parametrize(
    "others",
    [
        {"TOOLSETS": "auth"},
        {"TOOLSETS": "knowledge", "API_TOKEN": "key-1"},
        {"TOOLSETS": "vector_stores", "VECTOR_STORE_TOKEN": "key-2"},
    ],
)
def test_lazy_sign_in_can_be_off_where_there_is_another_way(others: dict[str, str]) -> None:
    assert problems_of(LAZY_SIGN_IN="off", **others) == ()


@pytest.mark.parametrize("name", ["TOOLSETS", "API_TOKEN", "VECTOR_STORE_TOKEN"])
def test_an_unusable_way_to_sign_in_is_named_alone(name: str) -> None:
    found = problems_of(**{"TOOLSETS": "knowledge", "LAZY_SIGN_IN": "off", name: "no such"})
    assert [each.partition(":")[0] for each in found] == [f"REMEMBERIZER_{name}"]
