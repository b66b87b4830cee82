"""``python -m tests.benchmarks.upstream PORT``: a Rememberizer that answers at once, in a process of its own.

Everybody may sign in, and each search finds the same five passages.
"""

import json
import secrets
import sys

import uvicorn
from starlette.types import Receive, Scope, Send

from tests.support.knowledge import match
from tests.support.upstream import PREFIX

PASSAGE = "Tea from the first harvest is picked by hand in spring, and dried in the shade. " * 5
FOUND = {"matched_chunks": [match(number, PASSAGE) for number in range(5)]}
ME = {"name": "Ada", "email_verified": True}
BODIES = {"auth/signin/": b"", "documents/search/": json.dumps(FOUND).encode(), "me/": json.dumps(ME).encode()}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request of a sign-in or a search; no two sign-ins get the same tokens."""
    while (await receive()).get("more_body"):
        pass
    path = scope["path"].removeprefix(PREFIX)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODIES[path])).encode())]
    if path == "auth/signin/":
        tokens = ("access_token", "refresh_token")
        headers += [(b"set-cookie", f"{name}={secrets.token_urlsafe(200)}; Path=/".encode()) for name in tokens]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODIES[path]})


if __name__ == "__main__":
    # It keeps connections longer than its clients do, so that it never closes one on which a client asks just then.
    port = int(sys.argv[1])
    uvicorn.run(app, port=port, http="h11", lifespan="off", log_config=None, access_log=False, timeout_keep_alive=75)
