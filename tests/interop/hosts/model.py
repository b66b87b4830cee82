"""``Model``: stands in a model's place. A host asks it what to do next, and the test says that.

It listens on loopback, and it is the proxy of the host too: so it sees whatever the host asks anybody else for.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import Any

from tests.interop.hosts.dialects import Call, Dialect, Turn
from tests.interop.run import LONGEST_SECONDS

LAST_WORDS = "That is all."


class Model(ThreadingHTTPServer):
    """The model of one conversation.

    Args:
        dialect: The form in which the host speaks.
        prefix: How the host's names of our tools begin.
    """

    daemon_threads = True

    def __init__(self, dialect: Dialect, prefix: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.dialect, self.prefix = dialect, prefix
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.received: list[bytes] = []
        """Every body that the host sent."""
        self.refused: list[str] = []
        """All else that it asked for, also of others."""
        self._turns: SimpleQueue[Turn] = SimpleQueue()
        self._said: SimpleQueue[Call | str] = SimpleQueue()
        self._calls = 0

    def offered(self) -> list[str]:
        """Wait until the host begins the conversation; the names of our tools that it offers."""
        return self._ours(self._turns.get(timeout=LONGEST_SECONDS))

    def asks(self, tool: str, **arguments: Any) -> None:
        """Have the host call one of our tools."""
        self._said.put(Call(self.prefix + tool, arguments, self._calls))
        self._calls += 1

    def reads(self) -> str:
        """Wait for what came of that call, as the host shows it to its model."""
        results = self._turns.get(timeout=LONGEST_SECONDS).results
        assert len(results) == self._calls
        return results[-1]

    def call(self, tool: str, **arguments: Any) -> str:
        """Both of them."""
        self.asks(tool, **arguments)
        return self.reads()

    def ends(self) -> None:
        """Say the last words of the conversation."""
        self._said.put(LAST_WORDS)

    def answer(self, body: bytes) -> bytes:
        """What the model says to a request; nothing to one without our tools, which is some errand of the host's."""
        self.received.append(body)
        turn = self.dialect.turn(json.loads(body))
        if not self._ours(turn):
            return self.dialect.stream("")
        self._turns.put(turn)
        return self.dialect.stream(self._said.get(timeout=LONGEST_SECONDS))

    def _ours(self, turn: Turn) -> list[str]:
        return [name.removeprefix(self.prefix) for name in turn.tools if name.startswith(self.prefix)]


class _Handler(BaseHTTPRequestHandler):
    server: Model

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.partition("?")[0].endswith(self.server.dialect.path):
            self._send(200, self.server.answer(body))
        else:
            self._refuse()

    def _refuse(self) -> None:
        self.server.refused.append(self.requestline)
        self._send(404, b"")

    do_CONNECT = do_GET = do_HEAD = _refuse  # noqa: N815 -- the names are http.server's

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the signature is http.server's
        """Print nothing."""

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(dialect: Dialect, prefix: str) -> Iterator[Model]:
    """Serve until the end."""
    with Model(dialect, prefix) as model:
        thread = threading.Thread(target=model.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield model
        finally:
            model.ends()  # to whoever still waits
            model.shutdown()
            thread.join()
