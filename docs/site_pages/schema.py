"""What a field of a pydantic model allows and holds by default, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from site_pages.markdown import literal, yaml_value

NAMES = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false", "null": "null"}
BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def allowed_values(model: type[BaseModel]) -> Mapping[str, str]:
    """By key of a YAML file, the values that a model allows there."""
    schema = model.model_json_schema(by_alias=True)
    # A model that holds itself stands among the definitions, like those that it holds.
    own = schema if "properties" in schema else schema.get("$defs", {}).get(model.__name__, {})
    return {key: _words(part) for key, part in own.get("properties", {}).items()}


def default(field: FieldInfo) -> str:
    """What a field holds where nothing is given."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    return "empty" if isinstance(value, BaseModel) or value in ("", (), {}) else yaml_value(value)


def _words(part: Mapping[str, Any]) -> str:
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in part:
        return " or ".join(_words(option) for option in part["anyOf"])
    if "allOf" in part:
        return " and ".join(_words(option) for option in part["allOf"])
    if "const" in part or "enum" in part:
        return ", ".join(literal(value) for value in part.get("enum", [part.get("const")]))
    kind = part.get("type")
    if kind == "array":
        items = part.get("items") or (part.get("prefixItems") or [{}])[0]
        return "list of " + _words(items)
    if kind == "object":
        return "mapping"
    bounds = " and ".join(f"{sign} {part[key]:g}" for key, sign in BOUNDS.items() if key in part)
    return " ".join(filter(None, [NAMES.get(str(kind), "any value"), bounds]))
