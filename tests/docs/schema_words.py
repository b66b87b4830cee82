"""JSON schemas in words, for people."""

from collections.abc import Iterator, Mapping
from typing import Any

WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "null": "null",
}
LARGEST = 2**53 - 1
"""A bound of ids that is only the largest number that JSON carries safely."""


def type_words(schema: Mapping[str, Any]) -> str:
    """What a value may be, with its limits and default."""
    kinds = schema.get("type", [])
    known = [kinds] if isinstance(kinds, str) else kinds
    words = " or ".join(filter(None, (_kind(kind, schema) for kind in known))) or "anything"
    limits = ", ".join(filter(None, (_range(schema), _default(schema))))
    return f"{words}, {limits}" if limits else words


def fields(schema: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each field with its path, those of lists and objects in it included."""
    for name, each in schema.get("properties", {}).items():
        yield within + name, each
        yield from fields(each.get("items", {}), f"{within}{name}[].")
        yield from fields(each, f"{within}{name}.")


def _kind(kind: str, schema: Mapping[str, Any]) -> str:
    if kind == "array":
        each = type_words(schema["items"])
        return "list of objects" if each == "object" else f"list, each {each}"
    if "enum" in schema:
        values = [f"`{value}`" for value in schema["enum"] if value is not None]
        return "null" if kind == "null" else ", ".join(values)
    return WORDS[kind]


def _range(schema: Mapping[str, Any]) -> str:
    for low, high, unit in (
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
        ("minimum", "maximum", ""),
    ):
        most = schema.get(high)
        if most in (None, LARGEST):
            continue
        least = schema.get(low, 0)
        return f"{least:,} to {most:,}{unit}" if least or not unit else f"at most {most:,}{unit}"
    return ""


def _default(schema: Mapping[str, Any]) -> str:
    return f"{schema['default']} if left out" if "default" in schema else ""
