"""``Written``: what the result of every tool that writes has."""

from pydantic import BaseModel


class Written(BaseModel):
    """In whose account something was done: its e-mail as far as that is known, or the setting of the key."""

    account: str | None
