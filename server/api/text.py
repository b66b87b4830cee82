"""Text that comes from upstream and goes to a model: data, cleaned before it leaves this folder (S26).

Whatever nobody sees can carry a sentence that only the model reads. So every invisible character goes, unless it stands
where scripts and emoji need it: one, right behind a character that it changes. As many in a row as no text has are
rationed, since the choice between them could spell out a sentence.
"""

import re
from typing import NamedTuple

_HIDDEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # C0 and C1 controls, except tab, line feed and carriage return
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"  # Default_Ignorable_Code_Point, format controls, and blanks that count as letters
    "\ud800-\udfff"  # lone surrogates have no UTF-8 form
)
_PICTURE = (
    "\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff\u3030\u303d"
    "\u3297\u3299\U0001f000-\U0001faff"
)
_IDEOGRAPH = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_JOINING = (
    "\u0590-\u061b\u061d-\u0dff\u0f00-\u109f\u1780-\u17b3\u17b6-\u180a\u1810-\u18af\u1b00-\u1bff\ua840-\uabff"
    "\ufb1d-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff\U0001e900-\U0001e95f"
)
_MARK = "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
_NEEDED = (
    f"(?<![{_JOINING}][\u200c\u200d])",  # Arabic to Adlam: letters that join or don't
    f"(?<![{_MARK}]\u034f(?=[{_MARK}]))",  # Hebrew and Arabic marks in another order than the usual
    "(?<![\u1820-\u18aa][\u180b-\u180f])",  # Mongolian: the form of a letter, and the separator before a vowel
    f"(?<![{_PICTURE}][\ufe0e\ufe0f])",
    "(?<![#*0-9]\ufe0f(?=\u20e3))",  # keycaps
    f"(?<![{_PICTURE}]\u200d(?=[{_PICTURE}]))",
    f"(?<![{_PICTURE}]\ufe0f\u200d(?=[{_PICTURE}]))",  # families, professions, other flags
    f"(?<![{_IDEOGRAPH}][\ufe00-\ufe02\U000e0100-\U000e010f])",  # the form of an ideograph; later ones are rare
    "(?<![\u1000-\u109f\u2200-\u22ff\u2a00-\u2aff\u3000-\u303f\ua840-\ua877\uff00-\uff60][\ufe00-\ufe02])",
    "(?<![\u2801-\u28ff]\u2800)",  # the space of Braille
    "(?<![\U00013000-\U0001342f][\U00013430-\U0001343f])",  # Egyptian: how hieroglyphs stand
)
_UNSEEN = re.compile(f"[{_HIDDEN}]{''.join(_NEEDED)}")
_RATIONED = re.compile(
    "(?P<JOINERS>[\u034f\u180b-\u180f\u200c\u200d\ufe0e\ufe0f])"
    "|(?P<FORMS>[\ufe00-\ufe02\U00013430-\U0001343f\U000e0100-\U000e010f])"
)
_TAGS = "|".join("".join(chr(0xE0000 + ord(letter)) for letter in code) for code in ("gbeng", "gbsct", "gbwls"))
_FLAG = re.compile(f"(\U0001f3f4(?:{_TAGS})\U000e007f)")
"""The flags of England, Scotland and Wales, the only ones that are written in tag characters."""
_WEB = re.compile(r"https?://[^\s/?#\\]", re.IGNORECASE)


class _Ration(NamedTuple):
    """How many unseen characters of a kind a stretch of text may hold: ``most``, and one more for each ``length``."""

    most: int
    length: int


RATIONS = {"JOINERS": _Ration(most=32, length=8), "FORMS": _Ration(most=8, length=32)}
"""Joiners are frequent in Persian and Malayalam; forms are rare in names, and many of them can be chosen from."""


def clean(text: str) -> str:
    """Remove what nobody sees: control, bidirectional, invisible, filling and tag characters, and hidden selectors."""
    if text.isascii() and text.isprintable():  # as most names, dates and addresses are
        return text
    parts = _FLAG.split(text)
    return _rationed("".join(part if number % 2 else _UNSEEN.sub("", part) for number, part in enumerate(parts)))


def _rationed(text: str) -> str:
    """The text without those unseen characters that are too many where they stand."""
    room = {kind: ration.most * ration.length for kind, ration in RATIONS.items()}
    filled = dict.fromkeys(RATIONS, 0)
    dropped = 0

    def kept(found: re.Match[str]) -> str:
        nonlocal dropped
        kind, place = str(found.lastgroup), found.start() - dropped
        most, length = RATIONS[kind]
        room[kind] = min(most * length, room[kind] + place - filled[kind])
        filled[kind] = place
        stays = room[kind] >= length
        room[kind] -= length * stays
        dropped += not stays
        return found[0] * stays

    return _RATIONED.sub(kept, text)


def clean_line(text: str, *, limit: int = 254) -> str:
    """The same as one line of at most ``limit`` characters."""
    return " ".join(clean(text).split())[:limit]


def web_address(text: str, *, limit: int) -> str | None:
    """The same as one line, if it begins as ``http`` or ``https`` addresses do; one that would have to be cut is none.

    Hosts make links of addresses, and a link of another scheme can run a script or open a program.
    """
    address = clean_line(text, limit=limit + 1)
    return address if len(address) <= limit and _WEB.match(address) else None
