"""Who makes a call: a signed-in session, or an API key, which is never renewed (rememberizer-api.md §3)."""

from http import HTTPStatus
from typing import Protocol

from pydantic import SecretStr

from ..errors import InvalidCredentials
from .client import Call, RememberizerAPI, Reply
from .credentials import Auth
from .refusals import refusal, speaks_of_credentials


class Asker(Protocol):
    """Whoever can make a call of the contract."""

    @property
    def whose(self) -> str:
        """What tells one account or key from another, for an answer that is bound to it."""
        ...

    @property
    def account(self) -> str | None:
        """How people know it: by its e-mail, as far as that is known, or by the setting of a key."""
        ...

    async def request(self, call: Call, *, deadline: float) -> Reply:
        """Make the call, and give its success.

        Raises:
            RememberizerError: Upstream's refusals, or no usable answer.
        """
        ...


class ApiKey:
    """An API key and the client to ask with.

    Args:
        api: The REST client.
        key: What upstream gave.
        setting: The variable that holds it, for the error that says it was refused.
    """

    version = 0

    def __init__(self, api: RememberizerAPI, key: SecretStr, *, setting: str) -> None:
        self._api = api
        self._key = key
        self.whose = self.account = setting

    def __repr__(self) -> str:
        return f"<ApiKey of {self.whose}>"

    def headers(self, auth: Auth, *, url: str) -> dict[str, str]:  # noqa: ARG002 -- the signature is Identity's
        """The one header that carries it; it is never sent as a bearer."""
        return {"X-API-Key": self._key.get_secret_value()}

    async def request(self, call: Call, *, deadline: float) -> Reply:
        """Make the call.

        Raises:
            InvalidCredentials: Upstream refused the key (401, or a 400 or 403 that says so).
            RememberizerError: Upstream's other refusals, or no usable answer.
        """
        reply = await self._api.send(call, self, deadline=deadline)
        if reply.is_success:
            return reply
        if reply.status == HTTPStatus.UNAUTHORIZED or speaks_of_credentials(reply):
            raise InvalidCredentials(
                f"Rememberizer refused the API key of {self.whose}.",
                repair="Tell the user to put a valid one there and restart the server; don't try again before.",
                status=reply.status,
            )
        raise refusal(reply, unverified=False)
