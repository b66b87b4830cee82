import pytest
from hypothesis import given
from hypothesis import strategies as st
from rememberizer_mcp.server.sandbox.data.indexing import MOST_CHARACTERS, split

pytestmark = pytest.mark.promise("sandbox:documents:chunks")

SENTENCE = "The heron stands still. "
_pieces = st.sampled_from([SENTENCE, "word ", "\n\n", "\r\n\r\n", "。", "水", "x" * 500, "\u200d", "\x00", "!? ", "\n"])
_texts = st.lists(_pieces | st.text(), max_size=200).map("".join)


@given(_texts)
def test_chunks_joined_are_the_text_and_none_is_empty_or_too_long(text: str) -> None:
    chunks = list(split(text))
    assert "".join(chunks) == text
    assert all(0 < len(chunk) <= MOST_CHARACTERS for chunk in chunks)


def test_a_text_ends_its_chunks_at_paragraphs() -> None:
    paragraphs = [SENTENCE * 20 + "\n\n" for _ in range(5)]
    assert list(split("".join(paragraphs))) == paragraphs


def test_a_paragraph_ends_its_chunks_at_sentences() -> None:
    chunks = list(split(SENTENCE * 100))
    assert len(chunks) > 1
    assert all(chunk.endswith(SENTENCE) for chunk in chunks)


def test_a_sentence_ends_its_chunks_at_words() -> None:
    chunks = list(split("heron " * 400))
    assert len(chunks) > 1
    assert all(chunk.endswith("heron ") for chunk in chunks)


def test_a_word_without_end_is_cut() -> None:
    assert [len(chunk) for chunk in split("x" * 2000)] == [900, 900, 200]


def test_short_paragraphs_share_a_chunk() -> None:
    assert list(split("One.\n\nTwo.\n\nThree.")) == ["One.\n\nTwo.\n\nThree."]
