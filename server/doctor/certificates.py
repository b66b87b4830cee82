"""The server's certificate, and the trust store that it is checked against."""

import ssl
from collections.abc import Mapping
from pathlib import Path

from ..api.probe import Probe, Stage
from .report import Finding

_EXPIRED = (10, -67818, 0x800B0101)
"""The code of each system: OpenSSL's, macOS's, Windows's. The last two also stand for a certificate of tomorrow."""
_NOT_YET_VALID = (9, -67819)
_WRONG_NAME = (62, 64, -67602, 0x800B010F)
_CHECK_CLOCK = "Check this machine's date and time; if they are right, whoever runs {host} has to renew it."
_CHECK_NAME = "Check {source}: is it the host that you mean? If it is, something between answers in its place."
_TRUST_IT = (
    "If your organisation inspects TLS, add its root certificate to the operating system's trust store, which the "
    "server uses{or_by_file}. If it does not, somebody else may be listening: sign in nowhere."
)
_BY_FILE = ", or name a PEM file that holds all trusted roots in SSL_CERT_FILE (in the host's block too)"
_PLACES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def certificates(seen: Probe, *, host: str, source: str, environ: Mapping[str, str], platform: str) -> list[Finding]:
    """What was seen of the certificate; nothing, where the request did not come that far.

    Args:
        seen: How far the request came.
        host: Whose certificate it is.
        source: The setting that names this host.
        environ: Where OpenSSL is told of other trust stores, except on macOS and Windows.
        platform: As ``sys.platform``.
    """
    native = platform in ("darwin", "win32")
    missing = [] if native else [name for name in _PLACES if environ.get(name) and not Path(environ[name]).exists()]
    findings = [
        Finding.warning("certificate", f"{name} names nothing that exists.", f"Correct or remove {name}.")
        for name in missing
    ]
    if seen.refusal:
        findings.append(_refused(seen.refusal, host=host, source=source, by_file="" if native else _BY_FILE))
    elif Stage.TLS in seen.ms:
        text = f"{host}'s is trusted by the operating system's store; TLS took {seen.ms[Stage.TLS]:.0f} ms."
        findings.append(Finding.ok("certificate", text, ms={"tls": seen.ms[Stage.TLS]}))
    return findings


def _refused(refusal: ssl.SSLCertVerificationError, *, host: str, source: str, by_file: str) -> Finding:
    match getattr(refusal, "verify_code", None):
        case code if code in _EXPIRED:
            text, step = "{host}'s has expired.", _CHECK_CLOCK
        case code if code in _NOT_YET_VALID:
            text, step = "{host}'s is not valid yet.", _CHECK_CLOCK
        case code if code in _WRONG_NAME:
            text, step = "The one that was shown is not for {host}.", _CHECK_NAME
        case _:
            text, step = "{host}'s comes from an issuer that this machine does not trust.", _TRUST_IT
    values = {"host": host, "source": source, "or_by_file": by_file}
    return Finding.failure("certificate", text.format(**values), step.format(**values))
