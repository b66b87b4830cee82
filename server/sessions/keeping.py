"""``Keeping``: one sign-in in the operating system's keyring, from its first refresh token to its last."""

from ..api.credentials import Credentials
from .keychain import Keychain


class Keeping:
    """Keeps the newest refresh token of one sign-in, once it was told under which account.

    >>> import anyio
    >>> from functools import partial
    >>> from rememberizer_mcp.server.logs.redaction import KnownSecrets
    >>> nowhere = Keeping(None, Credentials(secrets=KnownSecrets()), url="https://api.example.org/")
    >>> anyio.run(partial(nowhere.forget, stays_last=False))
    True

    Args:
        keychain: The keyring, where the user opted in.
        credentials: Those of the sign-in.
        url: The base URL, which sets the cookie of a token that is taken over.
    """

    def __init__(self, keychain: Keychain | None, credentials: Credentials, *, url: str) -> None:
        self._keychain = keychain
        self._credentials = credentials
        self._url = url
        self._email: str | None = None
        self._as_last = False
        self._kept: str | None = None

    async def start(self, email: str | None, *, as_last: bool) -> None:
        """Keep the refresh token under this account from now on; without an e-mail nothing is kept.

        With ``as_last`` a restart signs in by the account, unless another is named. The account takes that place once,
        with its first token: a renewal takes it from no account that signed in since.
        """
        self._email, self._as_last, self._kept = email, as_last, None
        await self.renew()

    async def renew(self) -> None:
        """Keep the token that is held now, if it is new."""
        token = self._credentials.refresh_token
        if self._keychain and self._email and token and token != self._kept:
            as_last = self._as_last and self._kept is None
            self._kept = token if await self._keychain.keep(self._email, token, as_last=as_last) else self._kept

    async def catch_up(self) -> None:
        """Take over the token that another process of the same user rotated meanwhile: ours is used up by that."""
        if self._keychain is None or self._email is None or self._kept is None:
            return
        kept = await self._keychain.read(self._email)
        if kept and kept.refresh_token not in (self._kept, self._credentials.refresh_token):
            self._kept = kept.refresh_token
            self._credentials.adopt_refresh_token(kept.refresh_token, url=self._url)

    async def forget(self, *, stays_last: bool) -> bool:
        """Remove what is kept, and keep nothing more; whether nothing is left."""
        email = self._email
        self.stop()
        return self._keychain is None or email is None or await self._keychain.forget(email, stays_last=stays_last)

    def stop(self) -> None:
        """Keep nothing more; what the keyring has stays."""
        self._email = None
