import re

import pytest
from rememberizer_mcp.server.signin.words import confirm_code


@pytest.mark.promise("page:person:who-asked")
def test_a_confirm_code_is_two_plain_words_that_seldom_come_again() -> None:
    codes = [confirm_code() for _ in range(200)]
    assert all(re.fullmatch(r"[a-z]{3,10} [a-z]{3,10}", code) for code in codes)
    assert len(set(codes)) > 190
