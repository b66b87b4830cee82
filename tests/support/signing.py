"""Keys of an authorization server in a test, and tokens that are signed with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as new_curve_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as new_rsa_key
from jwt.algorithms import get_default_algorithms


def _new(algorithm: str, bits: int) -> Any:
    match algorithm[:2]:
        case "ES":
            return new_curve_key(SECP256R1())
        case "Ed":
            return Ed25519PrivateKey.generate()
        case _:
            return new_rsa_key(65537, bits)


@dataclass(frozen=True, kw_only=True)
class Key:
    """A pair of keys, of which the issuer shows the public one."""

    kid: str | None = "first"
    algorithm: str = "ES256"
    bits: int = 2048
    """Of an RSA key."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """What it is shown with besides; what is None is left out."""

    @cached_property
    def private(self) -> Any:
        return _new(self.algorithm, self.bits)

    @property
    def public_jwk(self) -> dict[str, Any]:
        """What the issuer shows."""
        return self._jwk(self.private.public_key())

    @property
    def private_jwk(self) -> dict[str, Any]:
        """What the issuer signs with."""
        return self._jwk(self.private)

    def sign(self, claims: Mapping[str, Any], **headers: Any) -> str:
        """A token. A header that is None is left out."""
        shown = {"kid": self.kid, "typ": "at+jwt"} | headers
        given = {name: value for name, value in shown.items() if value is not None or name == "typ"}
        return jwt.encode(dict(claims), self.private, self.algorithm, headers=given)

    def _jwk(self, key: Any) -> dict[str, Any]:
        shown = {"kid": self.kid, "alg": self.algorithm, "use": "sig"} | dict(self.more)
        jwk = get_default_algorithms()[self.algorithm].to_jwk(key, as_dict=True)
        return jwk | {name: value for name, value in shown.items() if value is not None}
