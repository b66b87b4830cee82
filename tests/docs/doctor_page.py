"""The table of docs/doctor.md: what each line of the report is about."""

from collections.abc import Mapping

from rememberizer_mcp.server.doctor.entry import END_MS
from rememberizer_mcp.server.doctor.exchange import LEGACY, MODERN
from rememberizer_mcp.server.doctor.network import FAILURE_SECONDS, LIMIT_SECONDS, WARNING_SECONDS
from rememberizer_mcp.server.doctor.versions import NOT_BELOW

from tests.docs.markdown import table

LINES: Mapping[str, tuple[str, str, str]] = {
    "python": ("the Python that runs this", "", "it is older than is supported"),
    "packages": (
        "the packages that are installed, against those that are declared",
        "a version outside the declared range; the code is not installed",
        f"one is missing; `mcp` is below {NOT_BELOW['mcp'][0]}",
    ),
    "settings": (
        "each `REMEMBERIZER_*` variable that is set; of a secret only that it is set, and the file that it is in",
        "a variable that is no setting",
        "a value or a file that can't be used",
    ),
    "proxy": (
        "the proxy on the way to Rememberizer, and the variable that names it",
        "an entry of `NO_PROXY` that can't be understood",
        "it wants a password, refuses, hangs, or is of a kind that can't be used",
    ),
    "network": (
        f"name and connection, with their times; {LIMIT_SECONDS:g} s in all",
        "not checked, because `REMEMBERIZER_BASE_URL` can't be used",
        "no address, no connection, no TLS, no HTTP, or none in time",
    ),
    "certificate": (
        "TLS with its time, and the certificate, against the system's trust store",
        "`SSL_CERT_FILE` or `SSL_CERT_DIR` names nothing",
        "it has expired, is not valid yet, is for another name, or its issuer is not trusted",
    ),
    "api": (
        "the answer to a request without a sign-in, with its time",
        "429: too many requests",
        "anything but the API's refusal: another page, 404, 5xx",
    ),
    "clock": (
        "this machine's clock, against the date of the answer",
        f"over {WARNING_SECONDS:g} seconds apart",
        f"over {FAILURE_SECONDS / 60:g} minutes apart",
    ),
    "keyring": (
        "the system's keyring; it is read only if a sign-in is to be kept there",
        "not checked, because an entry asks for it and the doctor's own Python has no `keyring`",
        "`REMEMBERIZER_KEEP_SIGNED_IN` is `keyring`, and there is none, or it is locked or hangs",
    ),
    "browser": (
        "whether the server opens the sign-in page, and why not",
        "the server should open it, and finds no browser",
        "",
    ),
    "stdio": (
        f"our own command: the handshake of MCP {MODERN} and {LEGACY}, the tools, one call, and the end",
        f"it still runs {END_MS / 1000:g} s after the end of its input",
        "it does not start, does not answer, or writes something else to stdout",
    ),
    "hosts": (
        "our entries in the hosts' files, each started as that host does: with its variables and a short `PATH`",
        (
            "a file that we or the host can't read; an entry that is switched off, ignored by the host or of an old "
            "form, or that holds a placeholder or a value that is no text; an entry for a single folder; another "
            "server with our name; variables that only the shell has; as for `stdio`"
        ),
        "as for `stdio`, or the entry holds no command, or names a folder that is not there",
    ),
}
"""By name: what is looked at, what is a warning, what is a failure."""


def doctor_table() -> str:
    """Every line that there can be."""
    rows = [f"[`{name}`](#{name}) | {' | '.join(cells)}" for name, cells in LINES.items()]
    return table("line | what is checked | warning | failure", rows)
