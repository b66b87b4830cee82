"""The settings of several processes: where they share sessions, and by which keys these are sealed."""

from pathlib import Path

import pytest
from rememberizer_mcp.server.settings.settings import load_settings

from tests.server.settings.test_settings import problems_of, written

KEYS = "canary-key-" + "a" * 32, "canary-key-" + "b" * 32
ADDRESS = "redis://:canary-pass%2Fword@127.0.0.1:6379/0"


def test_the_store_and_its_keys_are_secrets_of_which_each_part_is_kept_out_of_the_log(tmp_path: Path) -> None:
    assert problems_of(STORE=ADDRESS, STORE_KEYS_FILE=written(tmp_path / "keys", ", ".join(KEYS).encode())) == ()
    loaded = load_settings()
    assert loaded.store
    assert (loaded.store.get_secret_value(), [key.get_secret_value() for key in loaded.store_keys]) == (
        ADDRESS,
        [*KEYS],
    )
    assert loaded.secret_values() == [*KEYS, ADDRESS, "canary-pass/word"]
    assert "canary" not in repr(loaded)


@pytest.mark.parametrize(
    "address", ["redis://127.0.0.1", "rediss://r.example.org:6380/2?a=b", "unix:///run/redis.sock"]
)
def test_an_address_is_taken_as_redis_py_reads_it(address: str) -> None:
    assert problems_of(STORE=address, STORE_KEYS=KEYS[0]) == ()
    loaded = load_settings()
    assert loaded.store
    assert loaded.store.get_secret_value() == address


@pytest.mark.parametrize("given", [{}, {"STORE": "memory"}, {"STORE": "Memory"}])
def test_without_an_address_everything_is_in_memory(given: dict[str, str]) -> None:
    assert problems_of(**given) == ()
    loaded = load_settings()
    assert (loaded.store, loaded.store_keys, loaded.secret_values()) == (None, (), [])


@pytest.mark.promise("hosting:start:refused")
@pytest.mark.parametrize(
    "address",
    [
        "canary",
        "http://canary@127.0.0.1",
        "redis://",
        "redis://:canary@h:x",
        "redis:canary",
        "unix://",
        "redis://[canary",
    ],
)
def test_an_address_that_can_not_be_read_is_refused_without_repeating_it(address: str) -> None:
    told = "must be `memory`, or an address such as redis://HOST:PORT/0, rediss://… or unix:///PATH"
    assert problems_of(STORE=address, STORE_KEYS=KEYS[0]) == (f"REMEMBERIZER_STORE: {told}",)


@pytest.mark.promise("hosting:start:refused")
@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"STORE": ADDRESS}, "must hold a secret of at least 32 bytes, which seals what is in REMEMBERIZER_STORE"),
        ({"STORE_KEYS": KEYS[0]}, "needs the address of a Redis in REMEMBERIZER_STORE beside it"),
        ({"STORE": "memory", "STORE_KEYS": KEYS[0]}, "needs the address of a Redis in REMEMBERIZER_STORE beside it"),
        (
            {"STORE": ADDRESS, "STORE_KEYS": f"{KEYS[0]},canary"},
            "each key must have at least 32 bytes; commas separate",
        ),
        ({"STORE": ADDRESS, "STORE_KEYS": f"{KEYS[0]},{KEYS[1]},{KEYS[0]}"}, "holds a key twice"),
    ],
)
def test_keys_and_a_store_go_together_and_each_key_is_strong_and_there_once(given: dict[str, str], told: str) -> None:
    (problem,) = problems_of(**given)
    assert problem.startswith(f"REMEMBERIZER_STORE_KEYS: {told}")
    assert "canary" not in problem
