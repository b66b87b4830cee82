"""What each page shows, and what its form posts."""

import re

import pytest
from rememberizer_mcp.server.sandbox.config import SANDBOX_CAPTCHA

from tests.server.signin.support import CODE, FORMS, RESET, SITE_KEY, TICKET, VIEWS, View, pages, seen, text

CONSENT = "https://api.rememberizer.ai/api/v1/auth/"


@pytest.mark.parametrize("name", FORMS)
def test_every_form_shows_the_confirm_code_and_what_it_is_for(name: str) -> None:
    page = text(FORMS[name])
    assert f">{CODE}</p>" in page
    assert "If it shows others, or none, close this page and don" in page


def test_no_other_page_shows_it() -> None:
    for name in set(VIEWS) - set(FORMS):
        view = VIEWS[name]
        assert CODE not in text(View(view.template, {**view.values, "confirm_code": CODE}))


@pytest.mark.parametrize(
    ("name", "form_name", "fields"),
    [
        ("sign-in", "sign_in", {"email": "username", "password": "current-password"}),
        ("sign-up", "sign_up", {"name": "name", "email": "username", "password": "new-password"}),
        ("browser-session", "browser_session", {"refresh_token": "off"}),
        ("another-account", "another_account", {}),
        ("verify", "verify", {"verification_code": "one-time-code"}),
        ("oauth", "oauth", {}),
    ],
)
def test_each_form_posts_its_fields_to_the_page(name: str, form_name: str, fields: dict[str, str]) -> None:
    parsed = seen(VIEWS[name])
    hidden, *inputs = [each for each in parsed.all("input") if each.get("value") != "cancel"]
    assert hidden == {"type": "hidden", "name": "form", "value": form_name}
    assert {each["name"]: each["autocomplete"] for each in inputs} == fields
    labels = {each["for"] for each in parsed.all("label")}
    assert labels == {each["id"] for each in inputs} == set(fields)
    assert not [each for each in inputs if "placeholder" in each or "value" in each]


def test_what_a_person_typed_and_is_no_secret_stays() -> None:
    parsed = seen(VIEWS["sign-up-again"])
    assert (parsed.named("email")["value"], parsed.named("name")["value"]) == ("ada@example.org", "Ada Lovelace")
    assert seen(VIEWS["sign-in-again"]).named("email")["value"] == "ada@example.org"


@pytest.mark.parametrize(("name", "secret"), [("sign-in", "password"), ("browser-session", "refresh_token")])
def test_secrets_are_typed_unseen(name: str, secret: str) -> None:
    assert seen(VIEWS[name]).named(secret)["type"] == "password"


def test_a_cookie_is_neither_kept_nor_checked_for_spelling() -> None:
    given = seen(VIEWS["browser-session"]).named("refresh_token")
    assert (given["autocomplete"], given["spellcheck"], given["autocapitalize"]) == ("off", "false", "none")


def test_a_code_can_be_left_for_later() -> None:
    parsed = seen(VIEWS["verify"])
    assert parsed.named("verification_code")["inputmode"] == "numeric"
    assert [each.get("name") for each in parsed.all("button")] == [None, "later"]
    assert "formnovalidate" in parsed.named("later")
    assert "<bdi>ada@example.org</bdi>" in text(VIEWS["verify"])


def test_the_sandbox_says_where_its_mail_is() -> None:
    assert "outbox" in text(VIEWS["verify"], pages(sandbox=True))
    assert "outbox" not in text(VIEWS["verify"])


@pytest.mark.promise("page:look:accessible")
@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("sign-in-again", "password"),
        ("sign-up-again", "email"),
        ("verify-again", "verification_code"),
    ],
)
@pytest.mark.parametrize("sandbox", [False, True])
def test_a_complaint_stands_at_its_field_and_leads_there(name: str, wrong: str, sandbox: bool) -> None:
    page, parsed = text(VIEWS[name], pages(sandbox=sandbox)), seen(VIEWS[name], pages(sandbox=sandbox))
    marked = [each for each in parsed.all("input") if "aria-invalid" in each]
    assert [(each["name"], each["aria-invalid"]) for each in marked] == [(wrong, "true")]
    assert "error" in str(marked[0]["aria-describedby"]).split()
    assert "autofocus" in marked[0]
    assert [attributes.get("id") for _, attributes in parsed.elements if attributes.get("role") == "alert"] == ["error"]
    assert "<title>Error: " in page


