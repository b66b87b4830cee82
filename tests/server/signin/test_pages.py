"""The pages as bytes: their headers, what they hold, and what they never do."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from rememberizer_mcp.server.signin import pages as module

from tests.server.signin.support import FORMS, RESET, SITE_KEY, TICKET, VIEWS, View, form, pages, render, seen, text

HOSTILE = "\"><script>alert('1')</script>\u202egpj.exe\x07"
PATHS = ("sign-in", "sign-up", "browser-session", "another-account")
TYPED = ("sign_in.html", "sign_up.html", "browser_session.html")
"""Where a secret is typed: the first two take a password."""
ESCAPED = "&#34;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;gpj.exe"


def hash_in(page: str, tag: str) -> str:
    """The one element of this tag that has its text in the page, as a policy names it."""
    (inline,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"


def expected_headers(policy: str) -> dict[str, str]:
    return {
        "cache-control": "no-store",
        "content-security-policy": policy,
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": (
            "camera=(), display-capture=(), geolocation=(), hid=(), microphone=(), midi=(), "
            "payment=(), serial=(), usb=()"
        ),
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "content-type": "text/html; charset=utf-8",
    }


@pytest.mark.promise("page:request:not-framed-not-stored")
def test_the_headers_admit_the_pages_own_style_and_script_and_nothing_else() -> None:
    response = render(VIEWS["sign-in"])
    headers = dict(response.headers)
    assert int(headers.pop("content-length")) == len(response.body)
    page = bytes(response.body).decode()
    assert headers == expected_headers(
        "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"script-src {hash_in(page, 'script')}; style-src {hash_in(page, 'style')}; img-src data:"
    )


@pytest.mark.promise("page:request:not-framed-not-stored", "page:look:asks-nothing-else")
def test_a_site_key_admits_googles_captcha_and_nothing_else() -> None:
    response = render(VIEWS["sign-in"], pages(recaptcha_site_key=SITE_KEY))
    headers = dict(response.headers)
    headers.pop("content-length")
    assert headers == expected_headers(
        "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"script-src {hash_in(bytes(response.body).decode(), 'script')} "
        "https://www.google.com/recaptcha/ https://www.gstatic.com/recaptcha/; "
        "frame-src https://www.google.com/recaptcha/ https://recaptcha.google.com/recaptcha/; "
        "connect-src https://www.google.com/recaptcha/; style-src 'unsafe-inline'; "
        "img-src data: https://www.gstatic.com/recaptcha/"
    )


def test_a_form_may_lead_to_the_page_that_asks_for_consent() -> None:
    policy = pages(form_target="https://api.rememberizer.ai/api/v1/auth/").headers["Content-Security-Policy"]
    assert "; form-action 'self' https://api.rememberizer.ai; " in policy


def test_the_sandbox_has_its_own_check_and_asks_google_nothing() -> None:
    both = pages(sandbox=True, recaptcha_site_key=SITE_KEY)
    assert both.headers == pages().headers
    assert "google" not in text(VIEWS["sign-in"], both)


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("sandbox", [False, True])
def test_every_page_is_whole_and_speaks_of_its_service(name: str, sandbox: bool) -> None:
    given = pages(sandbox=sandbox)
    page, parsed = text(VIEWS[name], given), seen(VIEWS[name], given)
    assert page.startswith("<!doctype html>\n")
    assert render(VIEWS[name], given).status_code == VIEWS[name].status
    assert parsed.all("html") == [{"lang": "en"}]
    assert [len(parsed.all(tag)) for tag in ("main", "h1", "title", "header", "footer")] == [1] * 5
    assert ("Sandbox: no real account" in page) is sandbox
    service = "the Rememberizer sandbox" if sandbox else "Rememberizer"
    assert (f"goes from here to {service} and nowhere else; the assistant never sees it." in page) is (
        VIEWS[name].template in TYPED
    )
    assert ("Your password goes" in page) is (VIEWS[name].template in TYPED[:2])


@pytest.mark.promise("page:request:not-framed-not-stored", "page:look:asks-nothing-else")
@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("sandbox", [False, True])
def test_no_page_holds_a_strangers_script_or_asks_for_anything(name: str, sandbox: bool) -> None:
    """``data:`` is the empty icon; everything else leads to the page itself."""
    parsed = seen(VIEWS[name], pages(sandbox=sandbox))
    assert parsed.all("script") == [{}]
    assert not {tag for tag, _ in parsed.elements} & {"iframe", "object", "embed", "img", "base"}
    names = {name for _, attributes in parsed.elements for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in ("style", "src", "srcset", "formaction")]
    targets = {attributes.get(key) for _, attributes in parsed.elements for key in ("href", "action")} - {None}
    elsewhere = RESET if VIEWS[name].template == "sign_in.html" and not sandbox else None
    assert targets - {elsewhere} <= {"data:,", TICKET, *(f"{TICKET}/{form}" for form in PATHS)}
    assert text(VIEWS[name], pages(sandbox=sandbox)).count("://") == (elsewhere is not None)


def test_googles_script_is_the_only_other_and_only_where_a_captcha_is() -> None:
    given = pages(recaptcha_site_key=SITE_KEY)
    for name, view in VIEWS.items():
        parsed = seen(view, given)
        wanted = name.startswith("sign-")
        script = {"src": "https://www.google.com/recaptcha/api.js", "async": None, "defer": None}
        widget = [attributes for _, attributes in parsed.elements if attributes.get("class") == "g-recaptcha"]
        assert parsed.all("script") == ([script, {}] if wanted else [{}])
        assert [each["data-sitekey"] for each in widget] == ([SITE_KEY] if wanted else [])


HOSTILE_VIEWS = {
    "email": form("sign_in.html", values={"email": HOSTILE}),
    "name": form("sign_up.html", values={"name": HOSTILE}),
    "error": form("sign_in.html", error=HOSTILE),
    "error-at-field": form("sign_in.html", error=HOSTILE, field="email"),
    "error-at-captcha": form("sign_in.html", error=HOSTILE, field="captcha"),
    "asked-by": form("sign_in.html", asked_by=HOSTILE),
    "confirm-code": form("sign_up.html", confirm_code=HOSTILE),
    "base": form("oauth.html", base=HOSTILE),
    "mailed-to": form("verify.html", email=HOSTILE),
    "done-email": View("done.html", {"email": HOSTILE, "name": None, "verified": True}),
    "done-name": View("done.html", {"email": None, "name": HOSTILE, "verified": True}),
    "account": form("sign_in.html", account={"masked": HOSTILE, "another": False}),
    "other-account": form("sign_in.html", account={"masked": HOSTILE, "another": True}),
    "another-account": form("another_account.html", account={"masked": HOSTILE, "another": False}),
    "reason": View("stopped.html", {"reason": HOSTILE, "advice": ""}),
}


@pytest.mark.promise("page:request:not-framed-not-stored")
@pytest.mark.parametrize("name", HOSTILE_VIEWS)
def test_text_from_outside_stays_text(name: str) -> None:
    for given in (pages(), pages(sandbox=True)):
        page = text(HOSTILE_VIEWS[name], given)
        assert ESCAPED in page
        assert not re.search("[\u202e\x07]", page)
        assert page.count("<script") == 1


def test_a_site_key_stays_text_too() -> None:
    page = text(VIEWS["sign-in"], pages(recaptcha_site_key=HOSTILE))
    assert ESCAPED in page
    assert page.count("<script>") == 1


@pytest.mark.parametrize("name", VIEWS)
def test_a_value_that_was_forgotten_is_an_error(name: str) -> None:
    view = VIEWS[name]
    for missing in set(view.values) - {"values", "field"}:
        kept = {key: value for key, value in view.values.items() if key != missing}
        with pytest.raises(UndefinedError):
            render(View(view.template, kept))


@pytest.mark.promise("page:forms:no-secret-back")
@pytest.mark.parametrize("name", FORMS)
def test_no_secret_is_rendered_back(name: str) -> None:
    secrets = {key: f"canary-{key}" for key in ("password", "refresh_token", "verification_code")}
    view = FORMS[name]
    values = {**view.values, **secrets, "values": {**view.values["values"], **secrets, "captcha": "canary-captcha"}}
    for given in (pages(), pages(sandbox=True)):
        assert "canary" not in text(View(view.template, values), given)


def test_no_template_goes_unseen() -> None:
    folder = Path(module.__file__).parent / "templates"
    shown = {view.template for view in VIEWS.values()}
    partial = {"base.html", "form.html"}
    assert {path.name for path in folder.glob("*.html") if not path.name.startswith("_")} - partial == shown
