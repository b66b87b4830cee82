"""The sign-in card: a page that hosts may show in the chat with the results of ``login`` and ``signup`` (MCP Apps).

It shows what stands in those results, opens the sign-in page by the host, and follows ``session_status``.
"""

from collections.abc import Sequence
from pathlib import Path

from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from mcp.server.extension import Extension, ResourceBinding
from mcp.server.mcpserver.resources import FileResource

CARD = "ui://rememberizer/sign-in"
FILE = Path(__file__).with_name("card.html")


class SignInCard(Extension):
    """The extension, whose one resource is the card; the tools name it themselves.

    >>> [(found,)] = [SignInCard().resources()]
    >>> found.resource.uri, found.resource.mime_type
    ('ui://rememberizer/sign-in', 'text/html;profile=mcp-app')
    """

    identifier = EXTENSION_ID

    def resources(self) -> Sequence[ResourceBinding]:
        """The card. Its policy lets it load nothing, and the host draws the border."""
        card = FileResource(
            uri=CARD,
            name="sign_in_card",
            title="Sign in to Rememberizer",
            mime_type=APP_MIME_TYPE,
            path=FILE,
            meta={"ui": {"csp": {}, "prefersBorder": True}},
        )
        return [ResourceBinding(resource=card)]
