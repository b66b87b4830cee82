"""Fences and fitting: content is marked, and a result that is too large says what it left out."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel
from rememberizer_mcp.server.api.discussions import Discussion
from rememberizer_mcp.tools.base.content import (
    FEWEST_CHARACTERS,
    MOST_ITEMS,
    MOST_RESULT_BYTES,
    Fence,
    fits,
    fitted,
    shortened,
)
from rememberizer_mcp.tools.knowledge.reading import discussion_text


class Texts(BaseModel):
    """A result of several texts."""

    texts: list[str]


def fit(texts: list[str]) -> list[str]:
    def make(items: int, characters: int) -> Texts:
        return Texts(texts=[shortened(text, characters) for text in texts[:items]])

    return fitted(make, items=len(texts), characters=max(map(len, texts), default=0)).texts


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
def test_no_two_fences_are_alike_and_each_has_48_random_bits() -> None:
    names = {Fence().name for _ in range(100)}
    assert len(names) == 100
    assert all(len(bytes.fromhex(name.removeprefix("data-"))) == 6 for name in names)


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
def test_a_fence_stands_around_the_text_as_it_is() -> None:
    fence = Fence()
    assert fence.around("a\n[/data-1]") == f"[{fence.name}]\na\n[/data-1]\n[/{fence.name}]"


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@pytest.mark.parametrize(("text", "threads"), [("a", {}), ("", {"b": ""})])
def test_a_discussion_of_which_anything_is_there_says_how_to_take_it(text: str, threads: dict[str, str]) -> None:
    said = Discussion.model_validate({"discussion_content": text, "thread_contents": threads})
    result = discussion_text(said, discussion_id=5, source="slack")
    assert result.fence in result.notice


@pytest.mark.parametrize(("text", "bytes_"), [("a", 1), ("é", 2), ("茶", 3), ("🍵", 4), ('"', 2), ("\n", 2)])
def test_a_result_fits_up_to_the_limit_of_its_json_in_utf8(text: str, bytes_: int) -> None:
    most = (MOST_RESULT_BYTES - len('{"texts":[""]}')) // bytes_
    assert fits(Texts(texts=[text * most]))
    assert not fits(Texts(texts=[text * (most + 1)]))


@pytest.mark.parametrize(("text", "most", "expected"), [("abc", 3, "abc"), ("abc", 2, "ab…"), ("🍵🍵", 1, "🍵…")])
def test_a_text_is_cut_between_characters(text: str, most: int, expected: str) -> None:
    assert shortened(text, most) == expected


def test_what_fits_is_left_as_it_is() -> None:
    assert fit(["a" * 70_000, "b"]) == ["a" * 70_000, "b"]
    assert fit([]) == []


def test_the_longest_texts_are_cut_evenly_and_the_short_stay_whole() -> None:
    short, one, other = fit(["short", "a" * 60_000, "b" * 90_000])
    assert short == "short"
    assert len(one) == len(other) > 37_000


def test_items_are_left_out_only_where_the_shortest_texts_have_no_room() -> None:
    kept = fit(["🍵" * 300] * 400)
    assert 80 < len(kept) < 400
    assert len(kept[0]) == FEWEST_CHARACTERS + 1
    assert len(fit([""] * 5_000)) == MOST_ITEMS


@pytest.mark.promise("tools:results:one-shape-fenced-bounded")
@example(sizes=[(0, "a")])
@example(sizes=[(80_000, "🍵")] * 3)
@example(sizes=[(200, "🍵")] * 600)
@given(
    st.lists(st.tuples(st.integers(0, 90_000), st.sampled_from(["a", "é", "茶", "🍵", '"', "\n", "\\"])), max_size=12)
)
def test_whatever_the_texts_are_the_result_fits_and_is_in_order(sizes: list[tuple[int, str]]) -> None:
    texts = [character * count for count, character in sizes]
    kept = fit(texts)
    assert fits(Texts(texts=kept))
    assert all(text.startswith(short.removesuffix("…")) for short, text in zip(kept, texts, strict=False))
    if fits(Texts(texts=texts)) and len(texts) <= MOST_ITEMS:
        assert kept == texts
    else:
        assert kept != texts
