"""The front: it answers what hosts ask at their start, while the SDK still loads.

    stdin --> the front's lane, a thread -------- knows the line to the letter --------> stdout
                     |                                                                      ^
                     |  the first line that it doesn't know, and all that follow            |
                     v                                                                      |
              the SDK's lane, the main thread: settings, imports, build, serve -------------+

These answers are constant: ``front.json`` holds the SDK's own (``make snapshots``). There is no front if it isn't
certain which apply, or if other versions are installed than made them. When the front is done, the SDK is shown the
lines that later ones depend on (the opening, ``notifications/initialized``); its answer to the opening is dropped. The
end of the input ends the process within a second while the front reads; a request that waits for the SDK comes first.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib.machinery import PathFinder
from typing import Any

GRACE_SECONDS = 0.6  # how long the end of the input waits for the settings to be checked, once the host has an answer
LONGEST_LINE = 8192
PAGE, MOST_BYTES = 4096, 65536  # of a pipe that nobody reads: what fits can't keep the front from seeing its input end
LEAST_BYTES = 1024  # what an answer counts as at least: a socket needs as much for one
ARGUMENTS: Sequence[Sequence[str]] = ([], ["--sandbox"], ["serve"], ["serve", "--sandbox"])
SETTINGS = ("REMEMBERIZER_TOOLSETS", "REMEMBERIZER_READ_ONLY", "REMEMBERIZER_SECRET_ARGUMENTS")
SWITCH = {"on": "on", "true": "on", "1": "on", "off": "off", "false": "off", "0": "off"}
MODERN = "2026-07-28"
VERSION, ABILITIES, CLIENT = (
    f"io.modelcontextprotocol/{name}" for name in ("protocolVersion", "clientCapabilities", "clientInfo")
)
NOBODY = {"name": "", "version": ""}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
TREE, PLAIN = (dict,), (dict, list, str, int, bool)
CAPABILITIES: Mapping[str, Sequence[tuple[type, ...]]] = {
    "roots": [TREE, (bool,)],
    **{name: [TREE] * 6 for name in ("sampling", "elicitation", "tasks")},
    **{name: [TREE, TREE, *[PLAIN] * 6] for name in ("experimental", "extensions")},
}
"""The types of a capability's details, level by level."""


