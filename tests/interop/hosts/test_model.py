"""The scripted model hears all that a host asks for, and speaks of our tools only."""

import httpx
import pytest

from tests.interop.hosts.dialects import CHAT
from tests.interop.hosts.model import serving


def test_what_a_host_asks_anybody_else_for_is_refused_and_kept() -> None:
    with serving(CHAT, "ours-") as model, httpx.Client(proxy=model.address, trust_env=False) as client:
        with pytest.raises(httpx.ProxyError):
            client.get("https://telemetry.example/")
        assert client.post("http://telemetry.example/v1", content="usage").status_code == 404
        assert client.get(f"{model.address}/v1/models").status_code == 404
    asked = ["CONNECT telemetry.example:443", "POST http://telemetry.example/v1", f"GET {model.address}/v1/models"]
    assert model.refused == [f"{each} HTTP/1.1" for each in asked]


def test_a_request_without_our_tools_is_answered_at_once_and_is_no_turn_of_the_conversation() -> None:
    body = {
        "messages": [{"role": "user", "content": "Give this chat a title."}],
        "tools": [{"function": {"name": "bash"}}],
    }
    with serving(CHAT, "ours-") as model, httpx.Client(trust_env=False) as client:
        answer = client.post(f"{model.address}/v1/chat/completions", json=body)
    assert answer.text.endswith("data: [DONE]\n\n")
    assert "tool_calls" not in answer.text
    assert (len(model.received), model.refused) == (1, [])
