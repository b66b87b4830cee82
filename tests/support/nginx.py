"""nginx with the lines of docs/hosting.md, before servers of ours on this machine, by TLS."""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.docs.page import blocks
from tests.docs.regions import ROOT
from tests.support.http_server import first_line
from tests.support.process import LONGEST_SECONDS, running

PAGE = ROOT / "docs" / "hosting.md"
CERTIFICATE = "/etc/ssl/mcp.example.org"
PORTS = (8000, 8001)
"""Those of our servers on the page."""
AROUND = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr notice;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{site}
}}
"""


@dataclass(frozen=True)
class Proxy:
    """nginx, and what a client needs of it."""

    port: int
    folder: Path

    @property
    def authority(self) -> Path:
        """The certificate that clients trust."""
        return self.folder / "authority.pem"

    @property
    def trust(self) -> ssl.SSLContext:
        """The same, for a client in this process."""
        return ssl.create_default_context(cafile=self.authority)

    @property
    def access_log(self) -> str:
        return (self.folder / "access.log").read_text(encoding="utf-8")


@contextmanager
def nginx(
    folder: Path, *, port: int, server_ports: Sequence[int], changes: Mapping[str, str] | None = None
) -> Iterator[Proxy]:
    """Serve https on that port of this machine by the page's lines, with these changes, before servers of ours.

    They are one or two, as on the page.
    """
    site, of_two = blocks(PAGE.read_text(encoding="utf-8"), "nginx")
    if len(server_ports) == len(PORTS):
        site = f"{of_two}{site.partition('}')[2]}"
    here = {"listen 443 ": f"listen 127.0.0.1:{port} ", CERTIFICATE: str(folder)}
    theirs_and_ours = zip(PORTS, server_ports, strict=False)
    here |= {f"server 127.0.0.1:{theirs}": f"server 127.0.0.1:{ours}" for theirs, ours in theirs_and_ours}
    for theirs, ours in {**here, **(changes or {})}.items():
        assert theirs in site, theirs
        site = site.replace(theirs, ours)
    _certify(folder)
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, site=site), encoding="utf-8")
    command = ("nginx", "-e", "stderr", "-p", str(folder), "-c", "nginx.conf")
    with running(command=command) as process:
        said = first_line(process)
        assert "[notice]" in said, said
        yield Proxy(port, folder)
        process.popen.terminate()
        assert process.popen.wait(LONGEST_SECONDS) == 0


def _certify(folder: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(folder / "authority.pem")
    certificate.private_key_pem.write_to_path(folder / "privkey.pem")
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(folder / "fullchain.pem", append=True)
