import httpx
import pytest
from rememberizer_mcp.server.sandbox.app import Sandbox
from rememberizer_mcp.server.sandbox.wire.forms import MAX_BODY_BYTES

from tests.server.sandbox.support import API

pytestmark = pytest.mark.promise("sandbox:wire:shapes-of-errors")
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("path", ["nothing/", "auth/signin", "me", "/", "../v2/me/", "auth/signin//"])
async def test_a_path_that_is_not_exact_is_not_found(api: API, path: str) -> None:
    response = await api.post(path)
    assert response.status_code == 404
    assert response.json() == {"detail": "Not found."}


@pytest.mark.parametrize(("method", "path"), [("GET", "auth/signin/"), ("DELETE", "me/"), ("PUT", "auth/signup/")])
async def test_a_wrong_method_is_named_and_the_right_ones_listed(api: API, method: str, path: str) -> None:
    response = await api.request(method, path)
    assert response.status_code == 405
    assert response.json() == {"detail": f'Method "{method}" not allowed.'}
    assert response.headers["allow"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b'{"login": NaN}', "Out of range float values are not JSON compliant: NaN"),
        (b"[" * 100_000, "maximum recursion depth exceeded"),
        (b"\xff", "'utf-8' codec can't decode byte 0xff"),
    ],
)
async def test_malformed_json_is_a_parse_error(api: API, body: bytes, reason: str) -> None:
    response = await api.post("auth/signin/", content=body, headers=JSON)
    assert response.status_code == 400
    assert response.json()["detail"].startswith(f"JSON parse error - {reason}")


@pytest.mark.parametrize(("body", "kind"), [("[]", "list"), ('"text"', "str"), ("null", "NoneType"), ("1", "int")])
async def test_json_that_is_no_object_is_refused(api: API, body: str, kind: str) -> None:
    response = await api.post("auth/signin/", content=body, headers=JSON)
    assert response.status_code == 400
    assert response.json() == {"non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]}


async def test_a_body_that_is_not_declared_as_json_is_refused(api: API) -> None:
    response = await api.post("auth/signin/", data={"login": "ada"})
    assert response.status_code == 415
    assert response.json() == {"detail": 'Unsupported media type "application/x-www-form-urlencoded" in request.'}


async def test_a_body_over_one_megabyte_is_refused(api: API) -> None:
    largest = b" " * (MAX_BODY_BYTES - 2) + b"{}"
    assert (await api.post("auth/signin/", content=largest, headers=JSON)).status_code == 400
    response = await api.post("auth/signin/", content=largest + b" ", headers=JSON)
    assert response.status_code == 413
    assert response.json() == {"detail": "Request body is larger than 1 MB."}


@pytest.mark.promise("sandbox:wire:says-so")
async def test_a_fault_of_the_sandbox_is_json_and_says_what_it_is(sandbox: Sandbox) -> None:
    sandbox.close()
    async with API(sandbox, fails=True) as api:
        response = await api.get("me/", headers={"Authorization": "Bearer a.b.c"})
        assert response.status_code == 401
        response = await api.sign_in()
    assert response.status_code == 500
    assert response.json() == {"detail": "The sandbox failed; the terminal it runs in has the details."}
    assert response.headers["x-rememberizer-sandbox"] == "1"


@pytest.mark.promise("sandbox:wire:says-so")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "http://sandbox.test/", 200),
        ("POST", "auth/custom-logout/", 204),
        ("POST", "auth/signup/", 400),
        ("GET", "me/", 401),
        ("GET", "nothing/", 404),
        ("GET", "auth/signup/", 405),
    ],
)
async def test_every_reply_says_that_it_is_a_sandbox(api: API, method: str, path: str, status: int) -> None:
    response: httpx.Response = await api.request(method, path)
    assert response.status_code == status
    assert response.headers["x-rememberizer-sandbox"] == "1"
