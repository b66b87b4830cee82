"""A host whose user is asked before something is deleted."""

from dataclasses import dataclass, field
from typing import Any

import anyio
from mcp.client.session import ClientRequestContext
from mcp_types import ElicitRequestParams, ElicitResult, ErrorData

from tests.support.clock import leap

YES = ElicitResult(action="accept")
FAILURE = ErrorData(code=-32603, message="no window")


@dataclass
class Consenting:
    """What the user answers, or nothing at all; and what they were asked."""

    answer: ElicitResult | ErrorData | None
    asked: list[Any] = field(default_factory=list)
    takes_seconds: float = 0
    """How long the user reads."""

    async def __call__(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult | ErrorData:  # noqa: ARG002 -- the signature is the SDK's
        self.asked.append(params)
        if self.answer is None:
            await anyio.sleep_forever()
        assert self.answer is not None
        leap(self.takes_seconds)
        return self.answer
