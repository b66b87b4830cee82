"""What the failures of the HTTP library are as our errors, and how a request ended for whoever counts."""

import httpx

from .. import errors
from .budget import is_over
from .kept_connections import FAILURES
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


def class_of(status: int) -> str:
    """The class of an HTTP status.

    >>> class_of(404)
    '4xx'
    """
    return f"{status // 100}xx"


def result_of(error: BaseException) -> str | None:
    """How a request ended that this ended, as ``Meter.requested`` is told; None if it was not sent."""
    if isinstance(error, errors.RememberizerError):
        return class_of(error.status) if error.status else None
    if isinstance(error, FAILURES):
        return mapped(error).code.removeprefix("upstream_")
    return "timeout" if is_over() else "cancelled"
