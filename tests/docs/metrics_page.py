"""The metrics of a server over HTTP, as the library lists them once each has counted something."""

from rememberizer_mcp.server.api import endpoints
from rememberizer_mcp.server.api.endpoints import Endpoint
from rememberizer_mcp.server.http.metrics import Metrics

from tests.docs.markdown import table


def metrics_table() -> str:
    """Each metric by the name under which it is read, with its labels and its own words."""
    metrics = Metrics()
    metrics.called("search", "ok", since=metrics.now())
    metrics.requested("documents", "2xx")
    metrics.refreshed(None)
    rows = []
    for family in metrics.registry.collect():
        labels = dict.fromkeys(label for sample in family.samples for label in sample.labels if label != "le")
        name = f"{family.name}_total" if family.type == "counter" else family.name
        rows.append(f"`{name}` | {family.type} | {listed(*labels)} | {family.documentation}")
    return table("metric | type | labels | what it says", rows)


def families() -> str:
    """The values of the label ``family``."""
    return listed(*dict.fromkeys(each.family for each in vars(endpoints).values() if isinstance(each, Endpoint)))


def listed(*names: str) -> str:
    return ", ".join(f"`{name}`" for name in names)
