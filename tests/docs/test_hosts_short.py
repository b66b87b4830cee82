"""The README's table of hosts."""

import pytest
from rememberizer_mcp.server.hosts.table import HOSTS

from tests.docs.hosts_short import SEEN
from tests.docs.regions import ROOT


@pytest.mark.promise("repository:pages:generated")
def test_what_is_seen_is_told_of_every_host_and_of_no_other() -> None:
    assert set(SEEN) == set(HOSTS)


@pytest.mark.promise("repository:pages:generated")
def test_the_page_of_hosts_names_the_versions_that_were_run_and_the_hosts_that_were_not() -> None:
    page = (ROOT / "docs" / "hosts.md").read_text(encoding="utf-8").partition("## Which hosts were run")[2]
    rows, _, rest = page.partition("## Config files")[0].partition("These were run by hand too")
    (not_run,) = [line for line in rest.splitlines() if "were not run" in line]
    for name, seen in SEEN.items():
        assert (HOSTS[name].title in not_run) == (seen.version is None)
        assert seen.version is None or seen.version in rows
