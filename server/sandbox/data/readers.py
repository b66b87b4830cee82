"""Who reads documents, and which of them."""

from dataclasses import dataclass

from .accounts import Account
from .documents import SEED_SHELF, account_shelf


@dataclass(frozen=True, kw_only=True)
class Reader:
    """An account, the shelves that the request may read, and the memento that it is limited to, if any."""

    account: Account
    shelves: tuple[str, ...]
    only: int | None


def reader(account: Account, memento: str) -> Reader:
    """Make the reader of `all` documents, of `none`, or of those of the memento with this id."""
    shelves = () if memento == "none" else (account_shelf(account.id), SEED_SHELF)
    return Reader(account=account, shelves=shelves, only=int(memento) if memento.isdecimal() else None)
