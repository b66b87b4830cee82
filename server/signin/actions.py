"""What each form of the page does with the session that the ticket belongs to."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from ..api.account import Me
from ..api.budget import begin_anew, budget
from ..api.oauth import OAuthClient
from ..errors import RememberizerError, SignInFailed
from ..sessions.grant import Grant
from ..sessions.limiter import AttemptLimiter
from ..sessions.session import Session
from ..sessions.states import Environment, State
from ..sessions.store import SessionStore
from .embedded import EmbeddedSandbox
from .forms import BrowserSessionForm, Complaint, SignInForm, SignUpForm, VerifyForm, parse
from .pending import End, PendingSignIn, masked
from .sentences import complaint_about

_IN_YOUR_BROWSER = (
    " This page has renewed the session in your browser and did not keep it. If Rememberizer asks you to, sign in "
    "there again; then copy the new value."
)


class Ended(Exception):
    """The page was finished, stopped or closed before this post had its turn."""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request to a page, with what was posted."""

    pending: PendingSignIn
    browser: str | None = field(repr=False)
    """The page's cookie, if the browser has one."""
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def form(self) -> str:
        """The form that was posted, or else the one that the page shows."""
        return self.fields.get("form", self.pending.form)

    @property
    def names_account(self) -> bool:
        """Whether an e-mail was typed."""
        return bool(self.fields.get("email", "").strip())

    @property
    def completed(self) -> Mapping[str, str]:
        """The fields, with the account that the page is for where no e-mail was typed."""
        only = self.pending.only_account
        return self.fields if only is None or self.names_account else {**self.fields, "email": only}


