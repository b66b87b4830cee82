"""What starting a server showed: our own command, and those in hosts' files."""

from .entry import Entry
from .exchange import Era, Exchange
from .faults import Advice, explained
from .quoting import Quoting
from .report import Finding

END_MS = 1000.0
OURS = "rememberizer-mcp"
_OWN = Advice(
    install="Install rememberizer-mcp again in an environment of its own, such as `uvx rememberizer-mcp` makes.",
    settings="Correct the settings that are named above.",
)


def own_start(seen: Exchange, era: Era, *, quoting: Quoting, seconds: float) -> Finding:
    """Our own command.

    Args:
        seen: What came of it.
        era: That was spoken.
        quoting: How its words are shown.
        seconds: How long it had.
    """
    if seen.fault:
        text, step = explained(seen, seen.fault, _OWN, program=OURS, quoting=quoting, seconds=seconds)
        return Finding.failure("stdio", f"MCP {era}: the server {text}", step, ms=seen.ms)
    return _started("stdio", f"MCP {era}", seen)


def hosts_start(seen: Exchange, entry: Entry, *, quoting: Quoting, seconds: float) -> Finding:
    """The command in a host's file.

    Args:
        seen: What came of it.
        entry: The entry.
        quoting: How its words are shown.
        seconds: How long it had.
    """
    advice = Advice(
        install=f"Run `{entry.install}`. {entry.restart}",
        settings=f"Correct them in {entry.file}. {entry.restart}",
    )
    if seen.fault:
        text, step = explained(seen, seen.fault, advice, program=entry.command[0], quoting=quoting, seconds=seconds)
        return Finding.failure("hosts", f"{entry.title}: the command {text}", step, ms=seen.ms)
    if not seen.server.startswith(OURS):
        text = f"{entry.title}: under our name stands another server, {quoting.plain(seen.server) or 'without a name'}."
        return Finding.warning("hosts", text, advice.install, ms=seen.ms)
    return _started("hosts", entry.title, seen)


def _started(name: str, subject: str, seen: Exchange) -> Finding:
    text = f"{subject}: first answer after {seen.ms['first']:.0f} ms, {seen.tools} tools, nothing else on stdout."
    if seen.ms.get("end", END_MS + 1) <= END_MS:
        return Finding.ok(name, text, ms=seen.ms)
    step = "End what it leaves behind, and report it: a host would leave it running."
    return Finding.warning(name, f"{text} It did not end within a second of the end of its input.", step, ms=seen.ms)
