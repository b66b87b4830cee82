"""What is read of a posted form."""

from rememberizer_mcp.server.signin.guard import read_fields
from starlette.requests import Request
from starlette.types import Message


async def test_a_form_whose_sender_went_away_has_no_fields() -> None:
    came: list[Message] = [
        {"type": "http.request", "body": b"form=cancel", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return came.pop(0)

    assert await read_fields(Request({"type": "http", "method": "POST", "headers": []}, receive)) == {}
