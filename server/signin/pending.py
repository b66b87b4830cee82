"""``PendingSignIn``: one page that a person was sent to, from its ticket to its end.

    open --signed in, verified or put off--> SIGNED_IN
     |---too many attempts-----------------> STOPPED
     |---the person said no----------------> DECLINED
     |---OAuth went wrong at Rememberizer--> FAILED
     |---nobody came in time---------------> ABANDONED
     |---another login---------------------> REPLACED
     +---logout, the end of the process----> CLOSED

The page signs in the session that it was opened for and no other. Its ticket is a path of its address; forged and
foreign tickets get the same answer. Whoever opens the page by the link alone sees of an account a masked address only.
"""

import math
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, TypeVar

import anyio
import anyio.lowlevel

from ..api.account import Me, fits
from ..errors import SignInFailed
from ..sessions.session import Session
from ..sessions.states import EndedPage, Outcome, State, WaitingFor
from . import words

TICKET_BYTES = 32
AFTER_SECONDS = 300.0
"""How long an ended page says how it ended, to a form that comes late or a link that is opened late.

At the fixed port of an OAuth app's redirect URL it ends sooner if another process needs the port.
"""
MOST_ATTEMPTS = 5
HIDDEN = "…"
UNSEEN = "unseen-page"
"""The kind under which a page's id is kept until a person is sent there."""

FormName = Literal["sign_in", "sign_up", "oauth"]
"""What the page shows first."""
T = TypeVar("T")
_WAITS: Mapping[FormName, WaitingFor] = {
    "sign_in": "credentials",
    "sign_up": "new_account",
    "oauth": "consent",
}


class End(Enum):
    """How a sign-in page ended, as it says to those who come late."""

    SIGNED_IN = "Somebody signed in by this link already."
    STOPPED = "There were too many wrong attempts. Nobody was signed in here."
    DECLINED = "The sign-in was declined. Nobody was signed in here."
    FAILED = "Rememberizer's consent page reported an error. Nobody was signed in here."
    ABANDONED = "Its time ran out before anybody signed in here."
    CLOSED = "It was closed by a sign-out. Nobody was signed in here."
    REPLACED = "It was closed by another sign-in. Nobody was signed in here."


_OUTCOMES: Mapping[End, Outcome] = {
    End.SIGNED_IN: "signed_in",
    End.STOPPED: "too_many_attempts",
    End.DECLINED: "declined",
    End.FAILED: "failed",
    End.ABANDONED: "expired",
    End.CLOSED: "closed",
    End.REPLACED: "replaced",
}


