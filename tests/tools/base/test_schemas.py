"""Schemas of models: one object, to which a model within another adds its own, and nothing that says nothing."""

from pydantic import BaseModel, Field
from rememberizer_mcp.tools.base.schemas import input_schema


class Inner(BaseModel):
    """Whatever it is."""

    count: int = 0
    word: str = ""
    other: int | None = None


class Outer(BaseModel):
    """A model that holds another."""

    inner: Inner = Field(description="In words.")


def test_a_model_within_another_keeps_what_is_said_of_it_there() -> None:
    properties = {
        "count": {"default": 0, "type": "integer"},
        "word": {"type": "string"},
        "other": {"type": "integer"},
    }
    inner = {"description": "In words.", "properties": properties, "type": "object"}
    assert input_schema(Outer) == {"properties": {"inner": inner}, "required": ["inner"], "type": "object"}
