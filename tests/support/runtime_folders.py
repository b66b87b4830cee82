"""What may be in the way where the sandbox makes a folder for its runtime files."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

NOBODY = 65534


def by_somebody_else(folder: Path) -> None:
    """As another user of the machine takes it; who is not root can only keep himself from making it."""
    others: list[Callable[[], None]] = [folder.mkdir, partial(os.chown, folder, NOBODY, -1)]
    for step in others if os.geteuid() == 0 else [partial(folder.parent.chmod, 0o500)]:
        step()


def by_a_file(folder: Path) -> None:
    folder.write_text("in the way")


def by_a_link(folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    folder.symlink_to(elsewhere)


def by_a_dangling_link(folder: Path) -> None:
    folder.symlink_to(folder.parent / "nowhere")


IN_THE_WAY: tuple[Callable[[Path], None], ...] = (by_somebody_else, by_a_file, by_a_link, by_a_dangling_link)
