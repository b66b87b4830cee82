"""Whose account it is (rememberizer-api.md §5.2)."""

import logging
from http import HTTPStatus
from typing import Annotated

import anyio
from pydantic import AfterValidator

from ..errors import RememberizerError, Repair, SignInFailed, UpstreamProtocolError
from .answers import Answer, read
from .client import RememberizerAPI
from .credentials import Credentials
from .endpoints import ME
from .refusals import NO_SESSION, refusal
from .text import clean_line

PROFILE_SECONDS = 5.0
"""How long a sign-in waits for ``GET me/``, which only adds a name."""

logger = logging.getLogger(__name__)

_Line = Annotated[str, AfterValidator(clean_line)]


class Me(Answer):
    """The fields of ``GET me/`` that a session keeps."""

    email: _Line | None = None
    name: _Line | None = None
    email_verified: bool | None = None


async def get_me(api: RememberizerAPI, credentials: Credentials) -> Me:
    """``GET me/``.

    Raises:
        RememberizerError: Upstream's refusals, or no usable answer.
    """
    reply = await api.send(ME.call(), credentials)
    if not reply.is_success:
        raise refusal(reply, unverified=False)
    return read(Me, reply.body.fields, reply)


async def whose(
    api: RememberizerAPI, credentials: Credentials, *, of: str | None = None, limit_seconds: float = PROFILE_SECONDS
) -> Me:
    """What ``GET me/`` says right after a sign-in.

    If it fails or takes longer than the limit, the account has no name, and the sign-in still counts.

    Raises:
        UpstreamProtocolError: The sign-in brought no token, and upstream answers 401 to the cookies that it brought,
            such as a CDN's.
        SignInFailed: The account has to have the e-mail ``of``, and ``GET me/`` says another or none.
    """
    me = Me()
    try:
        with anyio.move_on_after(limit_seconds):
            me = await get_me(api, credentials)
    except RememberizerError as error:
        if error.status == HTTPStatus.UNAUTHORIZED and not credentials.has_token:
            raise UpstreamProtocolError(NO_SESSION, status=error.status) from error
        logger.info("me/ gave no name (%s)", error.code)
    if not fits(me.email, meant=of):
        raise SignInFailed(
            "The refresh token may be another account's, so nobody was signed in with it.",
            repair=Repair(
                "Call {login} without arguments, if the user means whichever account the token is of.",
                "Have the user set REMEMBERIZER_REFRESH_TOKEN to a fresh token of the account that was signed in, and "
                "restart the server. If REMEMBERIZER_REFRESH_TOKEN_FILE names a file, a fresh one in it is enough: "
                "call again.",
            ),
        )
    return me


def same_account(one: str | None, other: str | None) -> bool:
    """Whether two e-mail addresses name the same account; letter case doesn't count."""
    return one is not None and other is not None and one.strip().casefold() == other.strip().casefold()


def fits(account: str | None, *, meant: str | None) -> bool:
    """Whether an account is the one that is meant, or none is meant."""
    return meant is None or same_account(account, meant)
