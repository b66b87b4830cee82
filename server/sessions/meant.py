"""``Meant``: whose sign-in is wanted, and whether somebody named that account."""

from typing import NamedTuple

from ..api.account import fits


class Meant(NamedTuple):
    """The account that a call, a page or a sign-in is for.

    >>> Meant("ada@example.org").fits("Ada@example.org"), Meant("ada@example.org").fits(None), Meant().fits(None)
    (True, False, True)
    """

    account: str | None = None
    """Its e-mail. Without one anybody's account will do, unless it is one that nobody knows."""
    is_named: bool = True
    """Whether a call, the settings or the keyring named it; only such an account replaces the keyring's last one.

    An account that ended is signed in again, and nobody named it by that.
    """
    is_known: bool = True
    """``False`` for an account that ended and whose e-mail is not known: no sign-in is known to be of it."""

    def fits(self, account: str | None) -> bool:
        """Whether an account is the one that is meant, as far as that is known, or any will do."""
        return self.is_known and fits(account, meant=self.account)

    def beside(self, last: str | None) -> "Meant":
        """The same, beside the keyring's last account: where there is none, this becomes it."""
        return self._replace(is_named=True) if last is None else self


NOBODY_MEANT = Meant()
