"""The table of endpoints: paths as documented, and which credentials each takes."""

import pytest
from rememberizer_mcp.server.api import endpoints
from rememberizer_mcp.server.api.endpoints import Endpoint, Takes

TABLE = {name: value for name, value in vars(endpoints).items() if isinstance(value, Endpoint)}
EITHER = {"SEARCH", "AGENTIC_SEARCH", "DOCUMENTS", "DOCUMENT_CONTENTS", "DISCUSSION_CONTENTS", "MEMORIZE", "ACCOUNT"}


@pytest.mark.promise("D94")
def test_the_table_says_who_may_ask_what() -> None:
    assert len(TABLE) == 26
    by_taken = {takes: {name for name, each in TABLE.items() if each.takes == takes} for takes in Takes}
    assert by_taken[Takes.API_KEY] == set()
    assert {name for name, each in TABLE.items() if Takes.API_KEY in each.takes} == EITHER | {"INTEGRATIONS"}
    assert all(Takes.ACCOUNT in TABLE[name].takes for name in EITHER)
    of_a_store = {name for name, each in TABLE.items() if each.path.startswith("vector-stores/")}
    assert by_taken[Takes.STORE_KEY] == of_a_store - {"CREATE_VECTOR_STORE", "VECTOR_STORE_CONFIGS"}


def test_reading_may_be_repeated_and_nothing_else() -> None:
    for endpoint in TABLE.values():
        call = endpoint.call(document_id=1, discussion_id=1, memento_id=1, store_id="vs_1")
        assert call.repeatable is (endpoint.method == "GET")


def test_what_is_filled_in_stays_one_part_of_the_path() -> None:
    call = endpoints.VECTOR_DOCUMENTS.call(store_id="../me?x=#y/ü")
    assert call.path == "vector-stores/..%2Fme%3Fx%3D%23y%2F%C3%BC/documents"


def test_members_of_the_query_that_are_none_are_left_out() -> None:
    assert endpoints.SEARCH.call(query={"q": "tea", "from": None, "n": 0}).query == {"q": "tea", "n": 0}
    assert endpoints.SEARCH.call().query == {}
