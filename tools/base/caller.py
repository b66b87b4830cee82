"""``Caller``: the client behind one call, what it can be asked, and what it answered.

The SDK checks none of it (measured with mcp 2.3.0): a 2025-11-25 client that is given an ``InputRequiredResult`` gets a
protocol error, ``elicit_url`` raises on 2026-07-28, and a client that declared nothing is asked all the same.
"""

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property, partial
from typing import Any, Literal, TypeVar

import anyio
from mcp import MCPError
from mcp.server.apps import client_supports_apps
from mcp.server.mcpserver import Context
from mcp.types import ElicitResult
from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitRequestURLParams, InputRequiredResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from ...server.api.text import clean_line
from ...server.sessions.meant import Meant
from ...server.signin.pending import End, PendingSignIn, first_of
from .questions import READING_SECONDS, Questions

T = TypeVar("T")
Mode = Literal["url", "form"]
REQUESTS: Mapping[Mode, Sequence[str]] = {"url": ["2025-11-25"], "form": ["2025-06-18", "2025-11-25"]}
"""Protocol versions that have a request for each mode of elicitation."""
PROGRESS_STEPS = 6
_QUESTION = "sign_in"
_CONSENT = "consent"
_FORM: dict[str, Any] = {"type": "object", "properties": {}}
"""Without a field: hosts show one with an answer in it, so that accepting the form as it stands would mean no."""
_ABOUT_CONSENT = "consent: "
"""Begins the state of a question for consent; no page's id has a colon."""
_UNKNOWN = "?"
"""Stands in the state of a question for an account whose e-mail is not known."""

logger = logging.getLogger(__name__)


class AskedBy(Enum):
    """By what a client is asked something."""

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


