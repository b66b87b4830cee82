"""``Content``: a body that isn't held in memory."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Content:
    """A body that is made while it is sent; ``chunks`` has to give ``length`` bytes in all, or raise."""

    type: str
    length: int
    chunks: Callable[[], AsyncIterator[bytes]] = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """With the length known, the body isn't sent in HTTP's chunks, which not every server takes."""
        return {"Content-Type": self.type, "Content-Length": str(self.length)}
