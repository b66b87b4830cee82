"""What other processes are to know of an owner, in JSON: ``OwnerRecord`` and ``TokensRecord``."""

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ..api.credentials import Dumped
from .grant import Grant
from .meant import Meant
from .session import Session
from .shelf import Part
from .states import EndedAccount, EndedPage, State

logger = logging.getLogger(__name__)
T = TypeVar("T", bound=BaseModel)


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True, strict=False, hide_input_in_errors=True)


class _GrantRecord(_Record):
    """A sign-in without its tokens; the names are those of ``Grant``."""

    id: str
    held_state: State
    account: str | None
    name: str | None
    method: str | None
    meant: Meant
    is_unattended: bool
    page_id: str | None
    verifies_elsewhere: bool


class SessionRecord(_Record):
    """A session without its pages; the names are those of ``Session``.

    >>> none = dict.fromkeys(("account", "name", "method", "page_id"))
    >>> fresh = {"id": "g", "held_state": "signed_out", "meant": ["ada@example.org", True, True], **none}
    >>> fresh |= {"is_unattended": False, "verifies_elsewhere": False}
    >>> record = {"handle": "rs_1", "started_at": 5, "meant": [None, True, True], "last_page": None, "grant": fresh}
    >>> SessionRecord.model_validate(record).grant.meant.account
    'ada@example.org'
    """

    handle: str
    started_at: float
    meant: Meant
    last_page: EndedPage | None
    grant: _GrantRecord

    def restore(self, session: Session) -> None:
        """Have the session be so, which has this handle."""
        session.started_at, session.meant, session.last_page = self.started_at, self.meant, self.last_page
        session.hold(self.grant.id, is_oauth=self.grant.method == "oauth")
        for name in _GrantRecord.model_fields:
            setattr(session.grant, name, getattr(self.grant, name))


class OwnerRecord(_Record):
    """An owner's session, if there is one, and what is remembered of those before."""

    session: SessionRecord | None
    ended: EndedAccount | None
    last_page: EndedPage | None
    pages: list[dict[str, Any]]
    """The sign-in pages of the owner, open or ended."""


class TokensRecord(_Record):
    """The tokens of one sign-in, which are secret.

    >>> from rememberizer_mcp.server.api.credentials import Credentials
    >>> from rememberizer_mcp.server.logs.redaction import KnownSecrets
    >>> held = Credentials(secrets=KnownSecrets())
    >>> held.adopt_refresh_token("r", url="https://api.example.org/")
    >>> TokensRecord(grant="g", was_refused=False, credentials=held.dump()).credentials.cookies[0].value
    'r'
    """

    grant: str
    was_refused: bool
    credentials: Dumped

    @classmethod
    def of(cls, grant: Grant) -> "TokensRecord":
        """Those of this sign-in."""
        return cls(grant=grant.id, was_refused=grant.was_refused, credentials=grant.credentials.dump())

    def restore(self, grant: Grant) -> bool:
        """Have the sign-in hold them, if they are its own; say whether."""
        is_own = grant.id == self.grant
        if is_own:
            grant.was_refused = self.was_refused
            grant.credentials.load(self.credentials)
        return is_own


class Copy(NamedTuple):
    """What is known here of a record."""

    versions: Mapping[Part, str] = {}
    session: bytes = b""
    """A digest of its part."""
    tokens: tuple[object, ...] = ()
    """What tells whether its part changed."""
    tried: Mapping[Part, str] = {}
    """Versions that were to be written, and of which it is not known whether they were."""
    is_saved: bool = True
    """Whether others know all that was done here."""


NO_COPY = Copy()
OUTDATED = Copy({"session": ""})
"""There was a record, and whatever stands there by now is new, or else the session is gone."""


def parsed(kind: type[T], value: bytes | None) -> T | None:
    """What stands there; nothing if another release of this program wrote it in a form that can't be read."""
    try:
        return kind.model_validate_json(value or b"")
    except ValidationError:
        logger.warning("what another process wrote of a session can't be read: do all run the same release?")
        return None
