"""``make docs`` writes every generated region anew, of the pages of this checkout or of another folder."""

import sys
from pathlib import Path

from tests.docs.regions import pages, rewritten
from tests.docs.registry import REGIONS
from tests.docs.settings_page import only

with only({}):  # the settings of whoever runs this are not the defaults
    for page in pages(*map(Path, sys.argv[1:])):
        page.write_text(rewritten(page.read_text(encoding="utf-8"), REGIONS), encoding="utf-8")
