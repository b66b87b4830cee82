"""What the failures of the HTTP library are as our errors."""

import httpx

from .. import errors
from .proxies import UnusableProxy

_CUT = ("Server disconnected", "peer closed connection")


def mapped(error: Exception) -> errors.RememberizerError:
    """Our error for one of ``kept_connections.FAILURES``, most specific first."""
    match error:
        case UnusableProxy():
            return error.as_failure()
        case httpx.TimeoutException():
            return errors.UpstreamTimeout()
        case httpx.NetworkError() | httpx.ProxyError():
            return errors.UpstreamUnreachable()
        case httpx.RemoteProtocolError() if str(error).startswith(_CUT):
            return errors.UpstreamUnreachable()
        case _:
            return errors.UpstreamProtocolError()
