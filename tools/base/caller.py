"""``Caller``: the client behind one call, what it can be asked, and what it answered.

The SDK checks none of it (measured with mcp 2.3.0): a 2025-11-25 client that is given an ``InputRequiredResult`` gets a
protocol error, ``elicit_url`` raises on 2026-07-28, and a client that declared nothing is asked all the same.
"""

import logging
import secrets
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

from ...server.sessions.meant import Meant
from ...server.signin.pending import End, PendingSignIn
from .questions import READING_SECONDS, Questions

REQUESTS_SINCE = "2025-11-25"
FORM_REQUESTS = ("2025-06-18", "2025-11-25")
_QUESTION = "sign_in"
_CONSENT = "consent"
_FORM: dict[str, Any] = {"type": "object", "properties": {}}
"""Without a field: hosts show one with an answer in it, so that accepting the form as it stands would mean no."""
_ABOUT_CONSENT = "consent: "
"""Begins the state of a question for consent; no page's id has a colon."""
_UNKNOWN = "?"
"""Stands in the state of a question for an account whose e-mail is not known."""

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
    """The host failed to ask."""
    UNREAD = auto()
    """The host answered before anybody could read the question, so no person did."""


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
    """The client of one call, and the person behind it. One that declared nothing is asked nothing.

    >>> from types import SimpleNamespace
    >>> context = SimpleNamespace(protocol_version="2026-07-28", client_capabilities=None)
    >>> caller = Caller(context, Questions(float), patience_seconds=30, opens_browser=False)
    >>> caller.way, caller.form_way
    (None, None)

    Args:
        context: The SDK's.
        questions: What clients were asked.
        patience_seconds: How long the call waits for the person.
        opens_browser: Whether the server may open a page for them itself.
    """

    def __init__(
        self, context: Context[Any, Any], questions: Questions, *, patience_seconds: float, opens_browser: bool
    ) -> None:
        self._context = context
        self._questions = questions
        self.patience_seconds = patience_seconds
        self.opens_browser = opens_browser

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
        return None if state is None or state.startswith(_ABOUT_CONSENT) else state.partition(" ")[0]

    @property
    def meant(self) -> Meant:
        """The account that the call was meant for when that page was opened, if one was."""
        account = "" if self.state is None else (self._context.request_state or "").partition(" ")[2]
        is_known = account != _UNKNOWN
        return Meant((account if is_known else None) or None, is_named=False, is_known=is_known)

    def answer_about(self, pending: PendingSignIn) -> Answer | None:
        """What it answered in this call, for the first time, to an earlier round's question about this page."""
        if self.state != pending.id:
            return None
        took = self._questions.answered(pending.id)
        return None if took is None else _opened(self._response(_QUESTION), took)

    def question(self, pending: PendingSignIn, *, meant: Meant) -> InputNeeded:
        """The exception that ends this round with the question, whose state names the account that is meant."""
        self._questions.ask(pending.id)
        asked = ElicitRequest(params=ElicitRequestURLParams(message=_message(pending), url=pending.url))
        state = f"{pending.id} {(meant.account or '') if meant.is_known else _UNKNOWN}"
        return InputNeeded(InputRequiredResult(input_requests={_QUESTION: asked}, request_state=state))

    async def ask(self, pending: PendingSignIn) -> Answer:
        """Ask while the call waits, and have the client told when the person is done."""
        request = self._context.session.elicit_url(
            _message(pending), pending.url, pending.id, related_request_id=self._context.request_id
        )
        answer = _opened(*await self._answer(request, question="to sign in"))
        if answer is Answer.ACCEPTED:
            pending.when_ended.append(self._completion(pending))
        return answer

    def consent(self, subject: str) -> Answer | None:
        """What it answered in this call, for the first time, to an earlier round's question about this very subject."""
        state = self._context.request_state or ""
        if not state.endswith(f" {subject}"):
            return None
        took = self._questions.answered(state)
        return None if took is None else _read(self._response(_CONSENT), took)

    def consent_question(self, message: str, subject: str) -> InputNeeded:
        """The exception that ends this round with a question for consent; its state is unlike any other (S16)."""
        state = f"{_ABOUT_CONSENT}{secrets.token_urlsafe(16)} {subject}"
        self._questions.ask(state)
        asked = ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=_FORM))
        return InputNeeded(InputRequiredResult(input_requests={_CONSENT: asked}, request_state=state))

    async def ask_consent(self, message: str) -> Answer:
        """Ask for consent while the call waits."""
        request = self._context.session.elicit_form(message, _FORM, related_request_id=self._context.request_id)
        return _read(*await self._answer(request, question="for consent"))

    def went_unread(self, subject: str) -> bool:
        """As ``Questions.went_unread``."""
        return self._questions.went_unread(subject)

    async def report(self, done: float, *, of: float, message: str) -> None:
        """Tell a client that asked for progress how far the call is: in seconds of waiting, or in bytes."""
        await self._context.report_progress(done, of, message)

    def _completion(self, pending: PendingSignIn) -> Callable[[], Awaitable[None]]:
        async def tell() -> None:
            if pending.end is End.SIGNED_IN:
                await self._context.session.send_elicit_complete(pending.id)

        return tell

    def _response(self, name: str) -> ElicitResult | None:
        response = (self._context.input_responses or {}).get(name)
        return response if isinstance(response, ElicitResult) else None

    async def _answer(self, request: Awaitable[ElicitResult], *, question: str) -> tuple[ElicitResult | None, float]:
        """The client's answer to a request, or nothing if it is none; and the seconds that it took."""
        asked, result = self._questions.clock(), None
        try:
            result = await request
        except MCPError as error:
            logger.warning("the client could not ask the user %s (%s)", question, error.error.code)
        except ValidationError:
            logger.warning("the client's answer to the question %s was none", question)
        return result, self._questions.clock() - asked


def _opened(result: ElicitResult | None, seconds: float) -> Answer:
    """What the answer to a link means; a host may open it by itself, since nothing is agreed to by that."""
    return Answer.ACCEPTED if result and result.action == "accept" else _read(result, seconds)


def _read(result: ElicitResult | None, seconds: float) -> Answer:
    """What an answer means; one that came sooner than anybody reads is no person's, whatever it says."""
    if seconds < READING_SECONDS:
        return Answer.UNREAD
    return _ACTIONS[result.action] if result else Answer.UNDELIVERABLE


def _message(pending: PendingSignIn) -> str:
    return (
        "Sign in to Rememberizer on a page of your own computer. "
        f'Sign in there only if it shows the confirm code "{pending.confirm_code}".'
    )
