"""``ToolCall``: one call of a tool. It chooses who asks for it, signs in if nobody can, and sends its requests."""

from dataclasses import dataclass, field
from typing import Any, Self

from mcp.server.mcpserver import Context
from pydantic import SecretStr

from ...server.api.account import same_account
from ...server.api.api_key import ApiKey
from ...server.api.budget import begin_anew, extend_to, is_over
from ...server.api.client import Reply
from ...server.api.endpoints import Call, Takes
from ...server.errors import NotSignedIn, Repair, SessionExpired, SignInFailed, UpstreamTimeout
from ...server.sessions.grant import ANOTHER_SIGN_IN, Grant
from ...server.sessions.meant import Meant
from ...server.sessions.session import Session
from ...server.sessions.states import State
from ...server.signin.pending import PendingSignIn
from ...server.signin.ways import Arrival
from .caller import Caller
from .services import Services
from .sign_in import bring, still_pending

NO_STORE_KEY = "This tool needs the key of a vector store, and the server has none."
SET_STORE_KEY = "Have the user set REMEMBERIZER_VECTOR_STORE_TOKEN to the store's key and restart the server."
NAMES_NO_SESSION = "The call names no session."
NAME_IT = "Call {login}, and pass the `session` that it returns in every later call."
BROUGHT = "This tool writes, so it did not go on by itself after the sign-in"


