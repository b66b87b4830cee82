"""``UpstreamBlocked``: who refused a call was not Rememberizer."""

from ..errors import UpstreamUnavailable


class UpstreamBlocked(UpstreamUnavailable):
    """Something before Rememberizer refused this call with a page of its own, such as a firewall or a proxy.

    It is a 400, 401 or 403 that can't come from the API.
    """

    repair = (
        "Rememberizer itself refused nothing, so account and keys are as they were. Try again in a minute; if it goes "
        "on, tell the user that a firewall, VPN or proxy stops this program."
    )
