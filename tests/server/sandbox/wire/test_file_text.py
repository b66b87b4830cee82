import codecs
from io import BytesIO

import pytest
from rememberizer_mcp.server.sandbox.wire.file_text import READ_BYTES, read_text, type_of

pytestmark = pytest.mark.promise("sandbox:stores:uploads")


def page(source: str) -> str | None:
    return read_text(BytesIO(source.encode()), "text/html")[0]


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.txt", "text/plain"),
        ("NOTES.MD", "text/markdown"),
        ("a.b.json", "application/json"),
        ("a.htm", "text/html"),
        ("a.html", "text/html"),
        ("a.pdf", "application/pdf"),
        ("a.doc", "application/msword"),
        ("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.xls", "application/vnd.ms-excel"),
        ("a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.ppt", "application/vnd.ms-powerpoint"),
        ("a.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ],
)
def test_a_file_has_the_type_of_its_ending(name: str, media_type: str) -> None:
    assert type_of(name) == media_type


@pytest.mark.parametrize("name", ["", "txt", ".txt", "a.exe", "a.txt.", "a.txt "])
def test_any_other_ending_is_none_of_the_kinds(name: str) -> None:
    assert type_of(name) is None


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"na\xc3\xafve\r\n", "naïve\r\n"),
        (codecs.BOM_UTF8 + b"tea", "tea"),
        ("\ufeffté".encode("utf-16-le"), "té"),
        ("\ufeffté".encode("utf-16-be"), "té"),
        (b"", ""),
    ],
)
def test_a_text_is_read_as_it_stands(data: bytes, text: str) -> None:
    assert read_text(BytesIO(data), "text/plain") == (text, None)


@pytest.mark.parametrize("data", [b"caf\xe9", b"\xff\xfe\x00\xd8", b"tea\xc3"])
def test_what_is_no_text_is_not_read(data: bytes) -> None:
    read = read_text(BytesIO(data), "application/json")
    assert read == (None, "The file is not UTF-8 text, so nothing of it was indexed.")


def test_of_a_long_text_the_beginning_is_read_up_to_a_whole_character() -> None:
    read = read_text(BytesIO(b"x" + "é".encode() * READ_BYTES), "text/plain")
    assert read == ("x" + "é" * (READ_BYTES // 2 - 1), "Only the first 2 MB of this file were indexed.")
    assert read_text(BytesIO(b"x" * READ_BYTES), "text/plain")[1] is None


def test_a_kind_that_the_sandbox_can_not_read_is_said_to_be_one() -> None:
    text, why_not = read_text(BytesIO(b"%PDF-1.7"), "application/pdf")
    assert text is None
    assert why_not
    assert why_not.startswith("The sandbox can't read the text of this kind of file")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>one\ntwo<p>three", "one two\nthree"),
        ("a<b>b</b>c<BR/>d", "abc\nd"),
        ("<pre>kept</pre><primary>in</primary> line", "kept\nin line"),
        ("<!doctype html><title>T</title><script>x<p></SCRIPT >y<style>z</style>", "T\ny"),
        ("a<!-- <p> --><![CDATA[x]]>b<?php ?>", "ab"),
        ("fish &amp; chips &lt;b&gt; &eacute;", "fish & chips <b> é"),
        ("1 < 2 &#x27; &#99999999999; &#xffffffffff", "1 < 2 ' \ufffd \ufffd"),
        ("<!-- never closed <p>x", ""),
        ("text <script>never closed", "text"),
        ("text <a href=", "text"),
        ("AT&T <template><p>hidden</p><template>x</template></template>&copy", "AT&T ©"),
        ("seen</script><p>text<![never heard of]>not seen", "seen\ntext"),
        ("seen<p>&#" + "9" * 5000 + ";", "seen"),
    ],
)
def test_of_a_page_only_what_a_browser_shows_is_read(source: str, text: str) -> None:
    assert page(source) == text


@pytest.mark.parametrize(
    "piece", ["<", "<!--", "<a ", "</", "<![CDATA[", "&#", "<script>", "<a b='", "&#9", " ", "</p "]
)
def test_hostile_pages_are_read_in_time(piece: str) -> None:
    """A reader whose time grows with the square of the length takes minutes for some of these."""
    assert page(piece * (READ_BYTES // 4 // len(piece))) is not None
