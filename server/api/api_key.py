"""``ApiKey``: a key of the settings, which makes calls as an account does and is never renewed (§3)."""

from dataclasses import replace
from http import HTTPStatus

from pydantic import SecretStr

from ..errors import InvalidCredentials
from .client import RememberizerAPI, Reply
from .endpoints import Call, Takes
from .refusals import refusal, speaks_of_credentials


class ApiKey:
    """An API key and the client to ask with.

    Args:
        api: The REST client.
        key: What upstream gave.
        setting: The variable that holds it, for the error that says it was refused.
    """

    version = 0
    owner = None

    def __init__(self, api: RememberizerAPI, key: SecretStr, *, setting: str) -> None:
        self._api = api
        self._key = key
        self.whose = self.account = setting

    def __repr__(self) -> str:
        return f"<ApiKey of {self.whose}>"

    def headers(self, takes: Takes, *, url: str) -> dict[str, str]:  # noqa: ARG002 -- the signature is Identity's
        """The one header that carries it; it is never sent as a bearer."""
        return {"X-API-Key": self._key.get_secret_value()}

    async def request(self, call: Call) -> Reply:
        """Make the call.

        Raises:
            InvalidCredentials: Upstream refused the key (401, or a 400 or 403 that says so).
            RememberizerError: Upstream's other refusals, or no usable answer.
        """
        path = call.endpoint.path_for_key or call.path
        reply = await self._api.send(replace(call, path=path), self)
        if reply.is_success:
            return reply
        if reply.status == HTTPStatus.UNAUTHORIZED or speaks_of_credentials(reply):
            raise InvalidCredentials(
                f"Rememberizer refused the API key of {self.whose}.",
                repair="Tell the user to put a valid one there and restart the server; don't try again before.",
                status=reply.status,
            )
        raise refusal(reply, unverified=False)
