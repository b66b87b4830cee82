"""``Caller``: the client behind one call, what it can be asked, and what it answered.

The SDK checks none of it (measured with mcp 2.3.0): a 2025-11-25 client that is given an ``InputRequiredResult`` gets a
protocol error, ``elicit_url`` raises on 2026-07-28, and a client that declared nothing is asked all the same.
"""

import logging
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Any

from mcp import MCPError
from mcp.server.mcpserver import Context
from mcp.types import ElicitResult
from mcp_types import ClientCapabilities, ElicitRequest, ElicitRequestURLParams, InputRequiredResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from ..server.signin.pending import End, PendingSignIn

REQUESTS_SINCE = "2025-11-25"
_QUESTION = "sign_in"

logger = logging.getLogger(__name__)


class Way(Enum):
    """How a client can be asked to send the person to a page."""

    RESULT = auto()
    """By an ``InputRequiredResult`` of the call itself (2026-07-28)."""
    REQUEST = auto()
    """By an ``elicitation/create`` request while the call waits (2025-11-25)."""


class Answer(Enum):
    """What became of the question."""

    ACCEPTED = auto()
    DECLINED = auto()
    CANCELLED = auto()
    UNDELIVERABLE = auto()


_ACTIONS = {"accept": Answer.ACCEPTED, "decline": Answer.DECLINED, "cancel": Answer.CANCELLED}


class InputNeeded(Exception):
    """The call ends here with a question; the client answers it by calling again."""

    def __init__(self, result: InputRequiredResult) -> None:
        self.result = result
        super().__init__("the client is asked first")


def way_to_ask(protocol_version: str | None, capabilities: ClientCapabilities | None) -> Way | None:
    """How the client can be sent to an address, by what it declared and by nothing else (S3)."""
    elicitation = capabilities.elicitation if capabilities else None
    if elicitation is None or elicitation.url is None:
        return None
    if protocol_version in MODERN_PROTOCOL_VERSIONS:
        return Way.RESULT
    return Way.REQUEST if protocol_version == REQUESTS_SINCE else None


class Caller:
    """The client of one call."""

    def __init__(self, context: Context[Any, Any]) -> None:
        self._context = context

    @property
    def way(self) -> Way | None:
        """How it can be asked to send the person to a page."""
        return way_to_ask(self._context.protocol_version, self._context.client_capabilities)

    @property
    def state(self) -> str | None:
        """The state of an earlier round, unsealed: the id of the page that it was about."""
        return self._context.request_state

    def answer_about(self, pending: PendingSignIn) -> Answer | None:
        """What it answered in this call to an earlier round's question about this page."""
        if self.state != pending.id:
            return None
        response = (self._context.input_responses or {}).get(_QUESTION)
        return _ACTIONS[response.action] if isinstance(response, ElicitResult) else Answer.UNDELIVERABLE

    def question(self, pending: PendingSignIn) -> InputNeeded:
        """The exception that ends this round with the question."""
        asked = ElicitRequest(params=ElicitRequestURLParams(message=_message(pending), url=pending.url))
        return InputNeeded(InputRequiredResult(input_requests={_QUESTION: asked}, request_state=pending.id))

    async def ask(self, pending: PendingSignIn) -> Answer:
        """Ask while the call waits, and have the client told when the person is done."""
        session = self._context.session
        try:
            result = await session.elicit_url(
                _message(pending), pending.url, pending.id, related_request_id=self._context.request_id
            )
        except MCPError as error:
            logger.warning("the client could not ask the user to sign in (%s)", error.error.code)
            return Answer.UNDELIVERABLE
        except ValidationError:
            logger.warning("the client's answer to the question to sign in was none")
            return Answer.UNDELIVERABLE
        if result.action == "accept":
            pending.when_ended.append(self._completion(pending))
        return _ACTIONS[result.action]

    async def report(self, seconds: float, *, of: float, message: str) -> None:
        """Tell a client that asked for progress how long the call has waited."""
        await self._context.report_progress(seconds, of, message)

    def _completion(self, pending: PendingSignIn) -> Callable[[], Awaitable[None]]:
        async def tell() -> None:
            if pending.end is End.SIGNED_IN:
                await self._context.session.send_elicit_complete(pending.id)

        return tell


def _message(pending: PendingSignIn) -> str:
    return (
        "Sign in to Rememberizer on a page of your own computer. "
        f"Sign in there only if it shows the confirm code: {pending.confirm_code}"
    )
