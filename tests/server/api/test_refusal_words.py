"""By which words a refusal is told: each phrase here hangs on one of them alone."""

import httpx
import pytest
from rememberizer_mcp.server.api.body import Body
from rememberizer_mcp.server.api.client import Reply
from rememberizer_mcp.server.api.endpoints import ME
from rememberizer_mcp.server.api.refusals import refusal, speaks_of_credentials

from tests.server.api.test_refusals import refused, signin, signup

pytestmark = pytest.mark.promise("upstream:answers:codes")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("The address is not verified.", "email_not_verified"),
        ("The address hasn't been confirmed.", "email_not_verified"),
        ("The address was never verified.", "email_not_verified"),
        ("unverified", "email_not_verified"),
        ("The address needs to be verified.", "email_not_verified"),
        ("You need to confirm it.", "email_not_verified"),
        ("You need to be verified.", "email_not_verified"),
        ("It must be confirmed.", "email_not_verified"),
        ("You must verify it.", "email_not_verified"),
        ("Please verify it.", "email_not_verified"),
        ("Not yet verified.", "email_not_verified"),
        ("Verify your account.", "email_not_verified"),
        ("Confirm your address.", "email_not_verified"),
        ("Verify your e-mail.", "email_not_verified"),
        ("Verify your email.", "email_not_verified"),
        ("Verification required.", "email_not_verified"),
        ("Verification is required.", "email_not_verified"),
        ("email_verification_pending", "email_not_verified"),
        ("email_not_verified", "email_not_verified"),
        ("We could not verify the password.", "invalid_credentials"),
        ("We could not verify your credentials.", "invalid_credentials"),
        ("We could not verify this login.", "invalid_credentials"),
        ("We could not verify these credentials.", "invalid_credentials"),
        ("We could not verify credentials.", "invalid_credentials"),
        ("We could not confirm your identity.", "invalid_credentials"),
        ("The address is verified.", "invalid_credentials"),
        ("Unconfirmedly wrong.", "invalid_credentials"),
        ("The captcha is missing.", "captcha_required"),
        ("Show that you are not a robot.", "captcha_required"),
    ],
)
async def test_a_refused_sign_in(said: str, code: str) -> None:
    assert (await refused(signin(None), 403, {"detail": said})).code == code


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Such a user exists.", "email_taken"),
        ("These accounts exist.", "email_taken"),
        ("Known already: this e-mail.", "email_taken"),
        ("This address is taken.", "email_taken"),
        ("This login is in use.", "email_taken"),
        ("This account is registered.", "email_taken"),
        ("The mail must be unique.", "email_taken"),
        ("Such a page exists.", "invalid_arguments"),
        ("The domain of this address does not exist.", "invalid_arguments"),
        ("The user is mistaken.", "invalid_arguments"),
        ("The user is preregistered.", "invalid_arguments"),
    ],
)
async def test_a_refused_sign_up(said: str, code: str) -> None:
    assert (await refused(signup(None), 400, {"detail": said})).code == code


def answer(status: int, said: str) -> Reply:
    content = f'{{"detail": "{said}"}}'.encode()
    response = httpx.Response(status, content=content)
    return Reply(call=ME.call(), status=status, body=Body(content), response=response, sent_at_version=0)


@pytest.mark.parametrize(
    "said", ["Quota used up.", "Storage limit.", "Usage limit.", "The plan limit is 5.", "Payment required."]
)
@pytest.mark.parametrize("status", [400, 403, 409, 413, 418, 422])
def test_a_quota(status: int, said: str) -> None:
    assert refusal(answer(status, said), unverified=False).code == "quota_exceeded"


@pytest.mark.parametrize("said", ["Time limit.", "payment", "The plan has no limit."])
def test_no_quota(said: str) -> None:
    assert refusal(answer(400, said), unverified=False).code == "invalid_arguments"


WORST = ["invalid", "incorrect", "wrong", "unknown", "missing", "expired", "revoked"]


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize(
    "said",
    [
        "Authentication credentials were not provided.",
        "Authentication failed.",
        *(f"{word} API key" for word in WORST),
        *(f"The API key is {word}." for word in [*WORST, "not valid", "required"]),
        *(f"invalid {key}" for key in ("api_key", "api-key", "apikey", "access key")),
        "The access key was revoked.",
        "The API key has been revoked.",
        "api_key missing",
    ],
)
def test_a_refused_key(status: int, said: str) -> None:
    assert speaks_of_credentials(answer(status, said))


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, "Your API key may not do this."),
        (400, "invalid key"),
        (400, "The API key is good."),
        (404, "Invalid API key"),
        (403, "authentication"),
    ],
)
def test_a_refusal_that_is_not_of_the_key(status: int, said: str) -> None:
    assert not speaks_of_credentials(answer(status, said))
