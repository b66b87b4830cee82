"""Who asks: for each endpoint the signed-in session or an API key, whichever it takes and there is."""

from ..server.api.asking import Asker
from ..server.api.client import Call, Reply
from ..server.api.endpoints import Endpoint, Takes
from ..server.errors import NotSignedIn
from ..server.session import Session
from ..server.states import State
from .services import CallServices, Services
from .sign_in import account_session


class SignedIn:
    """A session as it is when a call begins: none of the call's requests is made as another account (S12)."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._grant = session.grant
        self.whose = session.email or session.handle

    async def request(self, call: Call, *, deadline: float) -> Reply:
        """Make a request of the call.

        Raises:
            NotSignedIn: There was another sign-in meanwhile.
            RememberizerError: As ``Session.request``.
        """
        if self._session.grant is not self._grant:
            raise NotSignedIn(
                "There was another sign-in while this call ran, so it was ended.",
                hint="Call again if it is meant for the account that is signed in now.",
            )
        return await self._session.request(call, deadline=deadline)


async def asker(services: CallServices, handle: str | None, endpoint: Endpoint) -> Asker:
    """The one who makes the call: the account of the session, else the key of the settings, else a person is asked.

    An account that is signed in, or was until it expired, goes before a key: their documents are not the same.

    Raises:
        NotSignedIn: The endpoint takes a vector store's key only, and there is none; or as ``account_session``.
        UnknownSession, SessionExpired, SignInPending, InputNeeded, SignInFailed: As ``account_session``.
    """
    if endpoint.takes is Takes.STORE_KEY:
        return _store_key(services)
    session = services.sessions.find(services.owner, handle)
    has_account = session is not None and session.state is not State.SIGNED_OUT
    takes_key = Takes.API_KEY in endpoint.takes and handle is None and not has_account
    key = _key_without_account(services) if takes_key else None
    return key or SignedIn(await account_session(services, handle))


async def ready_asker(services: Services, *, deadline: float) -> Asker | None:
    """The one who can ask for documents at once, by the default session or the API key; nobody is asked to sign in."""
    session = services.sessions.find(services.owner, None)
    if session is None or session.state is State.SIGNED_OUT:
        return _key_without_account(services)
    return SignedIn(session) if await session.is_usable(deadline=deadline) else None


def _key_without_account(services: Services) -> Asker | None:
    """The API key, unless there was an account whose session ended by itself."""
    return None if services.sessions.has_ended(services.owner) else services.api_key


def _store_key(services: CallServices) -> Asker:
    if services.store_key is None:
        raise NotSignedIn(
            "This tool needs the key of a vector store, and the server has none.",
            hint="Have the user set REMEMBERIZER_VECTOR_STORE_TOKEN to the store's key and restart the server.",
        )
    return services.store_key
