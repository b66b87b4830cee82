"""The resources: documents and discussions by template, and the session.

Documents are found by tool and by completion; none of them is listed. A text has the notice before it, the fence around
it, and what was cut after it.
"""

from typing import Any

from mcp.server.mcpserver import Context, MCPServer

from ...server.api.client import Asker
from ...server.api.discussions import Source, discussion_contents
from ...server.api.documents import document_contents
from ...server.errors import InvalidArguments
from ...server.settings.settings import Settings
from ..auth.status import status_now
from ..base.arguments import as_listed
from ..base.call import ToolCall
from ..base.content import MOST_RESULT_BYTES, Fence
from ..base.services import Services
from ..knowledge.reading import discussion_text, next_chunk
from .current import current_services

DOCUMENT = "rememberizer://documents/{id}"
DISCUSSION = "rememberizer://discussions/{source}/{id}"
SESSION = "rememberizer://session"
SOURCES: tuple[Source, ...] = ("discord", "slack")
MOST_DIGITS = 18
ROOM_BYTES = MOST_RESULT_BYTES - 2_000
"""What notice, fence and the last sentence leave."""


async def document(id: str, context: Context[Services, Any]) -> str:
    """The text of one of the user's documents, by its number."""
    return await _document_text(_for_call(context), _whole_number(id))


async def discussion(source: str, id: str, context: Context[Services, Any]) -> str:
    """What was said in a Slack or Discord channel in the last seven days, by the number of the channel's document."""
    call, known = _for_call(context), as_listed(source, SOURCES)
    if known not in SOURCES:
        raise InvalidArguments("A discussion's source is `slack` or `discord`.")
    return await _discussion_text(call, _whole_number(id), source=known)


async def session() -> str:
    """Who is signed in, in which state, and what to do next."""
    return (await status_now(current_services(), None)).model_dump_json()


def add_resources(server: MCPServer[Services], settings: Settings) -> None:
    """Register those that the toolsets of these settings give access to."""
    if "auth" in settings.toolsets:
        server.resource(SESSION, title="Rememberizer session", mime_type="application/json")(session)
    if "knowledge" in settings.toolsets:
        server.resource(DOCUMENT, title="A document in Rememberizer", mime_type="text/plain")(document)
        server.resource(DISCUSSION, title="A channel in Rememberizer", mime_type="text/plain")(discussion)


def _for_call(context: Context[Services, Any]) -> ToolCall:
    return ToolCall.of(context.request_context.lifespan_context, context, writes=False)


def _whole_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise InvalidArguments("A document's id is a whole number, as `search` and `list_documents` give it.")
    return int(text)


async def _document_text(asker: Asker, document_id: int) -> str:
    """A document from its beginning to its end, or as far as there is room."""
    fence, parts, room = Fence(), list[str](), ROOM_BYTES
    start: int | None = 0
    while start is not None:
        contents = await document_contents(asker, document_id, start_chunk=start)
        part = contents.content.encode()
        parts.append(part[:room].decode(errors="ignore"))
        room -= len(part)
        if room < 0:
            break
        start = next_chunk(contents, start)
    rest = f"Cut here: `read_document` with `id` {document_id} and `start_chunk` {start} goes on."
    return "\n".join([fence.notice, fence.around("".join(parts)), *([] if start is None else [rest])])


async def _discussion_text(asker: Asker, discussion_id: int, *, source: Source) -> str:
    """What was said in a channel in upstream's default time, threads after the main messages."""
    found = await discussion_contents(asker, discussion_id, source=source, start=None, end=None)
    result = discussion_text(found, discussion_id=discussion_id, source=source)
    threads = [text for thread in result.threads for text in (thread.title, thread.text) if text]
    rest = f"`read_discussion` with `id` {discussion_id}, `source` {source} and a `start` and `end` gets"
    if found.is_empty:
        return f"Nothing was said in the last seven days; {rest} another time."
    cut = [f"Texts were cut; {rest} a shorter time whole."] if result.cut else []
    return "\n".join([result.notice, result.text, *threads, *cut])
