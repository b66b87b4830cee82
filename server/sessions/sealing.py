"""``Ring``: the keys of what processes share. The values are sealed by them, and the names made unreadable."""

import hashlib
import hmac
import json
from collections.abc import Sequence

from mcp.server.request_state import AESGCMRequestStateCodec, InvalidRequestState
from pydantic import SecretStr

PREFIX = "rememberizer"


class Ring:
    """Seals by its first key, and opens what was sealed by any.

    The SDK seals the state of requests by the same secrets, so that each use has keys derived for it alone.

    >>> ring = Ring([SecretStr("a secret of at least 32 characters")])
    >>> sealed = ring.seal(b"tea", "page", "ada")
    >>> ring.opened(sealed.encode(), "page", "ada"), ring.opened(sealed.encode(), "page", "grace")
    (b'tea', None)

    Args:
        keys: Secrets of at least 32 bytes.
    """

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        self._codec = AESGCMRequestStateCodec([_derived(key, "values") for key in keys])
        self._name_keys = [_derived(key, "names") for key in keys]
        self.ids = [hashlib.sha256(b"id:" + key).digest()[:4].hex() for key in self._name_keys]
        """What names each key without telling it."""

    def names(self, kind: str, key: str) -> list[str]:
        """The name in Redis under each key of the ring; who doesn't know the ring can't tell what is named.

        A ``kind`` is one word.
        """
        text = f"{kind} {key}".encode(errors="surrogatepass")
        return [
            f"{PREFIX}:{ring_id}:{kind}:{hmac.digest(name_key, text, 'sha256').hex()}"
            for ring_id, name_key in zip(self.ids, self._name_keys, strict=True)
        ]

    def seal(self, value: bytes, *place: str) -> str:
        """The value, encrypted, with the words that say where it belongs."""
        return self._codec.seal(_label(place) + value)

    def opened(self, sealed: bytes, *place: str) -> bytes | None:
        """The value, if it was sealed by a key of the ring and belongs to this place."""
        label = _label(place)
        try:
            value = self._codec.unseal(sealed.decode(errors="replace"))
        except InvalidRequestState:
            return None
        return value.removeprefix(label) if value.startswith(label) else None


def _derived(key: SecretStr, use: str) -> bytes:
    return hmac.digest(key.get_secret_value().encode(), f"rememberizer-mcp/store/{use}".encode(), "sha256")


def _label(place: Sequence[str]) -> bytes:
    """Words in one line, so that no label begins with another."""
    return json.dumps(place).encode() + b"\n"
