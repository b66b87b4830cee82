"""Unseen characters that scripts need are rationed: a long text keeps its own, and no sentence is spelt out in them."""

import pytest
from rememberizer_mcp.server.api.text import RATIONS, clean


def unseen_in(text: str, alphabet: str) -> int:
    """How many of these characters are left of a text."""
    return sum(character in alphabet for character in clean(text))


RATIONED = {
    "joiners in Arabic": ("\u0628", "\u200c\u200d", "JOINERS"),
    "joiners in Devanagari": ("\u0915", "\u200c\u200d", "JOINERS"),
    "Mongolian selectors": ("\u1820", "\u180b\u180c\u180d\u180e\u180f", "JOINERS"),
    "emoji as text and as picture": ("\u2764", "\ufe0e\ufe0f", "JOINERS"),
    "joined emoji": ("\U0001f469", "\u200d", "JOINERS"),
    "orders of marks": ("\u05b7", "\u034f", "JOINERS"),
    "forms of ideographs": ("\u6587", "".join(map(chr, range(0xE0100, 0xE0110))), "FORMS"),
    "standard forms of ideographs": ("\u6587", "\ufe00\ufe01\ufe02", "FORMS"),
    "forms of signs": ("\u2229", "\ufe00\ufe01\ufe02", "FORMS"),
    "controls of hieroglyphs": ("\U00013000", "".join(map(chr, range(0x13430, 0x13440))), "FORMS"),
}


@pytest.mark.promise("tools:texts:nothing-hidden")
@pytest.mark.parametrize(("letter", "alphabet", "kind"), RATIONED.values(), ids=RATIONED)
@pytest.mark.parametrize("before", ["", "tea " * 1000, "\u200b" * 1000])
def test_a_choice_behind_each_letter_spells_out_no_sentence(letter: str, alphabet: str, kind: str, before: str) -> None:
    """Neither at the start, nor behind a long text without any, nor behind what is removed."""
    most, length = RATIONS[kind]
    letters = 16 * length
    hidden = "".join(letter + alphabet[number % len(alphabet)] for number in range(letters)) + letter
    left = unseen_in(before + hidden, alphabet)
    assert most <= left <= most + (letters + left) / length
    assert clean(clean(before + hidden)) == clean(before + hidden)
    assert clean(before + hidden).replace(before.replace("\u200b", ""), "").count(letter) == letters + 1


LONG_TEXTS = {
    "Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u06a9\u062a\u0627\u0628\u200c\u0647\u0627 ",
    "Malayalam": "\u0d05\u0d35\u0d28\u0d4d\u200d \u0d35\u0d40\u0d1f\u0d4d\u0d1f\u0d3f\u0d32\u0d4d\u200d ",
    "Sinhala": "\u0dc1\u0dca\u200d\u0dbb\u0dd3 \u0dbd\u0d82\u0d9a\u0dcf\u0dc0 ",
    "Braille": "\u2813\u2811\u2800",
    "a heart in a sentence": "with all my \u2764\ufe0f ",
    "a Japanese name in a sentence": "\u845b\U000e0100\u98fe\u533a" + "\u306b\u4f4f\u3080" * 10,
}


@pytest.mark.promise("tools:texts:nothing-hidden")
@pytest.mark.parametrize("text", LONG_TEXTS.values(), ids=LONG_TEXTS)
def test_a_long_text_as_people_write_it_stays_whole(text: str) -> None:
    assert clean(text * 500) == text * 500
