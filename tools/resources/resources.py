"""The resources: documents and discussions by template, and the session.

Documents are found by tool and by completion; none of them is listed. A text has the notice before it, the fence around
it, and what was cut after it.
"""

from typing import Any

from mcp.server.mcpserver import Context, MCPServer

from ...server.api.discussions import Source, discussion_contents
from ...server.api.documents import document_contents
from ...server.errors import InvalidArguments
from ...server.settings.settings import Settings
from ..auth.status import status_now
from ..base.arguments import as_listed
from ..base.call import ToolCall
from ..base.content import MOST_RESULT_BYTES, Fence
from ..base.middleware import current_services
from ..base.services import Services
from ..knowledge.reading import discussion_text, next_chunk

DOCUMENT = "rememberizer://documents/{id}"
DISCUSSION = "rememberizer://discussions/{source}/{id}"
SESSION = "rememberizer://session"
SOURCES: tuple[Source, ...] = ("discord", "slack")
MOST_DIGITS = 18
ROOM_BYTES = MOST_RESULT_BYTES - 2_000
"""What notice, fence and the last sentence leave."""


async def document(id: str, context: Context[Services, Any]) -> str:
    """The text of one of the user's documents, by its number."""
    call, number = await _for_call(context), _whole_number(id)
    fence, parts, room = Fence(), list[str](), ROOM_BYTES
    start: int | None = 0
    while start is not None:
        contents = await document_contents(call, number, start_chunk=start)
        part = contents.content.encode()
        parts.append(part[:room].decode(errors="ignore"))
        room -= len(part)
        if room < 0:
            break
        start = next_chunk(contents, start)
    rest = f"Cut here: `read_document` with `id` {number} and `start_chunk` {start} goes on."
    return "\n".join([fence.notice, fence.around("".join(parts)), *([] if start is None else [rest])])


async def discussion(source: str, id: str, context: Context[Services, Any]) -> str:
    """What was said in a Slack or Discord channel in the last seven days, by the number of the channel's document."""
    call, known = await _for_call(context), as_listed(source, SOURCES)
    if known not in SOURCES:
        raise InvalidArguments("A discussion's source is `slack` or `discord`.")
    number = _whole_number(id)
    found = await discussion_contents(call, number, source=known)
    result = discussion_text(found, discussion_id=number, source=known)
    threads = [text for thread in result.threads for text in (thread.title, thread.text) if text]
    rest = f"`read_discussion` with `id` {number}, `source` {known} and a `start` and `end` gets"
    if found.is_empty:
        return f"Nothing was said in the last seven days; {rest} another time."
    cut = [f"Texts were cut; {rest} a shorter time whole."] if result.cut else []
    return "\n".join([result.notice, result.text, *threads, *cut])


async def session() -> str:
    """Who is signed in, in which state, and what to do next."""
    services = current_services()
    await services.sessions.catch_up(services.owner)
    return (await status_now(services, None)).model_dump_json()


def add_resources(server: MCPServer[Services], settings: Settings) -> None:
    """Register those that the toolsets of these settings give access to."""
    if "auth" in settings.toolsets:
        server.resource(SESSION, title="Rememberizer session", mime_type="application/json")(session)
    if "knowledge" in settings.toolsets:
        server.resource(DOCUMENT, title="A document in Rememberizer", mime_type="text/plain")(document)
        server.resource(DISCUSSION, title="A channel in Rememberizer", mime_type="text/plain")(discussion)


async def _for_call(context: Context[Services, Any]) -> ToolCall:
    return await ToolCall.of(current_services(), context, writes=False)


def _whole_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise InvalidArguments("A document's id is a whole number, as `search` and `list_documents` give it.")
    return int(text)
