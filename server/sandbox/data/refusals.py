"""What the API answers instead of doing what it was asked (rememberizer-api.md §7)."""

from collections.abc import Mapping

_UNAUTHORIZED = 401


class Refusal(Exception):
    """A request is answered by an error status. A 401 names the scheme of its credentials (RFC 9110 §15.5.2)."""

    def __init__(
        self, status: int, code: str, detail: str, *, field: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.field = field
        """The field at fault, if one is; the error shape `fields` needs it."""
        self.headers = {"WWW-Authenticate": 'Bearer realm="api"'} if status == _UNAUTHORIZED else headers


class InvalidFields(Refusal):
    """Fields are missing or unusable: the sentences stand under each field's name."""

    def __init__(self, fields: Mapping[str, list[str]], *, status: int = 400) -> None:
        super().__init__(status, "invalid", "Invalid input.")
        self.fields = fields


def invalid_api_key() -> Refusal:
    """The API key is unknown, or another was issued in its place."""
    return Refusal(401, "authentication_failed", "Invalid API key.")


def permission_denied() -> Refusal:
    """It is known who asks, and that is not enough."""
    return Refusal(403, "permission_denied", "You do not have permission to perform this action.")


def not_found() -> Refusal:
    """There is nothing of this id or address, or nothing that the request may see."""
    return Refusal(404, "not_found", "Not found.")