@dataclass(kw_only=True)
class ToolCall(Services):
    """The parts for one call.

    Args:
        caller: The client that made it.
        writes: Whether it changes what is stored at Rememberizer.
        handle: The session that it names; without one the owner's default session is meant.
    """

    caller: Caller
    writes: bool
    handle: str | None
    account: str | None = None
    """How people know who asks: by the e-mail, as far as it is known, or by the setting of a key."""
    whose: str = ""
    """What tells one account or key from another, for an answer that is bound to it."""
    _asker: Grant | ApiKey | None = field(default=None, init=False)

    @classmethod
    async def of(
        cls, services: Services, context: Context[Any, Any], *, writes: bool, handle: str | None = None
    ) -> Self:
        """The call that a client makes. What other processes did to its session is known from then on.

        Raises:
            StoreUnavailable: They can't be asked.
        """
        caller = Caller(
            context=context,
            questions=services.questions,
            patience_seconds=services.patience_seconds,
            opens_browser=services.opens_browser,
        )
        owner = services.owner
        if handle is None and owner is None and caller.state is not None:
            handle = await services.ways.desk.handle_about(caller.state)  # an earlier round named none, and opened one
        await services.sessions.catch_up(owner, handle)
        found = vars(services) | {"owner_of": lambda: owner}
        return cls(**found, caller=caller, writes=writes, handle=handle)

    async def request(self, call: Call) -> Reply:
        """Send a request, as whoever made the first one: they were chosen before anything was waited for (S12).

        Raises:
            NotSignedIn: The endpoint takes a vector store's key only, and there is none; or as ``_account``.
            RememberizerError: As ``_account``, ``Grant.request`` and ``ApiKey.request``.
        """
        if self._asker is None:
            self._asker = await self._chosen(call.endpoint.takes)
            self.account, self.whose = self._asker.account, self._asker.whose
            begin_anew()
        extend_to(call.endpoint.at_least_seconds)
        return await self._asker.request(call)

    async def _chosen(self, takes: Takes) -> Grant | ApiKey:
        """The account of the session, else the key of the settings, else a person is asked.

        An account that is signed in, or was until it expired, goes before a key: their documents are not the same. So
        does the account for which an earlier round of the call brought a person to the page.
        """
        if takes is Takes.STORE_KEY:
            if self.store_key is None:
                raise NotSignedIn(NO_STORE_KEY, repair=SET_STORE_KEY)
            return self.store_key
        session = self.sessions.find(self.owner, self.handle)
        has_account = session is not None and session.grant.has_account
        began_for_an_account = has_account or self.caller.state is not None
        takes_key = Takes.API_KEY in takes and self.handle is None and not began_for_an_account
        return (self.key_without_account if takes_key else None) or await self._account(session)

    async def _account(self, session: Session | None) -> Grant:
        """The sign-in that the call is made by; where there is none, the person is asked to sign in first.

        It is the one that is held when the call begins. An account that ended is signed in again, and no other in its
        place. With a sign-in that was made meanwhile a call goes on only as ``_found`` says.

        Raises:
            AccountChanged: There is another sign-in by now, and the call is not known to be meant for it.
            NotSignedIn, SessionExpired: There is none, and REMEMBERIZER_LAZY_SIGN_IN is off; or nobody could name it.
            UnknownSession: No session has the handle.
            SignInPending: The person has not finished in time.
            UpstreamTimeout: The call's time was over before its turn came to sign in.
            InputNeeded, SignInFailed: As ``bring``.
        """
        grant = session.grant if session else None
        has_ended = self.sessions.has_ended(self.owner)
        if self.owner is None and self.handle is None:
            raise NotSignedIn(NAMES_NO_SESSION, repair=Repair(NAME_IT))
        wanted = self._before(grant)
        if self.caller.state is not None:
            wanted = self.caller.meant  # the call began in an earlier round, before the person went to the page
        elif grant is not None and await grant.is_usable():
            return grant
        if not self.settings.lazy_sign_in:
            is_expired = has_ended or (grant is not None and grant.state is State.EXPIRED)
            raise SessionExpired(repair=Repair("Call {login} again.")) if is_expired else NotSignedIn
        async with self.sessions.moving(self.owner, self.handle, create=True) as moving:
            usable = await moving.grant.is_usable()  # another call may have been quicker
            if not usable and is_over():
                raise UpstreamTimeout
            arrival = Arrival() if usable else await self.sign_in(moving, meant=wanted)
        named = wanted if wanted.account else Meant(self.settings.email)
        meant = (arrival.meant if arrival.pending else named) if wanted.is_known else wanted
        if arrival.pending and (sent := await bring(self.caller, arrival.pending, meant=meant)):
            raise still_pending(arrival.pending, sent)
        return self._found(moving.held(), meant=meant)

    def _before(self, grant: Grant | None) -> Meant:
        """The account that is held when a call begins, or the one that ended before."""
        account = (grant and grant.account) or self.sessions.ended_account(self.owner)
        was_there = (grant is not None and grant.has_account) or self.sessions.has_ended(self.owner)
        return Meant(account, is_named=False, is_known=account is not None or not was_there)

    def _found(self, grant: Grant, *, meant: Meant) -> Grant:
        """The sign-in that was made while the call waited, if the call goes on with it.

        A tool that reads goes on with the account that is meant, or with any if none is; with none where an account
        ended whose e-mail is not known. One that writes goes on with what the settings or the keyring gave, where a
        call for this account would have got it too. It goes on with nothing that a person did meanwhile: that may have
        been somebody else, and what is written can't be taken back.

        Raises:
            AccountChanged: It does not go on.
        """
        is_same = grant.meant.account is meant.account or same_account(grant.meant.account, meant.account)
        is_own = grant.is_unattended and meant.is_known and is_same
        is_theirs = meant.fits(grant.account) or (is_own and grant.account is None)
        if grant.has_account and is_theirs and (is_own or not self.writes):
            return grant
        raise grant.account_changed(BROUGHT if self.writes else ANOTHER_SIGN_IN)

    async def sign_in(self, session: Session, *, meant: Meant, captcha: SecretStr | None = None) -> Arrival:
        """Sign in by what there is, or open the page; the session's move is under way.

        Raises:
            SignInFailed: The client answered a question about a page that has ended (S16), or a way can't be gone.
            RememberizerError: Rememberizer's refusals, or no usable answer.
        """
        page = session.page
        self.refuse_what_has_ended(session)
        if isinstance(page, PendingSignIn):
            meant = meant_at_page(session, meant)
            arrival = Arrival(pending=await self.ways.desk.open(session, email=meant.account), meant=meant)
        else:
            before = session.email or self.sessions.ended_account(self.owner)
            arrival = await self.ways.sign_in(session, meant=meant, captcha=captcha, before=before)
        if arrival.pending:
            session.meant, arrival.pending.asked_by = arrival.meant, self.caller.name
        else:
            session.grant.is_unattended = True
        return arrival

    def was_done(self, session: Session) -> bool:
        """Whether the client was asked in an earlier round, and the person has signed in at that page since."""
        return self.caller.state is not None and self.caller.state == session.grant.page_id

    def refuse_what_has_ended(self, session: Session) -> None:
        """Let no answer about one page open another (S16).

        Raises:
            SignInFailed: The client answered a question about a page that has ended.
        """
        page = session.page
        if self.caller.state not in (None, page.id if isinstance(page, PendingSignIn) else ""):
            raise SignInFailed("The sign-in that this call was about has ended.")


def meant_at_page(session: Session, meant: Meant) -> Meant:
    """The account that the session's page is for: an open one is for the account that was named last."""
    before = session.meant if session.page else Meant()
    adds_nothing = same_account(meant.account, before.account) and not meant.is_named
    return before if meant.account is None or adds_nothing else meant
