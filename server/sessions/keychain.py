"""``Keychain``: a person's refresh token in the operating system's keyring, so that a restart needs no new captcha.

Only where the person asked for it (``REMEMBERIZER_KEEP_SIGNED_IN=keyring``), and never in a plain file: a backend that
is not the operating system's own is refused, also where keyring's configuration names one. The library ``keyring`` is
an extra. It is imported on first use, in a worker thread, because its backends block, some of them with a dialog.
"""

import logging
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

import anyio
import anyio.to_thread

from ..errors import SignInFailed
from ..logs.redaction import KnownSecrets

LIMIT_SECONDS = 10.0
"""How long one operation may take, its turn and a dialog of the system included."""
LAST_ACCOUNT = "Last account"
"""The entry that names the account kept last, since keyring can't list; a case-folded e-mail has no capital."""
OF_THE_SYSTEM = (
    ("keyring.backends.SecretService", "Keyring"),
    ("keyring.backends.libsecret", "Keyring"),
    ("keyring.backends.kwallet", "DBusKeyring"),
    ("keyring.backends.kwallet", "DBusKeyringKWallet4"),
    ("keyring.backends.macOS", "Keyring"),
    ("keyring.backends.Windows", "WinVaultKeyring"),
)
_NOT_INSTALLED = "The keyring library is not installed, so no sign-in can be kept."
_NONE_USABLE = "This machine offers no keyring of its operating system, so no sign-in can be kept."
_REFUSED = "The operating system's keyring is locked, refused the access or did not answer in time."
_OR_SWITCH_OFF = "or set REMEMBERIZER_KEEP_SIGNED_IN to `off`"
_REPAIRS = {
    _NOT_INSTALLED: (
        "Have the user install `rememberizer-mcp[keyring]` (with uvx: `uvx --from 'rememberizer-mcp[keyring]' "
        f"rememberizer-mcp`), {_OR_SWITCH_OFF}, and restart the server."
    ),
    _NONE_USABLE: (
        "Have the user set up Secret Service, KWallet, the macOS Keychain or the Windows Credential Locker (and name "
        f"no other backend in PYTHON_KEYRING_BACKEND or keyringrc.cfg), {_OR_SWITCH_OFF}, and restart the server."
    ),
    _REFUSED: f"Have the user unlock it and call again, {_OR_SWITCH_OFF} and restart the server.",
}

logger = logging.getLogger(__name__)

_Result = TypeVar("_Result")


class Ring(Protocol):
    """What is used of a backend of the keyring library. Every exception of it counts as a refusal."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A sign-in that was kept."""

    email: str
    refresh_token: str = field(repr=False)


