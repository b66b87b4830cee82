"""How Rememberizer's answers are read: the design's table, row by row, which a test holds against every call.

It is written by hand and not taken from the code. The first row that fits an answer decides.
"""

from typing import NamedTuple

from tests.docs.markdown import table

SIGN_IN, SIGN_IN_SOLVED = "sign-in without a captcha response", "sign-in with one"
SIGN_UP, SIGN_UP_SOLVED = "sign-up without a captcha response", "sign-up with one"
VERIFY, REFRESH, SIGN_OUT = "verification", "refresh", "sign-out"
CODE, RENEWAL = "OAuth code", "OAuth refresh"
ACCOUNT, UNVERIFIED, KEY = "other call, verified session", "other call, unverified session", "other call, API key"
CALLS = (SIGN_IN, SIGN_IN_SOLVED, SIGN_UP, SIGN_UP_SOLVED, VERIFY, REFRESH, SIGN_OUT, CODE, RENEWAL)
OTHER_CALLS = (ACCOUNT, UNVERIFIED, KEY)

JSON, NOTHING, PAGE, TEXT = "JSON", "nothing", "a web page", "other text"
BARE = "JSON: a text, number or boolean alone"
CAPTCHA, NOT_VERIFIED, TAKEN = "JSON about a captcha", "JSON: address not verified", "JSON: address exists"
QUOTA, DENIED, ERROR = "JSON about a quota", "JSON about credentials", "JSON with `error`"
OF_API, NOT_OF_API = (JSON, NOTHING), (PAGE, TEXT)
ANYTHING = (*OF_API, *NOT_OF_API)

SUCCESS = range(200, 300)
REFUSED = (400, 401, 403)
DENIALS = (401, 403)
WRONG = (400, 409, 422)
OF_SERVER = range(500, 600)
NO_SUCCESS = (*range(100, 200), *range(300, 600))


class Row(NamedTuple):
    """Which answers to which calls mean which code."""

    calls: tuple[str, ...]
    statuses: tuple[int, ...] | range
    bodies: tuple[str, ...]
    code: str

    def fits(self, call: str, status: int, body: str) -> bool:
        """Whether it says what this answer means; JSON about something is JSON."""
        kinds = {body, JSON if body.startswith(JSON) else body}
        return call in self.calls and status in self.statuses and not kinds.isdisjoint(self.bodies)


EVERY_CALL = (*CALLS, *OTHER_CALLS)
ROWS = (
    Row(EVERY_CALL, REFUSED, (*NOT_OF_API, BARE), "upstream_unavailable"),
    Row(EVERY_CALL, (429,), ANYTHING, "rate_limited"),
    Row(EVERY_CALL, OF_SERVER, ANYTHING, "upstream_unavailable"),
    Row(EVERY_CALL, SUCCESS, NOT_OF_API, "upstream_protocol"),
    Row((SIGN_IN,), REFUSED, (CAPTCHA,), "captcha_required"),
    Row((SIGN_IN_SOLVED,), REFUSED, (CAPTCHA,), "captcha_rejected"),
    Row((SIGN_IN, SIGN_IN_SOLVED), REFUSED, (NOT_VERIFIED,), "email_not_verified"),
    Row((SIGN_IN, SIGN_IN_SOLVED), REFUSED, OF_API, "invalid_credentials"),
    Row((SIGN_UP,), (*WRONG, *DENIALS), (CAPTCHA,), "captcha_required"),
    Row((SIGN_UP_SOLVED,), (*WRONG, *DENIALS), (CAPTCHA,), "captcha_rejected"),
    Row((SIGN_UP, SIGN_UP_SOLVED), WRONG, (TAKEN,), "email_taken"),
    Row((SIGN_UP, SIGN_UP_SOLVED), WRONG, ANYTHING, "invalid_arguments"),
    Row((SIGN_UP, SIGN_UP_SOLVED), DENIALS, OF_API, "forbidden"),
    Row((VERIFY,), (400, 404, 422), ANYTHING, "invalid_verification_code"),
    Row((VERIFY,), DENIALS, OF_API, "session_expired"),
    Row((REFRESH,), REFUSED, OF_API, "session_expired"),
    Row((CODE,), (*SUCCESS, *NO_SUCCESS), (ERROR,), "sign_in_failed"),
    Row((CODE,), REFUSED, OF_API, "sign_in_failed"),
    Row((RENEWAL,), (*SUCCESS, *NO_SUCCESS), (ERROR,), "session_expired"),
    Row((RENEWAL,), REFUSED, OF_API, "session_expired"),
    Row((KEY,), (401,), OF_API, "invalid_credentials"),
    Row((KEY,), (400, 403), (DENIED,), "invalid_credentials"),
    Row((ACCOUNT, UNVERIFIED), (401,), OF_API, "session_expired"),
    Row(OTHER_CALLS, (402,), ANYTHING, "quota_exceeded"),
    Row(OTHER_CALLS, (404,), ANYTHING, "not_found"),
    Row(OTHER_CALLS, range(400, 500), (QUOTA,), "quota_exceeded"),
    Row((UNVERIFIED,), (403,), OF_API, "email_not_verified"),
    Row((ACCOUNT, KEY), (403,), OF_API, "forbidden"),
    Row(OTHER_CALLS, (400, 409, 413, 415, 422), ANYTHING, "invalid_arguments"),
    Row(EVERY_CALL, NO_SUCCESS, ANYTHING, "upstream_protocol"),
)

_NAMES = {
    EVERY_CALL: "any",
    (SIGN_IN, SIGN_IN_SOLVED): "sign-in",
    (SIGN_UP, SIGN_UP_SOLVED): "sign-up",
    (ACCOUNT, UNVERIFIED): "other call, session",
    (ACCOUNT, KEY): "other call, verified session or API key",
    OTHER_CALLS: "other call",
    (*NOT_OF_API, BARE): f"a web page, other text or {BARE}",
    ANYTHING: "anything",
    SUCCESS: "2xx",
    OF_SERVER: "5xx",
    NO_SUCCESS: "any other but 2xx",
    (*SUCCESS, *NO_SUCCESS): "any other",
    range(400, 500): "any other 4xx",
}


def expected(call: str, status: int, body: str) -> str | None:
    """The code that the table gives; nothing for a success, which the contract of each call decides."""
    return next((row.code for row in ROWS if row.fits(call, status, body)), None)


def answers_table() -> str:
    """The rows, in their order."""
    return table("call | status | body | code", [_shown(row) for row in ROWS])


def _shown(row: Row) -> str:
    calls, bodies = (_NAMES.get(each) or " or ".join(each) for each in (row.calls, row.bodies))
    statuses = _NAMES.get(row.statuses) or ", ".join(map(str, sorted(row.statuses)))
    return f"{calls} | {statuses} | {bodies} | [`{row.code}`](#{row.code})"
