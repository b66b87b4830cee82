"""Who asks: for each endpoint the signed-in session or an API key, whichever it takes and there is."""

from ...server.api.asking import Asker
from ...server.api.endpoints import Endpoint, Takes
from ...server.errors import NotSignedIn
from .services import CallServices, Services
from .sign_in import account_grant


async def asker(services: CallServices, handle: str | None, endpoint: Endpoint) -> Asker:
    """The one who makes the call: the account of the session, else the key of the settings, else a person is asked.

    An account that is signed in, or was until it expired, goes before a key: their documents are not the same. So does
    the account for which an earlier round of the call brought a person to the page. It is chosen here, before anything
    is waited for, and makes all requests of the call (S12).

    Raises:
        NotSignedIn: The endpoint takes a vector store's key only, and there is none; or as ``account_grant``.
        UnknownSession, AccountChanged, SessionExpired, SignInPending, InputNeeded, SignInFailed: As ``account_grant``.
    """
    if endpoint.takes is Takes.STORE_KEY:
        return _store_key(services)
    session = services.sessions.find(services.owner, handle)
    has_account = session is not None and session.grant.has_account
    began_for_an_account = has_account or services.caller.state is not None
    takes_key = Takes.API_KEY in endpoint.takes and handle is None and not began_for_an_account
    key = _key_without_account(services) if takes_key else None
    return key or await account_grant(services, handle)


async def ready_asker(services: Services, *, deadline: float) -> Asker | None:
    """The one who can ask for documents at once, by the default session or the API key; nobody is asked to sign in."""
    session = services.sessions.find(services.owner, None)
    if session is None or not session.grant.has_account:
        return _key_without_account(services)
    grant = session.grant
    return grant if await grant.is_usable(deadline=deadline) else None


def _key_without_account(services: Services) -> Asker | None:
    """The API key, unless there was an account whose session ended by itself."""
    return None if services.sessions.has_ended(services.owner) else services.api_key


def _store_key(services: CallServices) -> Asker:
    if services.store_key is None:
        raise NotSignedIn(
            "This tool needs the key of a vector store, and the server has none.",
            repair="Have the user set REMEMBERIZER_VECTOR_STORE_TOKEN to the store's key and restart the server.",
        )
    return services.store_key
