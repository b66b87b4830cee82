"""What each form of the page does with the session that the ticket belongs to."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

import anyio

from ..api.account import Me
from ..api.oauth import OAuthClient
from ..errors import UnknownSession
from ..sessions.grant import Grant
from ..sessions.limiter import AttemptLimiter
from ..sessions.session import Session
from ..sessions.states import State
from ..sessions.store import SessionStore
from .forms import BrowserSessionForm, Complaint, SignInForm, SignUpForm, VerifyForm, parse
from .pending import Account, Consent, End, PendingSignIn, masked

_IN_YOUR_BROWSER = (
    " This page has renewed the session in your browser and did not keep it. If Rememberizer asks you to, sign in "
    "there again; then copy the new value."
)


class Ended(Exception):
    """The page was finished, stopped or closed before this post had its turn."""


class OtherAccount(Complaint):
    """The account is not the one that the page is for."""


@dataclass(frozen=True, kw_only=True)
class Actions:
    """The posts of all pages.

    Args:
        sessions: Every session of this process.
        attempts: Counts sign-in attempts, together with the tools'.
        budget_seconds: What one post may spend on Rememberizer.
        now: The wall clock, in Unix seconds.
    """

    sessions: SessionStore
    attempts: AttemptLimiter
    budget_seconds: float
    now: Callable[[], float]

    def is_open(self, pending: PendingSignIn) -> bool:
        """Whether the page can still be used."""
        return pending.end is None and self.now() < pending.expires_at

    async def take(self, pending: PendingSignIn, fields: Mapping[str, str], *, browser: str | None) -> None:
        """Do what the posted form asks for.

        Raises:
            Complaint: About a field.
            OtherAccount: The page is for another account, and nobody chose to use this one.
            Ended: The page is no longer open.
            UnknownSession: The session that asked is gone.
            RememberizerError: Rememberizer's refusals, or no usable answer.
        """
        if not self.is_open(pending):
            raise Ended
        form = fields.get("form")
        if pending.wants_code and form != "verify":
            return  # a second click, or another tab: the code is what is missing
        match form:
            case "sign_in":
                await self._sign_in(pending, parse(SignInForm, _with_account(pending, fields)), fields, browser=browser)
            case "sign_up":
                await self._sign_up(pending, parse(SignUpForm, _with_account(pending, fields)), fields, browser=browser)
            case "another_account":
                pending.another_account = pending.meant is not None
            case "browser_session":
                await self._adopt(pending, parse(BrowserSessionForm, fields), browser=browser)
            case "verify":
                await self._verify(pending, fields)
            case _:
                raise Complaint("The form could not be read. Try again.")

    async def take_code(self, pending: PendingSignIn, client: OAuthClient, trip: Consent, *, code: str) -> None:
        """Exchange the code that the OAuth consent page gave.

        Raises:
            SignInFailed: Rememberizer refused it.
            OtherAccount, Ended, UnknownSession, RememberizerError: As ``take``.
        """
        async with self._moving(pending) as session:
            await session.sign_in_with_oauth(client, code=code, verifier=trip.verifier, deadline=self._deadline())
            self._arrive(pending, session, browser=trip.page_browser)

    async def stop(self, pending: PendingSignIn, end: End) -> None:
        """End the page without an account, once a post that is under way is over: it may sign somebody in."""
        asked = pending.session
        with suppress(UnknownSession):
            async with self.sessions.moving(asked.owner, asked.handle):
                pending.stop(end)

    @asynccontextmanager
    async def _moving(self, pending: PendingSignIn, *, of_a_browser: bool = False) -> AsyncIterator[Session]:
        """The page's session, for one attempt; with a browser's own session the person is signed in there too.

        Raises:
            RateLimited: Too many attempts from this client.
            Ended, UnknownSession: As ``take``.
        """
        asked = pending.session
        self.attempts.take(asked.owner)
        async with self.sessions.moving(asked.owner, asked.handle) as session:
            if not self.is_open(pending):
                raise Ended
            session.admit = partial(self._admit, pending, of_a_browser=of_a_browser)
            try:
                yield session
            finally:
                session.admit = None

    async def _admit(self, pending: PendingSignIn, fresh: Grant, me: Me, *, of_a_browser: bool) -> None:
        """Give a sign-in back that the page is not for; before it only Rememberizer could say whose it is.

        A browser's own session is forgotten here and not signed out, since the person still uses it there.

        Raises:
            OtherAccount: It was another account's, or nobody said whose.
        """
        if not pending.admits(me.email):
            if not of_a_browser:
                await fresh.give_back(deadline=self._deadline())
            fresh.wipe()
            raise _other_account(pending, then=_IN_YOUR_BROWSER if of_a_browser else "")

    def _arrive(self, pending: PendingSignIn, session: Session, *, browser: str | None, is_theirs: bool = True) -> None:
        """After a sign-in in a browser."""
        pending.remember(session.email, browser=browser, is_theirs=is_theirs)
        self._go_on(pending, session)

    def _go_on(self, pending: PendingSignIn, session: Session) -> None:
        """The page is done, or what is missing comes next."""
        if session.state is State.UNVERIFIED and session.can_verify and not pending.wants_code:
            pending.wants_code = True
        elif session.state is State.UNVERIFIED and not session.can_verify:
            pending.form = "sign_in"  # the sign-up brought no token; signing in does, and mails a code
        else:
            verified = session.state is State.SIGNED_IN
            pending.finish(Account(email=session.email, name=session.name, verified=verified))

    async def _sign_in(
        self, pending: PendingSignIn, form: SignInForm, fields: Mapping[str, str], *, browser: str | None
    ) -> None:
        self._take_note(pending, form, browser=browser, is_theirs=_typed_address(fields))
        async with self._moving(pending) as session:
            if pending.wants_code:
                return
            await session.sign_in(
                email=form.email,
                password=form.password.get_secret_value(),
                captcha=_captcha(form),
                method="browser",
                deadline=self._deadline(),
            )
            self._arrive(pending, session, browser=browser)

    async def _sign_up(
        self, pending: PendingSignIn, form: SignUpForm, fields: Mapping[str, str], *, browser: str | None
    ) -> None:
        """Whoever leaves the address out needs no password to come so far, so that shows nothing of it."""
        is_theirs = _typed_address(fields)
        self._take_note(pending, form, browser=browser, is_theirs=is_theirs)
        async with self._moving(pending) as session:
            if pending.wants_code:
                return
            await session.sign_up(
                email=form.email,
                password=form.password.get_secret_value(),
                name=form.name or pending.name,
                captcha=_captcha(form),
                method="browser",
                deadline=self._deadline(),
            )
            self._arrive(pending, session, browser=browser, is_theirs=is_theirs)

    async def _adopt(self, pending: PendingSignIn, form: BrowserSessionForm, *, browser: str | None) -> None:
        async with self._moving(pending, of_a_browser=True) as session:
            token = form.refresh_token.get_secret_value()
            await session.sign_in_with_refresh_token(token, method="browser", deadline=self._deadline())
            self._arrive(pending, session, browser=browser)

    async def _verify(self, pending: PendingSignIn, fields: Mapping[str, str]) -> None:
        if not pending.wants_code:
            raise Complaint("Sign in first.")
        if "later" in fields:
            self._go_on(pending, pending.session)
            return
        form = parse(VerifyForm, fields)
        async with self._moving(pending) as session:
            await session.verify(form.verification_code.get_secret_value(), deadline=self._deadline())
            self._go_on(pending, session)

    def _take_note(self, pending: PendingSignIn, form: SignInForm, *, browser: str | None, is_theirs: bool) -> None:
        """Refuse an address that the page is not for before anything is sent, and keep one that it takes."""
        if not pending.admits(form.email):
            raise _other_account(pending, field="email")
        pending.remember(form.email, browser=browser, is_theirs=is_theirs)

    def _deadline(self) -> float:
        return anyio.current_time() + self.budget_seconds


def _captcha(form: SignInForm) -> str | None:
    return form.captcha.get_secret_value() if form.captcha else None


def _with_account(pending: PendingSignIn, fields: Mapping[str, str]) -> Mapping[str, str]:
    """The fields, where an address that was left empty is that of the account that the page is for."""
    return fields if pending.only is None or _typed_address(fields) else {**fields, "email": pending.only}


def _typed_address(fields: Mapping[str, str]) -> bool:
    return bool(fields.get("email", "").strip())


def _other_account(pending: PendingSignIn, *, field: str | None = None, then: str = "") -> OtherAccount:
    return OtherAccount(
        f"This page takes the account {masked(pending.only or '')} only. To sign in with another one, choose "
        f"“Use another account” below.{then}",
        field=field,
    )
