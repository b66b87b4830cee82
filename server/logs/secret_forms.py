"""What looks like a secret in words and names that others wrote, redacted by its form: nobody told us its value."""

import re

REDACTED = "[redacted]"
_NAMES = (
    r"[\w.-]{0,64}(?:(?:token|secret|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key|private[_-]?key|credential|bearer"
    r"|session[_-]?id|signature)[\w.-]{0,64}|pass|pwd|auth|key)"
)
_VALUE = r"""(?!\[redacted)(?:"[^"\n]*"?|'[^'\n]*'?|[^\s"'&,;}\])]+)"""
_FURTHER = r"(?:\s{1,32}[^\s@]{1,500}){1,3}"
"""Words in which a password goes on, since it holds spaces or was wrapped."""
_FORMS = (
    r"(?i)(://|%3a%2f%2f)\S{1,2000}(?=@|%40)",
    rf"(://)[^\s/:@]{{0,256}}:(?!\d{{1,5}}(?![^\s/]))[^\s@]{{0,500}}{_FURTHER}(?=@)",
    r"((?<!\S)[^\s:/@]{1,64}:)(?!//)[^\s@]{1,500}(?=@)",
    r"(\w://[^\s?#]{1,2000}(?:[?]|#(?=[^\s=]{1,64}=)))[^\s\"']+",
    r"(?i)((?:authorization|cookie|x-[\w-]{0,64}(?:key|token|auth))[\"']?\s*[:=]\s*)\S.*",
    r"(?i)\b((?:bearer|basic)\s+)[\w.~+/=-]{8,}",
    rf"(?i)((?<![\w.-]){_NAMES}[\"']?\s*=>?\s*){_VALUE}",
    rf"(?i)((?<![\w.-])(?!rememberizer_|key\s*:){_NAMES}[\"']?\s*:\s*){_VALUE}",
    rf"(?i)((?<!\S)-{{1,2}}{_NAMES}\s+){_VALUE}",
    rf"(?i)((?<![\w.-]){_NAMES}[\"']\s*,\s*)(?=[\"']){_VALUE}",
    r"((?<!\S)(?:-[uU]|--(?:proxy-)?user)[\s=]{0,8}[^\s:]{0,256}:)\S+",
    r"(?im)(\blogin\s{1,8}\S{1,256}\s{1,8}password\s{1,8})\S+",
    r"(?im)(^[ \t]*password[ \t]{1,8})\S+(?=[ \t]*$)",
    r"()\beyJ[\w-]{8,}(?:\.[\w-]+)*",
    (
        r"()(?<![a-zA-Z0-9])(?:sk|pk|rk|gh[opsur]|github_pat|glpat|xox[abeoprs]|pypi|npm|hf|mem|dckr_(?:pat|oat)|dop_v1"
        r"|shp(?:at|ca|pa|ss)|lin_api|gl(?:dt|rt|cbt))[-_](?=[\w.-]{0,64}\d)[\w.-]{16,}"
    ),
    r"()\b(?:A[KS]IA[0-9A-Z]{16}\b|AIza[\w-]{16,}|ATATT3[\w=.-]{16,}|ya29\.[\w-]{16,}|hvs\.[\w-]{16,})",
    r"()\bSG\.[\w-]{8,}\.[\w-]{8,}",
)
"""Addresses, headers, names with values, and the tokens of known services; of a match the first group stays.

A sentence of ours that begins with the name of a setting and a colon never holds its value. What may repeat is bounded,
so that a long line takes no long time.
"""


def redacted(text: str) -> str:
    """A line without what looks like a secret. Rather too much goes than too little."""
    for form in _FORMS:
        text = re.sub(form, rf"\1{REDACTED}", text)
    return text


def shown_name(name: str) -> str:
    """A name that somebody wrote, up to what is neither letter, digit nor underscore.

    A value may be in the rest, as in ``TOKEN=…``.
    """
    return redacted(re.sub(r"\W.*", "…", name, flags=re.DOTALL))
