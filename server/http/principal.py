"""Who a request is for: the principal of its verified token, as the owner of what it opens."""

import json

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import principal_components
from pydantic_core import to_json


def owner_of() -> str | None:
    """The owner for whom this request is made; None if it was made without authorization.

    It is the JSON of issuer, client and subject. One person has an owner for each client that they use.
    """
    token = get_access_token()
    if token is None:
        return None
    client, issuer, subject = principal_components(token)
    return to_json([issuer, client, subject]).decode()


def person_of(owner: str) -> tuple[str, str]:
    """Issuer and subject of an owner: the person, whichever client they use.

    >>> person_of('["https://id.example.org","desktop","ada"]')
    ('https://id.example.org', 'ada')
    """
    issuer, _, subject = json.loads(owner)
    return issuer, subject
