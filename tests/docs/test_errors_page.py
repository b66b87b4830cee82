"""The page of errors: every code has its cause and its fixes, and no other has."""

import re

import pytest

from tests.docs.errors_page import codes
from tests.docs.regions import ROOT

PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
LABELS = ["Cause", "The agent", "You", "The operator"]
SECTIONS = dict(re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


@pytest.mark.promise("repository:pages:generated")
def test_every_code_has_a_section_in_the_order_of_the_tree_and_no_other_has() -> None:
    assert list(SECTIONS) == [each.code for each in codes()]


@pytest.mark.promise("repository:pages:generated")
@pytest.mark.parametrize("code", SECTIONS)
def test_a_section_has_the_code_s_own_words_a_cause_and_a_fix_for_each_reader(code: str) -> None:
    section = SECTIONS[code]
    assert f"<!-- error-{code} -->\n> `{code}`: " in section
    said = re.findall(r"^- \*\*(.+?)\*\*: (\S.*)$", section, re.MULTILINE)
    assert [label for label, _ in said] == LABELS
    assert all(words for _, words in said)


@pytest.mark.promise("repository:pages:generated")
@pytest.mark.parametrize("setting", ["REMEMBERIZER_API_TOKEN", "REMEMBERIZER_VECTOR_STORE_TOKEN"])
def test_a_refused_key_is_found_under_its_code(setting: str) -> None:
    assert setting in SECTIONS["invalid_credentials"]


@pytest.mark.promise("repository:pages:generated")
def test_the_page_of_tools_says_of_each_code_what_can_answer_it() -> None:
    page = (ROOT / "docs" / "tools.md").read_text(encoding="utf-8")
    said = page.partition("**What fails**")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(\w+)`", said))
    others = {code for code in SECTIONS if code.startswith("upstream_")} | {"email_taken", "invalid_verification_code"}
    assert named >= set(SECTIONS) - others - {"read_only"}