@dataclass(kw_only=True, eq=False, repr=False)
class PendingSignIn:
    """One sign-in page, for a session."""

    session: Session
    base_url: str
    """Below it the page is, without a slash at the end."""
    form: FormName
    """The form that the page shows first."""
    for_account: str | None
    """The e-mail of the account that the page is for; without one the page takes any account."""
    name: str | None
    """The name of a new account, if none is entered at the sign-up form."""
    expires_at: float
    """When the page is abandoned, in Unix seconds."""
    asked_by: str | None = None
    """The client that sent the person here, as it calls itself."""
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    """Names the page towards the client, and opens nothing."""
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(TICKET_BYTES))
    confirm_code: str = field(default_factory=words.confirm_code)
    another_account: bool = False
    """Whether the person chose to use another account than the one that the page is for."""
    entered_email: str | None = None
    """The e-mail that was entered last, or that of the account that is signed in."""
    attempts_left: int = MOST_ATTEMPTS
    wants_code: bool = False
    """Whether the account is signed in, and only its verification code is missing."""
    trouble: SignInFailed | None = None
    """Why the last trip to Rememberizer's consent page failed."""
    was_changed: bool = False
    """Whether the newest request for the page made it one for something else."""
    end: End | None = None
    account: Me | None = None
    """The account that a finished page signed in, as it is shown there."""
    ended: anyio.Event = field(default_factory=anyio.Event)
    forgotten: anyio.Event = field(default_factory=anyio.Event)
    """Set when later pages need the room of this one, and it can no longer say how it ended."""
    when_ended: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    shows_email: bool = False
    """Whether the browser in which the e-mail was entered may see it unmasked: it was typed there, or signed in."""
    browser: str | None = field(default=None, init=False)
    """The browser in which the e-mail was entered; others see neither the address nor the end."""

    def __repr__(self) -> str:
        return f"<PendingSignIn for {self.session!r}: {self.end.name if self.end else 'open'}>"

    @property
    def handle(self) -> str:
        """That of its session."""
        return self.session.handle

    @property
    def url(self) -> str:
        """The page's address."""
        return f"{self.base_url}/{self.ticket}"

    @property
    def only_account(self) -> str | None:
        """The e-mail of the one account that the page takes, or nothing if it takes any."""
        return None if self.another_account else self.for_account

    @property
    def waiting_for(self) -> WaitingFor:
        """What the person has to do there next."""
        return "verification_code" if self.wants_code else _WAITS[self.form]

    def change(self, *, form: FormName, email: str | None, name: str | None) -> None:
        """Be for the newest request for it."""
        before = (self.form, self.name, self.for_account)
        self.form, self.name = form, name or self.name
        self.become_for(email)
        self.was_changed = before != (self.form, self.name, self.for_account)

    def become_for(self, email: str | None) -> None:
        """Be for the account that was named last. What was chosen or done for the one before doesn't hold for it."""
        if not fits(self.for_account, meant=email):
            self.for_account, self.another_account, self.wants_code = email, False, False

    def admits(self, email: str | None) -> bool:
        """Whether the page takes this account. A page for one account takes none whose e-mail is not known."""
        return fits(email, meant=self.only_account)

    def note_email(self, email: str | None, *, browser: str | None, shows_email: bool) -> None:
        """Keep the e-mail that was entered or filled in, or that signed in, for the browser in which that was done."""
        self.entered_email, self.shows_email = email, shows_email
        self.browser = browser

    def email_in(self, browser: str | None) -> str | None:
        """The e-mail as this browser may see it unmasked: nothing, unless it was entered there."""
        return self.entered_email if self.shows_email and self._is_same(browser) else None

    def was_finished_in(self, browser: str | None) -> bool:
        """Whether this browser is the one that signed in; a second click or a reload gets the last page again."""
        return self.end is End.SIGNED_IN and self._is_same(browser)

    def finish(self) -> None:
        """End the page: the person is signed in. The browser in which that was done may see so once more."""
        grant = self.session.grant
        self.account = Me(email=grant.account, name=grant.name, email_verified=grant.state is State.SIGNED_IN)
        grant.page_id = self.id
        self.stop(End.SIGNED_IN)

    def stop(self, end: End) -> None:
        """End the page, unless it has ended already."""
        if self.end is not None:
            return
        self.end = end
        self.session.last_page = EndedPage(_OUTCOMES[end], self.confirm_code)
        if self.session.page is self:
            self.session.page = None
        self.ended.set()

    async def stop_alone(self, end: End) -> None:
        """End the page without an account, once a post that is under way is over: it may sign somebody in."""
        home = self.session.home
        async with home.alone(self.session):
            self.stop(end)
            home.release(self.session)

    def run_out(self) -> None:
        """End the page because nobody came in time."""
        self.stop(End.ABANDONED)

    def close(self, *, replaced: bool = False) -> None:
        """End the page because the session moved on; `replaced` if by another sign-in."""
        self.stop(End.REPLACED if replaced else End.CLOSED)

    def _is_same(self, browser: str | None) -> bool:
        return browser is not None and browser == self.browser


async def first_of(*works: Callable[[], Awaitable[T]], until: float = math.inf) -> T | None:
    """What the first of these comes to; the others are cancelled then.

    Args:
        works: What may come first.
        until: When it is ``None``, on anyio's clock.
    """
    found: list[T] = []

    async def do(work: Callable[[], Awaitable[T]]) -> None:
        found.append(await work())
        tasks.cancel_scope.cancel()

    with anyio.CancelScope(deadline=until):
        async with anyio.create_task_group() as tasks:
            for work in works:
                tasks.start_soon(do, work)
    await anyio.lowlevel.checkpoint()  # after a cancellation CPython 3.11 loses trace events until the next one
    return found[0] if found else None


def masked(email: str) -> str:
    """An address as anybody may see it who has the link: "a…@example.org"."""
    name, at, domain = email.strip().partition("@")
    return f"{name[:1]}{HIDDEN}{at}{domain}"
