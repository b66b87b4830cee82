"""JSON schemas for ``tools/list``: compact, because every model that uses the server reads them."""

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, SkipJsonSchema
from pydantic_core import core_schema


class ErrorBody(BaseModel):
    """The ``error`` member of a failed call's structured content; the last two are there with ``sign_in_pending`` only.

    ``hint`` names the repair, ``retryable`` says whether the same call may work later without anybody doing anything,
    ``retry_after_seconds`` how long to wait first, and ``status`` is upstream's HTTP status. The schemas leave the last
    two out: with them in every tool's, a whole start would not fit into a pipe.
    """

    code: str
    message: str
    hint: str
    retryable: bool
    retry_after_seconds: float | None
    status: int | None
    sign_in_url: SkipJsonSchema[str] = ""
    confirm_code: SkipJsonSchema[str] = ""


class _Compact(GenerateJsonSchema):
    """No titles, no model docstrings, and ``null`` as one more type where that can be said."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        enum = {"enum": [*inner["enum"], None]} if "enum" in inner else {}
        return inner | {"type": [inner["type"], "null"]} | enum

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        return {name: value for name, value in made.items() if value not in (None, "")}

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 -- the signature is pydantic's
        return False

    def generate(self, schema: core_schema.CoreSchema, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        made = super().generate(schema, mode)
        inlined: JsonSchemaValue = _inlined(made, made.pop("$defs", {}))
        return _undescribed(inlined)


def _inlined(schema: Any, models: dict[str, Any]) -> Any:
    """The schema with each reference to a model replaced by the model's own, since not every host resolves them."""
    if isinstance(schema, list):
        return [_inlined(each, models) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        model = _undescribed(models[schema["$ref"].rpartition("/")[2]])
        return _inlined(model, models) | {name: value for name, value in schema.items() if name != "$ref"}
    return {name: _inlined(value, models) for name, value in schema.items()}


def _undescribed(model: JsonSchemaValue) -> JsonSchemaValue:
    return {name: value for name, value in model.items() if name not in ("title", "description")}


class _Arguments(_Compact):
    """An optional argument is one that may be left out; that ``null`` is accepted too is not said."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


@cache
def input_schema(arguments: type[BaseModel]) -> dict[str, Any]:
    """The schema of a tool's arguments; tools that take the same ones share it, since making it takes time."""
    return arguments.model_json_schema(schema_generator=_Arguments)


@cache
def _error_schema() -> dict[str, Any]:
    """Every tool's output has it."""
    return ErrorBody.model_json_schema(mode="serialization", schema_generator=_Compact)


@cache
def output_schema(result: type[BaseModel]) -> dict[str, Any]:
    """One object that admits either the result's fields or ``error``, since failures must match it too (S27)."""
    schema = result.model_json_schema(mode="serialization", schema_generator=_Compact)
    required = schema.pop("required")
    schema["properties"]["error"] = _error_schema()
    schema["oneOf"] = [{"required": required}, {"required": ["error"]}]
    schema["additionalProperties"] = False
    return schema
