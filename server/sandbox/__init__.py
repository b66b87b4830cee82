"""A Rememberizer-compatible HTTP service for tests, demos and first tries: Starlette on SQLite.

It stands apart: of the rest it imports `loopback.py` only, and only `app.py`, `cli/` and tests import it.
Every reply carries `X-Rememberizer-Sandbox: 1`; there is no real account behind it, and no mail leaves the machine.
"""
