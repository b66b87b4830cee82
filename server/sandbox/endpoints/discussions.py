"""The messages of a Slack or Discord channel (rememberizer-api.md §4.5)."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..data.integrations import DISCUSSIONS
from ..data.refusals import not_found
from ..wire.forms import Form
from .documents import readable
from .services import Services

_WEEK = 7 * 24 * 3600


def routes(services: Services) -> list[Route]:
    """Give the route of this family."""
    contents = DiscussionEndpoints(services).contents
    return [Route("/discussions/{discussion_id:int}/contents/", contents, methods=["GET"])]


class DiscussionEndpoints:
    """Reads channels."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def contents(self, request: Request) -> JSONResponse:
        """Answer `GET discussions/{id}/contents/`; without times it is the last seven days.

        `thread_contents` has the answers to a message by that message's own line.
        """
        reader = self._services.authenticate_reader(request)
        form = Form(request.query_params)
        kind = form.choice("integration_type", DISCUSSIONS, required=True)
        older, newer = self._range(form)
        form.finish()
        channel = readable(self._services, reader, request.path_params["discussion_id"])
        if channel.integration_type != kind:
            raise not_found()
        messages = self._services.discussions.between(channel.id, older, newer)
        lines = {number: message.line() for number, message in messages.items()}
        threads = {lines[number]: self._services.discussions.thread(number) for number in lines}
        return JSONResponse(
            {
                "discussion_content": "\n".join(lines.values()),
                "thread_contents": {
                    line: "\n".join(answer.line() for answer in answers) for line, answers in threads.items() if answers
                },
            }
        )

    def _range(self, form: Form) -> tuple[float, float]:
        start, end = form.moment("from"), form.moment("to")
        is_as_specified = self._services.config.variants.discussion_range == "spec"
        older, newer = (end, start) if is_as_specified else (start, end)
        newer = self._services.config.now() if newer is None else newer
        return newer - _WEEK if older is None else older, newer
