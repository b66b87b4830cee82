"""``rememberizer-mcp doctor``: says in one go why the server does not work. It only reads.

Each module holds one family of checks and gives findings. What can hang where Python can't interrupt it (a keyring's
dialog, a name that never resolves) runs aside, in a child process; so do the checks that need a library which may be
broken. This package itself needs the standard library, anyio and packaging only.
"""
