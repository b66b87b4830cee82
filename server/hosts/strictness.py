"""What a host's file holds that this host itself refuses to read: it then starts without its servers, or not at all."""

from . import json_text
from .files import BOM, HostFile
from .refusal import Oddity
from .table import Host


def refused(host: Host, file: HostFile) -> Oddity | None:
    """What of the file the host refuses, if it does.

    Args:
        host: Whose file it is.
        file: One that we can read ourselves.
    """
    odd = json_text.oddities(file.text) if host.refuses else set()
    if (file.content or b"").startswith(BOM.encode()):
        odd.add(Oddity.MARK)
    return next((each for each in Oddity if each in odd & host.refuses), None)
