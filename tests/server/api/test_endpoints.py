"""The table of endpoints: paths as documented, and which credentials each takes."""

import pytest
from rememberizer_mcp.server.api import endpoints
from rememberizer_mcp.server.api.endpoints import Endpoint, Takes

TABLE = {
    name: value
    for name, value in vars(endpoints).items()
    if isinstance(value, Endpoint) and not value.path.startswith("auth/")
}
EITHER = {"SEARCH", "AGENTIC_SEARCH", "DOCUMENTS", "DOCUMENT_CONTENTS", "DISCUSSION_CONTENTS", "MEMORIZE", "ME"}


@pytest.mark.promise("tools:credentials:one-table")
def test_the_table_says_who_may_ask_what() -> None:
    assert len(TABLE) == 25
    by_taken = {takes: {name for name, each in TABLE.items() if each.takes == takes} for takes in Takes}
    assert by_taken[Takes.API_KEY] == set()
    assert {name for name, each in TABLE.items() if Takes.API_KEY in each.takes} == EITHER | {"INTEGRATIONS"}
    assert all(Takes.ACCOUNT in TABLE[name].takes for name in EITHER)
    of_a_store = {name for name, each in TABLE.items() if each.path.startswith("vector-stores/")}
    assert by_taken[Takes.STORE_KEY] == of_a_store - {"CREATE_VECTOR_STORE", "VECTOR_STORE_CONFIGS"}


def test_what_reads_may_be_repeated_and_a_sign_out_and_nothing_else() -> None:
    every = [value for value in vars(endpoints).values() if isinstance(value, Endpoint)]
    repeatable = {each.path for each in every if each.is_repeatable and each.method != "GET"}
    assert all(each.is_repeatable for each in every if each.method == "GET")
    assert repeatable == {"auth/custom-logout/"}


def test_what_is_filled_in_stays_one_part_of_the_path() -> None:
    call = endpoints.VECTOR_DOCUMENTS.call(store_id="../me?x=#y/ü")
    assert call.path == "vector-stores/..%2Fme%3Fx%3D%23y%2F%C3%BC/documents"


def test_what_is_not_given_is_not_sent() -> None:
    assert endpoints.SEARCH.call({"query": "tea", "after": None, "limit": 0}).query == {"q": "tea", "n": 0}
    assert endpoints.SEARCH.call().query is None
    assert endpoints.MEMORIZE.call({"name": None}).json is None


def test_fields_are_given_by_our_names_or_by_rememberizer_s_and_go_where_the_method_has_them() -> None:
    asked = endpoints.VECTOR_SEARCH.call({"query": "tea", "context_chunks": 2, "threshold": 0.5}, store_id="vs_1")
    assert (asked.query, asked.json) == ({"q": "tea", "prev_chunks": 2, "next_chunks": 2, "t": 0.5}, None)
    read = endpoints.DOCUMENT_CONTENTS.call({"start_chunk": 3, "end_chunk": 5}, document_id=1)
    assert read.query == {"start_chunk": 3, "end_chunk": 5}
    edited = endpoints.MEMENTO_DOCUMENTS.call({"memento": "m", "add": ["1"], "add_folders": ["f"]}, memento_id="m")
    assert (edited.query, edited.json) == (None, {"memento": "m", "add": ["1"], "folder_add": ["f"]})


def test_every_name_that_a_refusal_may_use_is_known_by_ours() -> None:
    assert endpoints.SEARCH.call({"query": "tea"}).names == {"q", "n", "prev_chunks", "next_chunks", "from", "to"}