@pytest.mark.promise("page:look:accessible")
def test_a_complaint_about_no_field_stands_above_the_form_and_has_the_focus() -> None:
    page, parsed = text(VIEWS["sign-in-unreachable"]), seen(VIEWS["sign-in-unreachable"])
    (alert,) = [attributes for _, attributes in parsed.elements if attributes.get("role") == "alert"]
    assert alert == {"class": "error error-form", "role": "alert", "id": "error", "tabindex": "-1", "autofocus": None}
    assert page.index('role="alert"') < page.index("<form")
    assert not [each for each in parsed.all("input") if "aria-invalid" in each]


@pytest.mark.parametrize("name", ["sign-in", "sign-up", "verify", "browser-session"])
def test_without_a_complaint_nothing_is_marked(name: str) -> None:
    page = text(VIEWS[name]).partition("</style>")
    assert "Error" not in page[0]
    assert not re.search(r'aria-invalid=|role="alert"', page[2])


@pytest.mark.promise("page:look:first-field")
@pytest.mark.parametrize(
    ("name", "first"),
    [("sign-in", ["email"]), ("sign-up", ["name"]), ("verify", ["verification_code"]), ("browser-session", [])],
)
def test_without_a_complaint_the_first_field_has_the_focus(name: str, first: list[str]) -> None:
    """But where it has to be read first what to enter."""
    assert [each["name"] for each in seen(VIEWS[name]).all("input") if "autofocus" in each] == first


@pytest.mark.promise("page:look:first-field")
@pytest.mark.parametrize("sandbox", [False, True])
@pytest.mark.parametrize("name", ["sign-in", "sign-up", "verify"])
def test_a_screen_reader_says_the_confirm_code_at_the_control_that_has_the_focus(name: str, sandbox: bool) -> None:
    """Which stands below the code, so the code would be passed over."""
    parsed = seen(VIEWS[name], pages(sandbox=sandbox))
    ((_, focused),) = [each for each in parsed.elements if "autofocus" in each[1]]
    (confirm,) = parsed.all("section")
    assert confirm["id"] in str(focused["aria-describedby"]).split()


@pytest.mark.promise("page:refusal:captcha-leads-on")
@pytest.mark.parametrize(
    ("target", "way", "named"),
    [
        (None, f"{TICKET}/browser-session", "Sign in without a password (Google, Microsoft)"),
        (CONSENT, f"{TICKET}/oauth", "Sign in at Rememberizer instead"),
    ],
)
def test_where_no_captcha_can_be_shown_the_page_leads_to_the_way_that_works(
    target: str | None, way: str, named: str
) -> None:
    given = pages(form_target=target)
    page, parsed = text(VIEWS["sign-in-captcha"], given), seen(VIEWS["sign-in-captcha"], given)
    assert [each["href"] for each in parsed.all("a") if each.get("class") == "way"] == [way]
    assert page.index('role="alert"') < page.index(f">{named}</a>") < page.index("<form")
    assert not [each for each in parsed.all("input") if each["name"] == "captcha"]
    assert 'class="way"' not in text(VIEWS["sign-in-again"], given)


@pytest.mark.promise("page:look:accessible")
def test_a_complaint_about_the_sandboxs_captcha_stands_at_its_box() -> None:
    box = seen(VIEWS["sign-in-captcha"], pages(sandbox=True)).named("captcha")
    assert (box["aria-describedby"], box["aria-invalid"], "autofocus" in box) == ("error", "true", True)
    assert text(VIEWS["sign-in-captcha"], pages(sandbox=True)).count('role="alert"') == 1


def test_a_forgotten_password_is_rememberizers_to_reset() -> None:
    away = {"href": RESET, "target": "_blank", "rel": "noreferrer"}
    assert away in seen(VIEWS["sign-in"]).all("a")
    assert away not in seen(VIEWS["sign-in"], pages(sandbox=True)).all("a")


def test_the_sandbox_ticks_its_documented_captcha() -> None:
    box = seen(VIEWS["sign-in"], pages(sandbox=True)).named("captcha")
    assert box == {"type": "checkbox", "name": "captcha", "value": SANDBOX_CAPTCHA}


