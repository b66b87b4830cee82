"""A Rememberizer-compatible HTTP service for tests, demos and first tries: Starlette on SQLite.

It stands apart from the rest of the package: it imports nothing of it, and only `app.py`, `cli.py` and tests import it.
Every reply carries `X-Rememberizer-Sandbox: 1`; there is no real account behind it, and no mail leaves the machine.

Where to look: `app.py` puts the parts together, `endpoints/` has one module per family of the API, `listener.py` and
`serve.py` put the service on a loopback port, `mailbox.py` reads the outbox of a sandbox that runs elsewhere.
"""
