"""A person at their browser, without one: keeps cookies, sends forms as they stand, and follows redirects by hand."""

import re
from html import unescape
from typing import Self

import httpx

from tests.support.process import LONGEST_SECONDS


class Visitor:
    """One browser profile with one tab; ``page`` is what it shows."""

    page: httpx.Response

    def __init__(self) -> None:
        self._http = httpx.Client(
            trust_env=False, timeout=LONGEST_SECONDS, event_hooks={"response": [self._trust_this_machine]}
        )
        self.trail: list[httpx.URL] = []
        """Where redirects led, in order."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    @property
    def text(self) -> str:
        return unescape(self.page.text)

    @property
    def cookies(self) -> list[str]:
        """The values of all that it keeps."""
        return [cookie.value or "" for cookie in self._http.cookies.jar]

    def open(self, url: str | httpx.URL, *, until: str | None = None) -> httpx.Response:
        """Go to an address, and on to where it leads, but not to this path."""
        return self._show(self._http.get(url), until=until)

    def press(self, button: str, *, until: str | None = None, **fields: str) -> httpx.Response:
        """Fill in the form that has a button, and press the button.

        Args:
            button: The words on it.
            until: Stop before a redirect to this path; it stands last in the trail.
            fields: What is filled in or chosen.
        """
        found = [
            (form, attributes)
            for form in re.findall(r"<form.*?</form>", self.page.text, re.DOTALL)
            for attributes, words in re.findall(r"<button([^>]*)>([^<]*)</button>", form)
            if words == button
        ]
        assert len(found) == 1, self.text
        ((form, attributes),) = found
        action = re.match(r'<form[^>]* action="([^"]+)"', form)
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
        pressed = re.findall(r'name="([^"]+)" value="([^"]*)"', attributes)
        origin = {"Origin": f"{self.page.url.scheme}://{self.page.url.netloc.decode()}"}
        target = self.page.url.join(unescape(action[1]) if action else "")
        answer = self._http.post(target, data=dict(hidden) | dict(pressed) | fields, headers=origin)
        return self._show(answer, until=until)

    def _trust_this_machine(self, _: httpx.Response) -> None:
        """Let ``Secure`` cookies go to a server here over plain http too, as browsers do."""
        for cookie in self._http.cookies.jar:
            cookie.secure = False

    def _show(self, response: httpx.Response, *, until: str | None = None) -> httpx.Response:
        self.page = response
        while self.page.has_redirect_location:
            self.trail.append(self.page.url.join(self.page.headers["Location"]))
            if self.trail[-1].path == until:
                break
            self.page = self._http.get(self.trail[-1])
        return self.page
