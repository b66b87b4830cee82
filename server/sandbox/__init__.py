"""A Rememberizer-compatible HTTP service for tests, demos and first tries: Starlette on SQLite.

It stands apart: of the rest it imports `loopback.py` only, and only `app.py`, `cli/` and tests import it.
Every reply carries `X-Rememberizer-Sandbox: 1`; there is no real account behind it, and no mail leaves the machine.

Where to look: `app.py` puts the parts together, `endpoints/` has one module per family of the API, `listener.py` puts
the service on a loopback port, `mailbox.py` reads the outbox of a sandbox that runs elsewhere.
"""
