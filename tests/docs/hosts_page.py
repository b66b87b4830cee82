"""The tables of docs/hosts.md: where each host keeps its file, and what is done after an install."""

from pathlib import Path

from rememberizer_mcp.server.hosts.system import Platform, System
from rememberizer_mcp.server.hosts.table import HOSTS

from tests.docs.markdown import table

HOME = Path("/HOME")
APPDATA = str(HOME / "AppData" / "Roaming")


def hosts_table() -> str:
    """Each host's file on each system."""
    rows = [
        f"{host.title} | {_shown(host.path(_system('darwin')))} | {_shown(host.path(_system('win32')))} | "
        f"{_shown(host.path(_system('linux')))}"
        for host in HOSTS.values()
    ]
    return table("host | macOS | Windows | Linux", rows)


def next_steps() -> str:
    """What a person does in each host afterwards."""
    rows = [f"{host.title} | {host.form.upper()}, `{host.key}` | {host.next_step}" for host in HOSTS.values()]
    return table("host | form and place in the file | what to do next", rows)


def _system(platform: Platform) -> System:
    return System(
        platform=platform,
        home=HOME,
        environ={},
        prefix=HOME,
        python=HOME,
        scripts=HOME,
        has_keyring=False,
        direct_url=None,
        which=lambda _: None,
    )


def _shown(path: Path) -> str:
    text = str(path)
    if text.startswith(APPDATA):
        return f"`{text.replace(APPDATA, '%APPDATA%').replace('/', chr(92))}`"
    return f"`{text.replace(str(HOME), '~')}`"
