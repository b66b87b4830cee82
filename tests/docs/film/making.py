"""Record, cut and draw."""

from pathlib import Path

from playwright.async_api import Browser

from tests.docs.film.cutting import cut
from tests.docs.film.drawing import draw
from tests.docs.film.recording import record

WORDS = (
    "A terminal runs make demo: an agent searches, and the person has to sign in first; the sign-in page in the "
    "person's browser shows the same confirm code as the terminal; then the agent searches, reads and remembers, signs "
    "out and signs up."
)


async def make(browser: Browser, folder: Path) -> str:
    """The picture, of a demo that runs now."""
    recording = await record(browser, folder)
    return draw(recording, cut(recording), words=WORDS)
