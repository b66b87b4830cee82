"""What the API answers instead of doing what it was asked, and the four shapes of its body."""

from collections.abc import Mapping

from ..config import ErrorShape

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="api"'}


class Refusal(Exception):
    """A request is answered by an error status (rememberizer-api.md §7)."""

    def __init__(
        self, status: int, code: str, detail: str, *, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.field = field
        """The field at fault, used by the shape `fields`."""
        self.headers = headers

    def body(self, shape: ErrorShape) -> dict[str, object]:
        """Give the JSON body in that shape."""
        match shape:
            case "envelope":
                return {"data": None, "message": " ".join(self._lines()), "code": self.code}
            case "non_field_errors":
                return {"non_field_errors": self._lines()}
            case "fields" if self.field:
                return {self.field: [self.detail]}
        return self._stock_body()

    def _lines(self) -> list[str]:
        return [self.detail]

    def _stock_body(self) -> dict[str, object]:
        return {"detail": self.detail}


class InvalidFields(Refusal):
    """Fields are missing or unusable: the sentences stand under each field's name."""

    def __init__(self, fields: Mapping[str, list[str]], *, status: int = 400) -> None:
        super().__init__(status, "invalid", "Invalid input.")
        self.fields = fields

    def _lines(self) -> list[str]:
        return [f"{name}: {text}" for name, texts in self.fields.items() for text in texts]

    def _stock_body(self) -> dict[str, object]:
        return dict(self.fields)


def not_authenticated() -> Refusal:
    """Nothing in the request says who asks."""
    return Refusal(401, "not_authenticated", "Authentication credentials were not provided.", headers=_CHALLENGE)


def invalid_token() -> Refusal:
    """The access token is unknown, expired or revoked."""
    return Refusal(401, "token_not_valid", "Given token not valid for any token type", headers=_CHALLENGE)


def invalid_api_key() -> Refusal:
    """The API key is unknown, or another was issued in its place."""
    return Refusal(401, "authentication_failed", "Invalid API key.", headers=_CHALLENGE)


def permission_denied() -> Refusal:
    """It is known who asks, and that is not enough."""
    return Refusal(403, "permission_denied", "You do not have permission to perform this action.")


def not_found() -> Refusal:
    """There is nothing of this id, or nothing that the request may see."""
    return Refusal(404, "not_found", "Not found.")


def foreign_store(status: int) -> Refusal:
    """The API key belongs to another vector store; whether the one of the address exists is not said."""
    answers = {401: invalid_api_key, 403: permission_denied, 404: not_found}
    return answers[status]()


def quota_exceeded(status: int) -> Refusal:
    """The account's documents would be larger than its quota."""
    return Refusal(status, "quota_exceeded", "The embedding quota of this account is used up.", field="content")


def invalid_refresh_token(status: int) -> Refusal:
    """The refresh token is unknown, expired, revoked, or was used before."""
    return Refusal(status, "token_not_valid", "Token is invalid or expired", headers=_challenge(status))


def invalid_credentials(status: int) -> Refusal:
    """Login and password don't belong together; which of them is wrong is not said."""
    return Refusal(
        status,
        "authentication_failed",
        "Incorrect authentication credentials.",
        field="password",
        headers=_challenge(status),
    )


def email_not_verified(status: int) -> Refusal:
    """The credentials are right, but the address was never verified (variant `unverified_sign_in=refused`)."""
    return Refusal(
        status, "email_not_verified", "E-mail address is not verified.", field="login", headers=_challenge(status)
    )


def invalid_code(status: int) -> Refusal:
    """The verification code is wrong, expired, used, or was tried too often; which of them is not said."""
    return Refusal(status, "invalid", "Invalid or expired verification code.", field="verification_code")


def throttled(seconds: int) -> Refusal:
    """Too many requests; the wait is in whole seconds."""
    unit = "second" if seconds == 1 else "seconds"
    detail = f"Request was throttled. Expected available in {seconds} {unit}."
    return Refusal(429, "throttled", detail, headers={"Retry-After": str(seconds)})


def _challenge(status: int) -> Mapping[str, str] | None:
    return _CHALLENGE if status == 401 else None  # noqa: PLR2004 - the only status that must name a scheme (RFC 9110)