class Keychain:
    """What is kept for one base URL, under each account's e-mail; letter case of an e-mail doesn't count.

    Operations run one after the other, in the order of the calls; one that is given up before its turn never runs. One
    that is given up under way ends when its backend does, say behind a dialog of the system: those after it wait, and a
    ``keep`` that ends so late is taken back if there was a later call for the account.

    ``KnownSecrets`` knows each account's latest token that was read or written, until the next one replaces it or
    ``forget`` succeeds; whoever uses a token for longer teaches it on its own, as sessions do.
    """

    def __init__(
        self,
        *,
        base_url: str,
        secrets: KnownSecrets,
        backend: Callable[[], Ring] | None = None,
        limit_seconds: float = LIMIT_SECONDS,
    ) -> None:
        self._service = f"rememberizer-mcp {base_url}"
        self._secrets = secrets
        self._backend = backend or system_keyring
        self._limit = limit_seconds
        self._turn = anyio.Lock()
        self._busy = threading.Lock()
        self._latest: dict[str, threading.Event] = {}
        """By account: its latest call, as what is set when that call is over or was given up."""
        self._known: dict[str, tuple[str, ...]] = {}

    async def last_account(self) -> str | None:
        """The account kept last, also if no sign-in of it is left; the system may ask the person to unlock the keyring.

        Raises:
            SignInFailed: It is not installed, not the operating system's, or locked; the repair says what to do.
        """
        return await self._run(lambda ring: ring.get_password(self._service, LAST_ACCOUNT), over=threading.Event())

    async def read(self, email: str | None) -> Kept | None:
        """The sign-in kept for an account, or, without an e-mail, for the one kept last.

        Returns:
            None also where the keyring refused, which stands in the log.
        """
        try:
            return await self._run(lambda ring: self._find(ring, email), over=threading.Event())
        except SignInFailed as refused:
            logger.warning("no kept sign-in was read: %s", refused.message)
            return None

    async def keep(self, email: str, refresh_token: str, *, as_last: bool = True) -> bool:
        """Write the account's newest refresh token in place of the one before.

        With ``as_last`` the account is named as the one kept last, in place of another.

        Returns:
            False where the keyring refused, which stands in the log; an older token may then still be there.
        """
        user, over = _user(email), threading.Event()
        self._latest[user] = over

        def write(ring: Ring) -> None:
            self._know(user, refresh_token)
            ring.set_password(self._service, user, refresh_token)
            if as_last:
                ring.set_password(self._service, LAST_ACCOUNT, email)
            if over.is_set() and self._latest[user] is not over:
                self._remove(ring, user, stays_last=False)

        return await self._carried_out(write, over=over, otherwise="the sign-in was not kept")

    async def forget(self, email: str, *, stays_last: bool = False) -> bool:
        """Remove what is kept for the account, which with ``stays_last`` goes on to be named as the one kept last.

        Returns:
            Whether nothing is left; False where the keyring refused, which stands in the log.
        """
        user, over = _user(email), threading.Event()
        self._latest[user] = over
        remove = partial(self._remove, user=user, stays_last=stays_last)
        return await self._carried_out(remove, over=over, otherwise="the kept sign-in was not removed")

    async def _carried_out(self, work: Callable[[Ring], None], *, over: threading.Event, otherwise: str) -> bool:
        try:
            await self._run(work, over=over)
        except SignInFailed as refused:
            logger.warning("%s: %s", otherwise, refused.message)
            return False
        return True

    async def _run(self, work: Callable[[Ring], _Result], *, over: threading.Event) -> _Result:
        """Do the work in its turn; every refusal is a ``SignInFailed``, and its cause is named by its type only."""
        cause: type[BaseException] = TimeoutError
        try:
            with anyio.move_on_after(self._limit):
                async with self._turn:
                    return await anyio.to_thread.run_sync(self._in_thread, work, over, abandon_on_cancel=True)
        except SignInFailed:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever a backend raises is a refusal
            cause = type(error)
        finally:
            over.set()
        logger.info("the keyring's refusal: %s", cause.__name__)
        raise _failed(_REFUSED)

    def _in_thread(self, work: Callable[[Ring], _Result], over: threading.Event) -> _Result:
        if not self._busy.acquire(timeout=self._limit):  # an operation that was given up is still under way
            raise TimeoutError
        try:
            if over.is_set():
                raise TimeoutError
            return work(self._backend())
        finally:
            self._busy.release()

    def _find(self, ring: Ring, email: str | None) -> Kept | None:
        account = email or ring.get_password(self._service, LAST_ACCOUNT)
        token = ring.get_password(self._service, _user(account)) if account else None
        if not account or not token:
            return None
        self._know(_user(account), token)
        return Kept(email=account, refresh_token=token)

    def _remove(self, ring: Ring, user: str, *, stays_last: bool) -> None:
        """Without ``stays_last`` a last account goes of which nothing is left: this one, or one that was left named."""
        self._delete(ring, user)
        last = _user(ring.get_password(self._service, LAST_ACCOUNT) or "")
        if last and not stays_last and ring.get_password(self._service, last) is None:
            self._delete(ring, LAST_ACCOUNT)
        self._know(user)

    def _delete(self, ring: Ring, user: str) -> None:
        if ring.get_password(self._service, user) is None:
            return
        ring.delete_password(self._service, user)
        if ring.get_password(self._service, user) is not None:
            raise RuntimeError("the entry is still there")

    def _know(self, user: str, *now: str) -> None:
        """Have the account's token redacted in place of the one before, or that one no longer."""
        self._secrets.learn(now)
        self._secrets.forget(self._known.pop(user, ()))
        self._known[user] = now


def system_keyring() -> Ring:
    """The backend that keyring chose or was told to use; it is asked anew each time, because a chain can change.

    Raises:
        SignInFailed: The library is missing, or the backend is not the operating system's.
    """
    try:
        import keyring  # noqa: PLC0415 -- an extra, and slow: see the module's docstring
        from keyring.backends.chainer import ChainerBackend  # noqa: PLC0415 -- as above
    except ImportError:
        raise _failed(_NOT_INSTALLED) from None
    try:
        ring = keyring.get_keyring()
        members = ring.backends if type(ring) is ChainerBackend else [ring]
    except Exception:  # noqa: BLE001 -- keyring raises what its configuration leads to
        raise _failed(_NONE_USABLE) from None
    known = [getattr(sys.modules.get(module), name, None) for module, name in OF_THE_SYSTEM]
    if not members or any(type(each) not in known for each in members):  # a subclass could write elsewhere
        raise _failed(_NONE_USABLE)
    return ring


def _user(email: str) -> str:
    return email.strip().casefold()


def _failed(sentence: str) -> SignInFailed:
    return SignInFailed(sentence, repair=_REPAIRS[sentence])
