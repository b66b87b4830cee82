"""``Bodies``: what is done about a request whose body is no message, or doesn't end."""

from http import HTTPStatus

from mcp_types import INVALID_PARAMS, INVALID_REQUEST
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_QUOTING = f'"id":null,"error":{{"code":{INVALID_PARAMS},'.encode()
"""In the SDK's answer of 2025-11-25 to JSON that is no message. No other answer has this code without an id."""
_WORDS = "Body must be a single JSON-RPC request or notification object"
"""The SDK's of 2026-07-28."""


class _GivenUp(BaseException):
    """A client went away before its body ended. The SDK and Starlette log every ``Exception``, and this is none."""


class Bodies:
    """Middleware around the SDK's application.

    A body that is no message is refused without a word of it: it may hold a password. The SDK's refusal of 2025-11-25
    quotes it (mcp 2.3.0).

    A request whose client goes away before the body ends is given up. The SDK logs it as an error of the server.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer the request, if that comes whole."""
        is_whole = False

        async def receive_or_give_up() -> Message:
            nonlocal is_whole
            message = await receive()
            if message["type"] == "http.disconnect" and not is_whole:
                raise _GivenUp
            is_whole = not message.get("more_body", False)
            return message

        try:
            await self._app(scope, receive_or_give_up, _without_quotes(scope, receive, send))
        except* _GivenUp:
            pass


def _without_quotes(scope: Scope, receive: Receive, send: Send) -> Send:
    """Send what the application answers, but in place of a refusal that quotes the body one that doesn't."""
    begun: list[Message] = []

    async def send_or_refuse(message: Message) -> None:
        if message.get("status") == HTTPStatus.BAD_REQUEST:
            begun.append(message)
        elif not begun:
            await send(message)
        elif _QUOTING in message.get("body", b""):
            begun.clear()
            error = {"code": INVALID_REQUEST, "message": _WORDS}
            answer = JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, HTTPStatus.BAD_REQUEST)
            await answer(scope, receive, send)
        else:
            await send(begun.pop())
            await send(message)

    return send_or_refuse
