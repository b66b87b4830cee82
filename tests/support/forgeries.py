"""Tokens that must not be accepted, each by the one thing that is wrong with it, made with the issuer's own key."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt import PyJWS

from tests.support.signing import Key

Claims = Mapping[str, Any]
Forge = Callable[[Key, Claims], str]
STRANGER = Key(kid="stranger")


def part(value: Any) -> str:
    """A part of a JWT."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).decode().rstrip("=")


def with_claims(**changed: Any) -> Forge:
    """A claim that is None is left out."""
    return lambda key, claims: key.sign(
        {name: value for name, value in {**claims, **changed}.items() if value is not None}
    )


def with_header(**headers: Any) -> Forge:
    return lambda key, claims: key.sign(claims, **headers)


def unsigned(algorithm: Any, signature: bytes = b"", **headers: Any) -> Forge:
    """A token without a signature, or with a made-up one."""
    return lambda key, claims: ".".join(
        (part({"alg": algorithm, "kid": key.kid, "typ": "at+jwt"} | headers), part(dict(claims)), part(signature))
    )


def by_public_key(key: Key, claims: Claims) -> str:
    """Signed by HMAC with what everybody knows."""
    secret = key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{part({'alg': 'HS256', 'kid': key.kid, 'typ': 'at+jwt'})}.{part(dict(claims))}"
    return f"{signed}.{part(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def by_a_key_that_it_brings(key: Key, claims: Claims) -> str:
    return STRANGER.sign(claims, kid=key.kid, jwk=STRANGER.public_jwk, jku="https://id.example.org/keys")


def with_others_claims(key: Key, claims: Claims) -> str:
    """The signature of another token of the same issuer."""
    head, _, signature = key.sign(claims).split(".")
    return f"{head}.{part({**claims, 'sub': 'eve'})}.{signature}"


def with_payload(raw: bytes) -> Forge:
    """Signed by the issuer, but without claims."""
    return lambda key, _: PyJWS().encode(raw, key.private, key.algorithm, {"kid": key.kid, "typ": "at+jwt"})


NOW = time.time()
HEADER, FORM = "algorithm or type", "form or signature"
FORGERIES: Mapping[str, tuple[str, Forge]] = {
    "expired": ("exp", with_claims(exp=NOW - 1)),
    "without an end": ("exp", with_claims(exp=None)),
    "with an end in words": ("exp", with_claims(exp="2999-01-01")),
    "with an end in quotes": ("exp", with_claims(exp=str(int(NOW) + 86_400))),
    "without any end": ("exp", with_claims(exp=float("inf"))),
    "with an end that is no number": ("exp", with_claims(exp=float("nan"))),
    "not valid yet": ("nbf", with_claims(nbf=NOW + 86_400)),
    "valid from some day on": ("nbf", with_claims(nbf="tomorrow")),
    "for another server": ("aud", with_claims(aud="http://127.0.0.1:9000/other")),
    "for a part of this server": ("aud", with_claims(aud="http://127.0.0.1:9000/mcp/")),
    "for other servers": ("aud", with_claims(aud=["http://127.0.0.1:9000/other", "desktop"])),
    "for a client, as an ID token": ("aud", with_claims(aud="desktop")),
    "for nobody": ("aud", with_claims(aud=None)),
    "of another issuer": ("iss", with_claims(iss="https://id.example.org")),
    "of no issuer": ("iss", with_claims(iss=None)),
    "without a subject": ("sub", with_claims(sub=None)),
    "with an empty subject": ("sub", with_claims(sub="")),
    "with a number as subject": ("sub", with_claims(sub=7)),
    "with an endless subject": ("sub", with_claims(sub="a" * 1001)),
    "without a client": ("client_id", with_claims(client_id=None, azp=None)),
    "with a list as client": ("client_id", with_claims(client_id=["desktop"])),
    "of another type": (HEADER, with_header(typ="logout+jwt")),
    "unsigned": (HEADER, unsigned("none")),
    "unsigned, in other letters": (HEADER, unsigned("None")),
    "with a list as algorithm": (HEADER, unsigned(["ES256"], b"0" * 64)),
    "signed with the public key": (HEADER, by_public_key),
    "without a key id": ("kid", with_header(kid=None)),
    "with an algorithm of another key": ("kid", unsigned("RS256", b"0" * 256)),
    "signed by a stranger": ("kid", lambda _, claims: STRANGER.sign(claims)),
    "with an unknown demand": (FORM, with_header(crit=["exp"], exp=1)),
    "with a list as key id": (FORM, unsigned("ES256", b"0" * 64, kid=["first"])),
    "with a signature cut off": (FORM, unsigned("ES256")),
    "with a made-up signature": (FORM, unsigned("ES256", b"0" * 64)),
    "signed by a stranger in the issuer's name": (FORM, lambda key, claims: STRANGER.sign(claims, kid=key.kid)),
    "signed by a key that it brings": (FORM, by_a_key_that_it_brings),
    "with the claims of another token": (FORM, with_others_claims),
    "with half a character in the subject": (FORM, with_claims(sub="\ud800")),
    "with no JSON for claims": (FORM, with_payload(b"{")),
    "with a list for claims": ("claims", with_payload(b"[]")),
}
"""Each with what the operator reads. They are made for an ES256 key, and for claims that are right."""
