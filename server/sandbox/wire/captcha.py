"""The captcha check. A headless client can't solve a reCAPTCHA, so the sandbox accepts one documented token."""

from ..config import CaptchaMode
from .forms import Form

SANDBOX_CAPTCHA = "sandbox-captcha"
_MAX_LENGTH = 10_000


def check_captcha(form: Form, mode: CaptchaMode) -> None:
    """Complain of a captcha that is missing, or is not the sandbox's token. The token may be used again and again."""
    if mode == "off":
        return
    response = form.text("captcha", max_length=_MAX_LENGTH, required=mode == "required")
    form.require("captcha", response in ("", SANDBOX_CAPTCHA), "Invalid reCAPTCHA. Please try again.")
