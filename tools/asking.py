"""Who asks: for each endpoint the signed-in session or an API key, whichever it takes and there is."""

from ..server.api.asking import Asker
from ..server.api.endpoints import Endpoint, Takes
from ..server.errors import NotSignedIn
from ..server.states import State
from .services import CallServices, Services
from .sign_in import account_session


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
    if Takes.API_KEY in endpoint.takes and services.api_key and handle is None and not has_account:
        return services.api_key
    return await account_session(services, handle)


async def ready_asker(services: Services, *, deadline: float) -> Asker | None:
    """The one who can ask for documents at once, by the default session or the API key; nobody is asked to sign in."""
    session = services.sessions.find(services.owner, None)
    if session is None or session.state is State.SIGNED_OUT:
        return services.api_key
    return session if await session.is_usable(deadline=deadline) else None


def _store_key(services: CallServices) -> Asker:
    if services.store_key is None:
        raise NotSignedIn(
            "This tool needs the key of a vector store, and the server has none.",
            hint="Have the user set REMEMBERIZER_VECTOR_STORE_TOKEN to the store's key and restart the server.",
        )
    return services.store_key
