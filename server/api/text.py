"""Text that comes from upstream and goes to a model: data, cleaned before it leaves this folder (S26)."""

import re

_UNSAFE = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # C0 and C1 controls, except tab, line feed and carriage return
    "\u202a-\u202e\u2066-\u2069"  # bidirectional overrides and isolates
    "\u200b\u2060\ufeff"  # invisible, and not the joiners that scripts and emoji need
    "\U000e0000-\U000e007f"  # tags
    "\ud800-\udfff"  # lone surrogates have no UTF-8 form
    "]"
)


def clean(text: str) -> str:
    """Remove control, bidirectional, invisible and tag characters."""
    return _UNSAFE.sub("", text)


def clean_line(text: str, *, limit: int = 254) -> str:
    """The same as one line of at most ``limit`` characters."""
    return " ".join(clean(text).split())[:limit]