@dataclass(kw_only=True, eq=False, repr=False)
class Caller:
    """The client of one call, and the person behind it. One that declared nothing is asked nothing.

    >>> from types import SimpleNamespace
    >>> from rememberizer_mcp.server.sessions.shelf import MemoryShelf
    >>> context = SimpleNamespace(protocol_version="2026-07-28", client_capabilities=None)
    >>> questions = Questions(MemoryShelf(), clock=float)
    >>> caller = Caller(context=context, questions=questions, patience_seconds=30, opens_browser=False)
    >>> caller.asked_by("url"), caller.asked_by("form")
    (None, None)

    Args:
        context: The SDK's.
        questions: What clients were asked.
        patience_seconds: How long the call waits for the person.
        opens_browser: Whether the server may open a page for them itself.
    """

    context: Context[Any, Any]
    questions: Questions
    patience_seconds: float
    opens_browser: bool

    @property
    def name(self) -> str | None:
        """What the client calls itself, with its version: its own words, for people only."""
        introduction = self.context.session.client_params
        info = introduction.client_info if introduction else None
        return clean_line(f"{info.title or info.name} {info.version}", limit=60) if info else None

    def asked_by(self, mode: Mode) -> AskedBy | None:
        """By what it can be asked to open a link or to show a form, if it declared that it can (S3).

        One that declared elicitation without a mode means forms.
        """
        capabilities, version = self.context.client_capabilities, self.context.protocol_version
        elicitation = capabilities.elicitation if capabilities else None
        if elicitation is None:
            return None
        has_url = elicitation.url is not None
        if not (has_url if mode == "url" else elicitation.form is not None or not has_url):
            return None
        if version in MODERN_PROTOCOL_VERSIONS:
            return AskedBy.RESULT
        return AskedBy.REQUEST if version in REQUESTS[mode] else None

    @property
    def declares_cards(self) -> bool:
        """Whether it declared that it shows the page of a tool (MCP Apps); that it does, nobody knows."""
        return client_supports_apps(self.context)

    @cached_property
    def state(self) -> str | None:
        """The state of an earlier round, unsealed: the id of the page that it was about, if it was about one."""
        state = self.context.request_state
        return None if state is None or state.startswith(_ABOUT_CONSENT) else state.partition(" ")[0]

    @property
    def meant(self) -> Meant:
        """The account that the call was meant for when that page was opened, if one was."""
        account = "" if self.state is None else (self.context.request_state or "").partition(" ")[2]
        is_known = account != _UNKNOWN
        return Meant((account if is_known else None) or None, is_named=False, is_known=is_known)

    async def answer_about(self, pending: PendingSignIn) -> Answer | None:
        """What it answered in this call, for the first time, to an earlier round's question about this page."""
        if self.state != pending.id:
            return None
        took = await self.questions.answered(pending.id)
        return None if took is None else _opened(self._response(_QUESTION), took)

    async def question(self, pending: PendingSignIn, *, meant: Meant) -> InputNeeded:
        """The exception that ends this round with the question, whose state names the account that is meant."""
        await self.questions.ask(pending.id)
        asked = ElicitRequest(params=ElicitRequestURLParams(message=_message(pending), url=pending.url))
        state = f"{pending.id} {(meant.account or '') if meant.is_known else _UNKNOWN}"
        return InputNeeded(InputRequiredResult(input_requests={_QUESTION: asked}, request_state=state))

    async def ask(self, pending: PendingSignIn) -> Answer:
        """Ask while the call waits, and have the client told when the person is done."""
        request = self.context.session.elicit_url(
            _message(pending), pending.url, pending.id, related_request_id=self.context.request_id
        )
        answer = _opened(*await self._answer(request, question="to sign in"))
        if answer is Answer.ACCEPTED:
            pending.when_ended.append(partial(self._tell_if_signed_in, pending))
        return answer

    async def consent(self, subject: str) -> Answer | None:
        """What it answered in this call, for the first time, to an earlier round's question about this very subject."""
        state = self.context.request_state or ""
        if not state.endswith(f" {subject}"):
            return None
        took = await self.questions.answered(state)
        return None if took is None else _read(self._response(_CONSENT), took)

    async def consent_question(self, message: str, subject: str) -> InputNeeded:
        """The exception that ends this round with a question for consent; its state is unlike any other (S16)."""
        state = f"{_ABOUT_CONSENT}{secrets.token_urlsafe(16)} {subject}"
        await self.questions.ask(state)
        asked = ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=_FORM))
        return InputNeeded(InputRequiredResult(input_requests={_CONSENT: asked}, request_state=state))

    async def ask_consent(self, message: str) -> Answer:
        """Ask for consent while the call waits."""
        request = self.context.session.elicit_form(message, _FORM, related_request_id=self.context.request_id)
        return _read(*await self._answer(request, question="for consent"))

    async def wait(self, *works: Callable[[], Awaitable[T | None]], until: float, message: str) -> T | None:
        """Wait until one of these comes to its end, or until the patience does.

        Args:
            works: What may end it; the rest is cancelled then.
            until: When the patience ends, on anyio's clock.
            message: What a client hears that asked for progress.

        Returns:
            What the first one came to; ``None`` if none ended in time.
        """
        return await first_of(partial(self._report_waiting, until, message), *works, until=until)

    async def _report_waiting(self, until: float, message: str) -> None:
        """Say that the call waits, now and in equal steps of its patience, until cancelled."""
        whole = self.patience_seconds
        while True:
            waited = max(0.0, whole - (until - anyio.current_time()))
            await self.context.report_progress(waited, whole, message)
            await anyio.sleep(whole / PROGRESS_STEPS)

    async def _tell_if_signed_in(self, pending: PendingSignIn) -> None:
        if pending.end is End.SIGNED_IN:
            await self.context.session.send_elicit_complete(pending.id)

    def _response(self, name: str) -> ElicitResult | None:
        response = (self.context.input_responses or {}).get(name)
        return response if isinstance(response, ElicitResult) else None

    async def _answer(self, request: Awaitable[ElicitResult], *, question: str) -> tuple[ElicitResult | None, float]:
        """The client's answer to a request, or nothing if it is none; and the seconds that it took."""
        asked, result = self.questions.clock(), None
        try:
            result = await request
        except MCPError as error:
            logger.warning("the client could not ask the user %s (%s)", question, error.error.code)
        except ValidationError:
            logger.warning("the client's answer to the question %s was none", question)
        return result, self.questions.clock() - asked


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
        "Sign in to Rememberizer on a sign-in page in the browser. "
        f'Sign in there only if it shows the confirm code "{pending.confirm_code}".'
    )
