"""No address and no closing quote survives in a question, and ordinary names stay readable (S6)."""

import re
import sys
import unicodedata

import pytest
from rememberizer_mcp.tools.base.unlinked import unlinked

pytestmark = pytest.mark.promise("tools:questions:no-address", "sign-in:elicitation:no-links-in-fields")
SEPARATED = re.compile(r"[.。:/\\@&]\S|[/\\@\[\]<>]")
"""What each address has in it: the domain's dot, the scheme's colon, and so on, directly before something else."""


@pytest.mark.parametrize(
    "address",
    [
        *("evil.example", "evil.example?x", "x](evil.example)", "[x](evil)", "[x]: evil", "<evil.example>"),
        *("<a href=x>", "https://evil.example", "HTTPS:evil", "//evil.example/x", "\\\\evil\\share", "evil:8080"),
        *("localhost/x", "/x", "eve@evil.example", "eve@evil", "mailto:eve", "javascript:alert(1)", "tel:112"),
        *("www.evil", "xn--e1awd7f.example", "127.0.0.1", "1.2.3.4:80", "[::1]", "data:text/html,x"),
        *("evil。example", "evil\uff0eexample", "evil｡example", "evil\u2024example", "evil\u00ad.example", "℀"),
        *("evil.\u200dexample", "\uff48ttp\uff1a\uff0f\uff0fevil", "evil&period;example", "evil&#46;example"),
        *("пример.рф", "例え。テスト", "evil.e\u0301xample", "🦊.example", "…example", "⒈2"),
    ],
)
def test_no_form_of_address_survives(address: str) -> None:
    for text in (address, f"a {address} b", f"({address})", f"'{address}'", f"{address}."):
        assert not SEPARATED.search(unicodedata.normalize("NFKC", unlinked(text)))


def test_no_character_that_stands_for_a_separator_survives_within_a_word() -> None:
    characters = [chr(code) for code in range(sys.maxunicode + 1)]
    standing = [each for each in characters if SEPARATED.search(unicodedata.normalize("NFKC", each) + "x")]
    assert len(standing) > 50
    assert {unlinked(f"evil{each}example") for each in standing} == {"evil·example"}


@pytest.mark.parametrize(
    "quote",
    [
        *'"“”„‟«»\u201a\u2018\u2019\u201b\u2039\u203a″‶〝〞〟\uff02❝❞\u276e\u276f🙶🙷🙸ʺ˝ˮ״〃',
        "''",
        "\u2019\u2019",
        "\u2032\u2032",
    ],
)
def test_nothing_that_looks_like_a_double_quote_survives(quote: str) -> None:
    assert unlinked(f"a{quote}b") == "a'b"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Minutes: May 3", "Minutes: May 3"),
        ("Mr. Smith & Sons, No. 5", "Mr. Smith & Sons, No. 5"),
        ("Really? Yes! (50 %) \u2013 it's #1 + a_b=c;", "Really? Yes! (50 %) \u2013 it's #1 + a_b=c;"),
        ("Ende.", "Ende."),
        ("会議の記録 📎 x² é", "会議の記録 📎 x² é"),
        ("Q3.notes v1.2 report.pdf Mr.Smith AC/DC Q&A", "Q3·notes v1·2 report·pdf Mr·Smith AC·DC Q·A"),
        ("a\u00a0\n  b\u3000c", "a b c"),
        ("", ""),
    ],
)
def test_an_ordinary_name_stays_readable(name: str, shown: str) -> None:
    assert unlinked(name) == shown
