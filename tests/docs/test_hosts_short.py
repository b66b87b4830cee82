"""The README's table of hosts."""

import pytest
from rememberizer_mcp.server.hosts.table import HOSTS

from tests.docs.hosts_short import SEEN


@pytest.mark.promise("repository:pages:generated")
def test_what_is_seen_is_told_of_every_host_and_of_no_other() -> None:
    assert set(SEEN) == set(HOSTS)
