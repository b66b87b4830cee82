"""``PageRecord``: a sign-in page as other processes know it, in JSON."""

import logging
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, ValidationError

from ..api.account import Me
from ..errors import Repair, SignInFailed
from ..sessions.session import Session
from .pending import End, FormName, PendingSignIn

logger = logging.getLogger(__name__)


def _texts(trouble: object) -> object:
    if not isinstance(trouble, SignInFailed):
        return trouble
    return trouble.message, trouble.repair.text if isinstance(trouble.repair, Repair) else trouble.repair


_EndByName = Annotated[
    End,
    BeforeValidator(lambda end: End.__members__.get(end, end) if isinstance(end, str) else end),
    PlainSerializer(lambda end: end.name),
]
_Trouble = Annotated[tuple[str, str], BeforeValidator(_texts)]


class PageRecord(BaseModel):
    """What ``PendingSignIn`` is made of; the names are its own."""

    model_config = ConfigDict(from_attributes=True, hide_input_in_errors=True)

    handle: str
    base_url: str
    form: FormName
    for_account: str | None
    name: str | None
    expires_at: float
    asked_by: str | None
    id: str
    ticket: str
    confirm_code: str
    another_account: bool
    entered_email: str | None
    attempts_left: int
    wants_code: bool
    trouble: _Trouble | None
    was_changed: bool
    end: _EndByName | None
    account: Me | None
    shows_email: bool
    browser: str | None

    @classmethod
    def of(cls, page: PendingSignIn) -> dict[str, Any]:
        """What JSON can hold of a page."""
        return cls.model_validate(page).model_dump(mode="json")

    @classmethod
    def read(cls, given: dict[str, Any]) -> "PageRecord | None":
        """A page from that; nothing if another release of this program wrote it in a form that can't be read."""
        try:
            return cls.model_validate(given)
        except ValidationError:
            logger.warning("what another process wrote of a page can't be read: do all run the same release?")
            return None

    def page(self, session: Session) -> PendingSignIn:
        """The same page here, as it was when it was opened."""
        return PendingSignIn(
            session=session,
            base_url=self.base_url,
            form=self.form,
            for_account=self.for_account,
            name=self.name,
            expires_at=self.expires_at,
            id=self.id,
            ticket=self.ticket,
            confirm_code=self.confirm_code,
        )

    def restore(self, page: PendingSignIn) -> None:
        """Have the page be so; what ended stays so."""
        for name in set(PageRecord.model_fields) - {"handle", "trouble", "end"}:
            setattr(page, name, getattr(self, name))
        page.trouble = SignInFailed(self.trouble[0], repair=Repair(self.trouble[1])) if self.trouble else None
        if self.end is not None and page.end is None:
            page.end = self.end
            page.ended.set()
