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
from mcp_types import (
    ClientCapabilities,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    InputRequiredResult,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from ..server.signin.pending import End, PendingSignIn

REQUESTS_SINCE = "2025-11-25"
FORM_REQUESTS = ("2025-06-18", "2025-11-25")
_QUESTION = "sign_in"
_CONSENT = "consent"
_YES = "delete"
_FORM = {
    "type": "object",
    "properties": {_YES: {"type": "boolean", "title": "Delete it", "default": False}},
    "required": [_YES],
}
_ABOUT_CONSENT = "consent: "
"""Begins the state of a question for consent; no page's id has a colon."""

logger = logging.getLogger(__name__)


class Way(Enum):
    """How a client can be asked something."""

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


def way_to_ask_by_form(protocol_version: str | None, capabilities: ClientCapabilities | None) -> Way | None:
    """How the client can be given a form; one that declared elicitation without a mode means that (S3)."""
    elicitation = capabilities.elicitation if capabilities else None
    if elicitation is None or (elicitation.form is None and elicitation.url is not None):
        return None
    if protocol_version in MODERN_PROTOCOL_VERSIONS:
        return Way.RESULT
    return Way.REQUEST if protocol_version in FORM_REQUESTS else None


class Caller:
    """The client of one call."""

    def __init__(self, context: Context[Any, Any]) -> None:
        self._context = context

    @property
    def way(self) -> Way | None:
        """How it can be asked to send the person to a page."""
        return way_to_ask(self._context.protocol_version, self._context.client_capabilities)

    @property
    def form_way(self) -> Way | None:
        """How it can be asked for consent."""
        return way_to_ask_by_form(self._context.protocol_version, self._context.client_capabilities)

    @property
    def state(self) -> str | None:
        """The state of an earlier round, unsealed: the id of the page that it was about, if it was about one."""
        state = self._context.request_state
        return None if state is None or state.startswith(_ABOUT_CONSENT) else state

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
        request = self._context.session.elicit_url(
            _message(pending), pending.url, pending.id, related_request_id=self._context.request_id
        )
        result = await _answer(request, question="to sign in")
        if result is None:
            return Answer.UNDELIVERABLE
        if result.action == "accept":
            pending.when_ended.append(self._completion(pending))
        return _ACTIONS[result.action]

    def consent(self, state: str) -> Answer | None:
        """What it answered in this call to an earlier round's question for consent to this very thing."""
        if self._context.request_state != _ABOUT_CONSENT + state:
            return None
        response = (self._context.input_responses or {}).get(_CONSENT)
        return _consent(response if isinstance(response, ElicitResult) else None)

    def consent_question(self, message: str, state: str) -> InputNeeded:
        """The exception that ends this round with a question for consent."""
        asked = ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=_FORM))
        return InputNeeded(InputRequiredResult(input_requests={_CONSENT: asked}, request_state=_ABOUT_CONSENT + state))

    async def ask_consent(self, message: str) -> Answer:
        """Ask for consent while the call waits."""
        request = self._context.session.elicit_form(message, _FORM, related_request_id=self._context.request_id)
        return _consent(await _answer(request, question="for consent"))

    async def report(self, done: float, *, of: float, message: str) -> None:
        """Tell a client that asked for progress how far the call is: in seconds of waiting, or in bytes."""
        await self._context.report_progress(done, of, message)

    def _completion(self, pending: PendingSignIn) -> Callable[[], Awaitable[None]]:
        async def tell() -> None:
            if pending.end is End.SIGNED_IN:
                await self._context.session.send_elicit_complete(pending.id)

        return tell


async def _answer(request: Awaitable[ElicitResult], *, question: str) -> ElicitResult | None:
    """The client's answer to a request, or nothing if it is none."""
    try:
        return await request
    except MCPError as error:
        logger.warning("the client could not ask the user %s (%s)", question, error.error.code)
    except ValidationError:
        logger.warning("the client's answer to the question %s was none", question)
    return None


def _consent(result: ElicitResult | None) -> Answer:
    """What a form's answer means: a box that was not ticked is a no, and a form without its box is no answer."""
    if result is None or result.action != "accept":
        return _ACTIONS[result.action] if result else Answer.UNDELIVERABLE
    match (result.content or {}).get(_YES):
        case True:
            return Answer.ACCEPTED
        case False:
            return Answer.DECLINED
        case _:
            return Answer.UNDELIVERABLE


def _message(pending: PendingSignIn) -> str:
    return (
        "Sign in to Rememberizer on a page of your own computer. "
        f"Sign in there only if it shows the confirm code: {pending.confirm_code}"
    )
