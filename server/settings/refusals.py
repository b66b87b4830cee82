"""What a setting's value must be, in plain words."""

_ALLOWED = {
    "bool_parsing": "must be `on` or `off`",
    "email": "must have the form of an e-mail address",
    "oauth_port": "must be a port from 1 to 65535",
    "recaptcha_site_key": "must be a site key: letters, digits, `-` and `_`",
    "sign_in_minutes": "must be a number above 0, at most 1440",
    "session_idle_minutes": "must be a number above 0",
    "session_hours": "must be a number above 0",
    "timeout_seconds": "must be a number above 0, at most 600",
}
"""What a value must be, by pydantic's kind of error or by the setting, where pydantic's own words are less plain."""


def told(name: str, kind: str, message: str) -> str:
    """What is wrong with a setting: what our own validator says, or else what the setting may be.

    Args:
        name: The setting.
        kind: Of the error, as pydantic names it.
        message: What pydantic says.
    """
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    if kind == "literal_error":
        return message.replace("Input should", "must").replace("'", "`")
    return _ALLOWED.get(kind) or _ALLOWED.get(name, "is not in the right form")
