"""Folders of which files may be uploaded from one, and everything that may stand in it."""

import os
from pathlib import Path

SECRET = b"canary-of-a-private-file"
ODD = [
    "a b.txt",
    "a\nb.txt",
    "-.txt",
    "~.txt",
    "$(HOME).txt",
    "\u202e.txt",
    "ﬁle.txt",
    "...",
    " .txt",
    "*.txt",
    "\\.txt",
]


def made_in(path: Path) -> Path:
    """``allowed`` with files, folders and links of every kind, beside ``private`` with a secret."""
    allowed, private = path / "allowed", path / "private"
    (allowed / "inner" / "deep").mkdir(parents=True)
    private.mkdir()
    (private / "secret.txt").write_bytes(SECRET)
    for folder in (allowed, allowed / "inner", allowed / "inner" / "deep"):
        for name in ("file.txt", *ODD):
            (folder / name).write_bytes(b"public")
    links = {
        "file-link.txt": private / "secret.txt",
        "folder-link": private,
        "relative-link.txt": Path("..") / "private" / "secret.txt",
        "chain-link": allowed / "folder-link",
        "self-link": allowed / "self-link",
        "inside-link.txt": allowed / "file.txt",
        "up-link": allowed.parent,
        "root-link": Path("/"),
        "nowhere-link.txt": allowed / "nothing",
    }
    for name, target in links.items():
        (allowed / name).symlink_to(target)
        (allowed / "inner" / name).symlink_to(target)
    os.mkfifo(allowed / "pipe.txt")
    return path
