"""What Prometheus reads of a server, by its own parser."""

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from rememberizer_mcp.server.http.metrics import Metrics

CALLS, SECONDS = "rememberizer_mcp_tool_calls_total", "rememberizer_mcp_tool_call_seconds"
REQUESTS, REFRESHES = "rememberizer_mcp_upstream_requests_total", "rememberizer_mcp_refreshes_total"
SESSIONS = "rememberizer_mcp_sessions"


def exposition(metrics: Metrics) -> str:
    """What is answered to whoever reads them."""
    return generate_latest(metrics.registry).decode()


def samples(text: str, name: str) -> dict[tuple[str, ...], float]:
    """The samples of this name, by the values of their labels, which are in the order of the labels' names."""
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


def labels(text: str) -> set[tuple[str, str]]:
    """Each label of a metric of ours, with each value that it has."""
    ours = [each for each in text_string_to_metric_families(text) if each.name.startswith("rememberizer_mcp_")]
    return {label for family in ours for sample in family.samples for label in sample.labels.items()}