@dataclass(frozen=True, kw_only=True)
class Actions:
    """The posts of all pages. Their sign-in attempts count together with the tools'."""

    sessions: SessionStore
    attempts: AttemptLimiter
    environment: Environment
    embedded: EmbeddedSandbox | None
    """The sandbox, where that is the service."""

    def is_open(self, pending: PendingSignIn) -> bool:
        """Whether the page can still be used."""
        return pending.end is None and self.environment.now() < pending.expires_at

    async def take(self, visit: Visit) -> None:
        """Do what the posted form asks for.

        Raises:
            Complaint: About a field, or that the page is for another account, which nobody chose to use.
            Ended: The page is no longer open.
            UnknownSession: The page's session is gone.
            RememberizerError: Rememberizer's refusals, or no usable answer.
        """
        pending, form = visit.pending, visit.fields.get("form")
        if not self.is_open(pending):
            raise Ended
        if pending.wants_code and form != "verify":
            return  # a second click, or another tab: the code is what is missing
        match form:
            case "sign_in":
                await self._sign_in(visit, parse(SignInForm, visit.completed))
            case "sign_up":
                await self._sign_in(visit, parse(SignUpForm, visit.completed))
            case "guest" if self.embedded:
                await self._sign_in(visit, parse(SignInForm, self.embedded.guest))
            case "cancel":
                await pending.stop_alone(End.DECLINED)
            case "another_account":
                async with self._alone(pending):
                    pending.another_account = pending.for_account is not None
            case "browser_session":
                await self._adopt(visit, parse(BrowserSessionForm, visit.fields))
            case "verify":
                await self._verify(visit)
            case _:
                raise Complaint("The form could not be read. Try again.")

    async def take_code(self, visit: Visit, client: OAuthClient, *, code: str, verifier: str) -> None:
        """Exchange the code that the OAuth consent page gave. Raises as ``take``, for a refusal ``SignInFailed``."""
        async with self._moving(visit.pending) as session:
            await session.sign_in_with_oauth(client, code=code, verifier=verifier)
            self._arrive(visit, session)

    @asynccontextmanager
    async def _alone(self, pending: PendingSignIn) -> AsyncIterator[Session]:
        """Give the page's session for a move, while the page is open; what fails in it counts against the page."""
        async with self.sessions.moving(pending.session.owner, pending.session.handle) as session:
            if not self.is_open(pending):
                raise Ended
            try:
                yield session
            except (Complaint, RememberizerError) as error:
                _count(pending, error)
                raise

    @asynccontextmanager
    async def _moving(self, pending: PendingSignIn, *, of_a_browser: bool = False) -> AsyncIterator[Session]:
        """Give the page's session for one attempt; `of_a_browser` if a browser goes on to use what is taken over."""
        await self.attempts.take(pending.session.owner)
        async with self._alone(pending) as session:
            session.admit = partial(self._admit, pending, of_a_browser=of_a_browser)
            try:
                with budget(self.environment.budget_seconds):
                    yield session
            finally:
                session.admit = None

    async def _admit(self, pending: PendingSignIn, fresh: Grant, me: Me, *, of_a_browser: bool) -> None:
        """Refuse a sign-in as an account that the page is not for. Before it only Rememberizer knew the account.

        The sign-in is signed out again, but for a browser's own session, which the person still uses there.
        """
        if not pending.admits(me.email):
            if not of_a_browser:
                begin_anew()
                await fresh.give_back()
            fresh.wipe()
            raise _other_account(pending, advice=_IN_YOUR_BROWSER if of_a_browser else "")

    async def _sign_in(self, visit: Visit, form: SignInForm) -> None:
        """Sign in or up.

        An e-mail that was left empty shows its address to the browser only after a sign-in by password: nobody needs
        one to begin a sign-up.
        """
        pending, shows_email = visit.pending, visit.names_account
        async with self._moving(pending) as session:
            if pending.wants_code:
                return
            if not pending.admits(form.email):  # before anything is sent
                raise _other_account(pending, field="email")
            pending.note_email(form.email, browser=visit.browser, shows_email=shows_email)
            sign_in: Callable[..., Awaitable[bool]] = session.sign_in
            if isinstance(form, SignUpForm):
                sign_in = partial(session.sign_up, name=form.name or pending.name)
            await sign_in(
                email=form.email,
                password=form.password.get_secret_value(),
                captcha=form.captcha.get_secret_value() if form.captcha else None,
                method="browser",
            )
            self._arrive(visit, session, shows_email=shows_email or not isinstance(form, SignUpForm))

    async def _adopt(self, visit: Visit, form: BrowserSessionForm) -> None:
        async with self._moving(visit.pending, of_a_browser=True) as session:
            token = form.refresh_token.get_secret_value()
            await session.sign_in_with_refresh_token(token, method="browser")
            self._arrive(visit, session)

    async def _verify(self, visit: Visit) -> None:
        pending = visit.pending
        if not pending.wants_code:
            raise Complaint("Sign in first.")
        if "later" in visit.fields:
            async with self._alone(pending) as session:
                self._go_on(pending, session)
            return
        form = parse(VerifyForm, visit.fields)
        async with self._moving(pending) as session:
            await session.verify(form.verification_code.get_secret_value())
            self._go_on(pending, session)

    def _arrive(self, visit: Visit, session: Session, *, shows_email: bool = True) -> None:
        """Note who signed in, and go on."""
        visit.pending.note_email(session.email, browser=visit.browser, shows_email=shows_email)
        self._go_on(visit.pending, session)

    def _go_on(self, pending: PendingSignIn, session: Session) -> None:
        """Finish the page, or have it show what is missing."""
        if session.state is State.UNVERIFIED and session.grant.can_verify and not pending.wants_code:
            pending.wants_code = True
        elif session.state is State.UNVERIFIED and not session.grant.can_verify:
            pending.form = "sign_in"  # the sign-up brought no token; signing in does, and mails a code
        else:
            pending.finish()


def _count(pending: PendingSignIn, error: Complaint | RememberizerError) -> None:
    """Note a failed attempt; one too many ends the page."""
    wrong = complaint_about(error) if isinstance(error, RememberizerError) else error
    pending.trouble = error if isinstance(error, SignInFailed) else pending.trouble
    pending.attempts_left -= wrong.is_attempt
    if pending.attempts_left <= 0:
        pending.stop(End.STOPPED)


def _other_account(pending: PendingSignIn, *, field: str | None = None, advice: str = "") -> Complaint:
    return Complaint(
        f"This page takes the account {masked(pending.only_account or '')} only. To sign in with another one, choose "
        f"“Use another account” below.{advice}",
        field=field,
        is_attempt=True,
    )