def chosen(data: Mapping[str, Any], arguments: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """The row of the data for these settings; None if that is not certain, or if a shell asks for completions."""
    toolsets, read_only, secrets = (environ.get(name) for name in SETTINGS)
    names = {part.strip() for part in (toolsets or "auth,knowledge").split(",")} - {""}
    known = ",".join(name for name in data["toolsets"] if name in names or "all" in names)
    doubtful = {name for name in environ if name.upper() in (*SETTINGS, "_REMEMBERIZER_MCP_COMPLETE")} - {*SETTINGS}
    certain = arguments in ARGUMENTS and not doubtful and not names - {*data["toolsets"], "all"}
    row = f"{known} {SWITCH.get(read_only or 'off')} {SWITCH.get(secrets or 'on')} {'--sandbox' in arguments}"
    return row if certain and row in data["rows"] else None


def installed(package: str) -> str | None:
    """The version of a package, by the folder that it would be imported from; None unless that folder names one."""
    spec = PathFinder.find_spec(package)
    folder = os.path.dirname(os.path.dirname((spec and spec.origin) or ""))  # noqa: PTH120 -- pathlib takes 6 ms
    found = [name for name in os.listdir(folder or "/") if name.startswith(f"{package}-")]  # noqa: PTH208 -- as above
    version, end, more = "".join(found).removeprefix(f"{package}-").partition(".dist-info")
    return version if end and not more else None


class Script:
    """The answers in one conversation, from one row of the data."""

    def __init__(self, data: Mapping[str, Any], row: str) -> None:
        self._data = data
        self._answers: Mapping[str, int] = dict(zip(data["questions"], data["rows"][row], strict=True))
        self._version = ""
        self.shown: list[bytes] = []
        """The lines that the SDK has to see too, the opening first."""

    def answer(self, line: bytes) -> bytes | None:
        """The SDK's answer to a line, empty where the SDK is silent; None where its answer is not known exactly."""
        message = _parse(line)
        if message in (INITIALIZED, INITIALIZED | {"params": {}}) and self._version != MODERN and len(self.shown) == 1:
            self.shown.append(line)
            return b""
        if message.keys() - {"params"} != {"jsonrpc", "id", "method"} or message["jsonrpc"] != "2.0":
            return None
        version = self._version_of(message["method"], message.get("params", {}))
        number = self._answers.get(f"{version} {message['method']}")
        if number is None or type(message["id"]) not in (int, str):
            return None
        self.shown += [] if self.shown else [line]
        self._version = version
        result = "".join(self._data["pieces"][piece] for piece in self._data["results"][number])
        identity = json.dumps(message["id"], ensure_ascii=False)
        return f'{{"jsonrpc":"2.0","id":{identity},"result":{result}}}{os.linesep}'.encode()

    def _version_of(self, method: Any, params: Any) -> Any:
        """The protocol version of a request; None if it is not well-formed, or not allowed at this point."""
        if type(params) is not dict:
            return None
        if method == "initialize":
            proper = not self.shown and params.keys() == {"protocolVersion", "capabilities", "clientInfo"}
            proper = proper and _introduces(params["clientInfo"], params["capabilities"])
            return params["protocolVersion"] if proper else None
        meta = params.get("_meta", {})
        if params.keys() - {"_meta"} or type(meta) is not dict:
            return None
        if self._version not in ("", MODERN):
            return None if meta else self._version
        proper = meta.keys() - {CLIENT} == {VERSION, ABILITIES} and meta[VERSION] == MODERN
        return MODERN if proper and _introduces(meta.get(CLIENT, NOBODY), meta[ABILITIES]) else None


def _parse(line: bytes) -> dict[str, Any]:
    """The object that a line holds, or an empty one unless it is written as JSON libraries write it."""
    try:
        text = line.decode().removesuffix("\n")
        message = json.loads(text)
        usual = [json.dumps(message, ensure_ascii=False, separators=each) for each in ((",", ":"), (", ", ": "))]
    except (ValueError, RecursionError):
        return {}
    return message if type(message) is dict and text in usual else {}


def _introduces(client: Any, capabilities: Any) -> bool:
    """Whether the SDK accepts this as the name and the capabilities of a client."""
    return (
        type(client) is dict
        and {"name", "version"} <= client.keys() <= {"name", "version", "title", "description", "websiteUrl"}
        and all(type(each) is str for each in client.values())
        and type(capabilities) is dict
        and all(_is_made_of(detail, CAPABILITIES.get(name, ())) for name, detail in capabilities.items())
    )


def _is_made_of(value: Any, kinds: Sequence[tuple[type, ...]]) -> bool:
    inner = value.values() if type(value) is dict else value if type(value) is list else ()
    return bool(kinds) and type(value) in kinds[0] and all(_is_made_of(each, kinds[1:]) for each in inner)


def filled(bytes_used: int, answer: bytes) -> int:
    """How full a pipe is after a write: Linux fills up the last page of its buffer, then starts a new one."""
    pages, rest = len(answer) // PAGE * PAGE, max(len(answer) % PAGE, LEAST_BYTES)
    free = -bytes_used % PAGE  # of the last page; ``select.poll`` tells of one page only, and not on Windows
    return bytes_used + pages + (free if pages and rest <= free else rest if rest <= free else free + rest)


class Front:
    """The front's lane, and what it leaves to the SDK's lane."""

    def __init__(self, script: Script, source: int, sink: int) -> None:
        self._script, self.source, self.sink = script, source, sink
        self.shown = script.shown
        self.unread = b""
        self.done = threading.Event()
        """Set when what is unread and the source belong to the SDK's lane."""
        self.usable = threading.Event()
        """Set by the SDK's lane when it has checked the settings."""
        self.ending = threading.Lock()
        """The lane that takes it ends the process; it is never given back."""

    def listen(self) -> None:
        """Answer up to the first line that is not known, or to the end."""
        bytes_used = 0
        try:
            while data := os.read(self.source, LONGEST_LINE):
                self.unread += data
                while b"\n" in self.unread:
                    line, end, rest = self.unread.partition(b"\n")
                    answer = self._script.answer(line + end)
                    bytes_used = filled(bytes_used, answer) if answer else bytes_used
                    if answer is None or bytes_used > MOST_BYTES:
                        return
                    while answer:
                        answer = answer[os.write(self.sink, answer) :]
                    self.unread = rest
                if b"\r" in self.unread or len(self.unread) > LONGEST_LINE:
                    return
            self.usable.wait(None if self.unread or not self.shown else GRACE_SECONDS)
            if not self.unread and self.ending.acquire(blocking=False):
                os._exit(0)
        except OSError:
            pass  # the SDK's lane will meet it too, and say so
        finally:
            self.done.set()


def start() -> Front | None:
    """The front of this process, which answers in a thread, if it is certain of its answers."""
    try:
        list(map(os.fstat, range(3)))  # before a copy or a file takes the place of one that is closed
        with open(f"{__file__.rpartition('.')[0]}.json", encoding="utf-8") as file:  # noqa: PTH123 -- as above
            data = json.load(file)
        row = chosen(data, sys.argv[1:], os.environ) if __doc__ else None  # the SDK's descriptions are docstrings too
        if row is None or {package: installed(package) for package in data["made_with"][0]} not in data["made_with"]:
            return None
        front = Front(Script(data, row), os.dup(0), os.dup(1))
    except OSError:  # such as a descriptor that is not open
        return None
    for each in (signal.SIGTERM, signal.SIGINT):  # until the SDK's lane serves
        signal.signal(each, lambda number, _: os._exit(128 + number))
    threading.Thread(target=front.listen, name="front", daemon=True).start()
    return front