def test_a_complaint_about_googles_captcha_stands_at_the_widget() -> None:
    page = text(VIEWS["sign-in-captcha"], pages(recaptcha_site_key=SITE_KEY))
    assert page.index('role="alert"') < page.index("g-recaptcha") < page.index("<button")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("done", "as <b><bdi>Ada Lovelace</bdi></b>, <bdi>ada@example.org</bdi></p>"),
        ("done-unverified", "as <b><bdi>ada@example.org</bdi></b></p>"),
    ],
)
def test_the_last_page_says_whose_account_it_is(name: str, shown: str) -> None:
    assert shown in text(VIEWS[name])
    assert "You can close this tab and go back to your assistant." in text(VIEWS[name])


def test_the_last_page_can_do_without_a_name() -> None:
    page = text(VIEWS["done-unknown"])
    assert "<bdi>" not in page
    assert "None" not in page


def test_the_last_page_says_when_an_address_is_still_to_be_verified() -> None:
    sentence = "still has to be verified"
    assert [sentence in text(VIEWS[name]) for name in ("done", "done-unverified")] == [False, True]


def test_an_end_says_why_and_where_to_begin_again() -> None:
    page = text(VIEWS["stopped"])
    assert "There were too many wrong attempts." in page
    assert "ask your assistant for a new link" in page
    assert "Ask your assistant to start the sign-in again" in text(VIEWS["refused"])


ACCOUNT = "Your assistant asked for <b><bdi>a…@example.org</bdi></b>. No other account is taken here."


@pytest.mark.promise("page:account:meant")
def test_each_form_says_whose_sign_in_it_is_and_where_to_choose_another() -> None:
    for name in ("sign-in-account", "sign-up-account", "browser-session-account", "oauth-account"):
        assert ACCOUNT in text(VIEWS[name])
        assert {"href": f"{TICKET}/another-account"} in seen(VIEWS[name]).all("a")
    for name in ("sign-in", "sign-up", "browser-session", "oauth", "sign-in-another", "another-account", "verify"):
        assert ACCOUNT not in text(VIEWS[name])
        assert {"href": f"{TICKET}/another-account"} not in seen(VIEWS[name]).all("a")


@pytest.mark.promise("page:account:meant")
def test_the_address_of_the_account_may_stay_empty_and_is_not_filled_in() -> None:
    for name, described in (("sign-in-account", "email-hint confirm"), ("sign-up-account", "email-hint")):
        given = seen(VIEWS[name]).named("email")
        assert ("required" in given, "value" in given, given["aria-describedby"]) == (False, False, described)
        assert "Leave it empty for a…@example.org." in text(VIEWS[name])
    for name in ("sign-in", "sign-up", "sign-in-another"):
        given = seen(VIEWS[name]).named("email")
        assert ("required" in given, "email-hint" in str(given.get("aria-describedby"))) == (True, False)
    assert "Leave it empty for the one that your assistant gave." in text(VIEWS["sign-up-account"])
    assert "assistant gave" not in text(VIEWS["sign-up"])


@pytest.mark.promise("page:account:another-by-step")
def test_the_question_about_another_account_leads_back_too() -> None:
    assert {"href": TICKET} in seen(VIEWS["another-account"]).all("a")
    assert "it is told so" in text(VIEWS["another-account"])
    assert "and you chose to use another account." in text(VIEWS["sign-in-another"])


def test_a_code_is_mailed_to_your_address_where_it_is_not_known() -> None:
    assert "A code was mailed to your address." in " ".join(text(VIEWS["verify-unknown"]).split())
    assert "<bdi>a…@example.org</bdi>" in text(VIEWS["verify-elsewhere"])


@pytest.mark.promise("page:refusal:other-way")
@pytest.mark.parametrize("name", ["sign-in", "sign-up"])
@pytest.mark.parametrize(("target", "way"), [(None, "browser-session"), (CONSENT, "oauth")])
def test_both_ways_to_an_account_lead_to_the_way_without_a_password(name: str, target: str | None, way: str) -> None:
    ways = {f"{TICKET}/{each}" for each in ("browser-session", "oauth")}
    links = [each["href"] for each in seen(VIEWS[name], pages(form_target=target)).all("a")]
    assert ways.intersection(links) == {f"{TICKET}/{way}"}


@pytest.mark.promise("page:refusal:api-key")
def test_the_way_without_a_password_says_where_a_key_is_made_and_which_setting_takes_it() -> None:
    page = " ".join(text(VIEWS["browser-session"]).split())
    for words in ("Google or Microsoft", "<b>API Key</b>", "<code>REMEMBERIZER_API_TOKEN_FILE</code>"):
        assert words in page
    assert [each["name"] for each in seen(VIEWS["browser-session"]).all("input")] == ["form", "refresh_token", "form"]
