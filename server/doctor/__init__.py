"""``rememberizer-mcp doctor``: says in one go why the server does not work. It only reads.

``run`` is the way through it. Settings, network, keyring and browser are checked in child processes, one for each
distinct set of variables (``examination``), since these checks can hang or need a library that may be broken. The
doctor's own process needs the standard library, anyio, click and packaging; what reads the hosts' files is guarded, and
left behind where a file can't be read in time.
"""
