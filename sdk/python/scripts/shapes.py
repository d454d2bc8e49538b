"""Turns the JSON schemas of an API document into Python types. Used by `generate.py`."""

from __future__ import annotations

import keyword
import re
import textwrap
from collections.abc import Iterable
from typing import Any

Schema = dict[str, Any]

WIDTH = 100

SIMPLE = {
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "string": "str",
    "null": "None",
}


def annotation(schema: Schema) -> str:
    """The Python type of a value that fits this schema."""
    text = _annotation(schema)
    if schema.get("nullable") and not text.endswith("| None"):
        return union([text, "None"])
    return text


def _annotation(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if "const" in schema:
        return literal([schema["const"]])
    if "enum" in schema:
        values = [value for value in schema["enum"] if value is not None]
        texts = [literal(values)] if values else []
        return union([*texts, "None"] if None in schema["enum"] else texts)
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return union(annotation(part) for part in schema[key])
    if "allOf" in schema:
        # The documents use this only to give a reference a description of its own.
        parts = [part for part in schema["allOf"] if "$ref" in part or "type" in part]
        if len(parts) != 1:
            raise ValueError(f"allOf of several types is not supported: {schema}")
        return annotation(parts[0])
    kind: Any = schema.get("type")
    if isinstance(kind, list):
        return union(annotation({**schema, "type": one}) for one in kind)
    if kind == "array":
        return f"list[{annotation(schema.get('items', {}))}]"
    if kind == "object":
        if schema.get("properties"):
            raise ValueError(f"an object inside another needs a name of its own: {schema}")
        extra = schema.get("additionalProperties")
        return f"dict[str, {annotation(extra) if isinstance(extra, dict) else 'Any'}]"
    if kind == "string" and schema.get("format") == "binary":
        return "bytes"
    return SIMPLE[kind] if kind else "Any"


def literal(values: Iterable[Any]) -> str:
    texts = (f'"{value}"' if isinstance(value, str) else repr(value) for value in values)
    return f"Literal[{', '.join(texts)}]"


def union(parts: Iterable[str]) -> str:
    """Joins types; several sets of literals become one."""
    literals: list[str] = []
    others: list[str] = []
    for part in parts:
        if part.startswith("Literal[") and "|" not in part:
            literals.append(part.removeprefix("Literal[").removesuffix("]"))
        elif part not in others:
            others.append(part)
    joined = [f"Literal[{', '.join(literals)}]"] if literals else []
    # `None` comes last, as people write it.
    others.sort(key=lambda part: part == "None")
    return " | ".join(joined + others)


def definition(name: str, schema: Schema) -> str:
    """The definition of a named schema: a class, or an alias."""
    if schema.get("type") == "object" and "properties" in schema or "$ref" in schema:
        return class_of(name, schema)
    return alias(name, annotation(schema), schema.get("description"))


def alias(name: str, text: str, description: str | None = None) -> str:
    line = f"{name}: TypeAlias = {text}"
    if len(line) > WIDTH:
        is_union = " | " in text and not text.startswith("Literal[")
        if is_union:
            parts = "\n    | ".join(text.split(" | "))
            line = f"{name}: TypeAlias = (\n    {parts}\n)"
        else:
            inner = text.removeprefix("Literal[").removesuffix("]")
            parts = "".join(f"    {value},\n" for value in inner.split(", "))
            line = f"{name}: TypeAlias = Literal[\n{parts}]"
    return line + ("\n" + docstring(description) if description else "")


def class_of(name: str, schema: Schema) -> str:
    """A `TypedDict`. A schema that refers to another and adds fields inherits from it."""
    base = annotation({"$ref": schema["$ref"]}) if "$ref" in schema else "TypedDict"
    lines = [f"class {name}({base}):"]
    if schema.get("description"):
        lines += [docstring(schema["description"], "    "), ""]
    required = schema.get("required", [])
    for field, value in schema.get("properties", {}).items():
        if not field.isidentifier() or keyword.iskeyword(field):
            raise ValueError(f"{name}.{field} is not a name of Python")
        text = annotation(value)
        text = text if field in required else f"NotRequired[{text}]"
        line = f"    {field}: {text}"
        if len(line) > WIDTH:
            raise ValueError(f"the type of {name}.{field} is too long: give it a name of its own")
        lines.append(line)
        if description := description_of(value):
            lines.append(docstring(description, "    "))
    if len(lines) == 1:
        lines.append("    pass")
    return "\n".join(lines).rstrip()


def description_of(schema: Schema) -> str | None:
    """The description of a field; if it has none, its type has one and the editor shows that."""
    text: str | None = schema.get("description")
    return text


def docstring(text: str, indent: str = "") -> str:
    """A docstring in the lines of the page. Markdown links of Rust's documentation become code."""
    text = re.sub(r"\[(`[^`]+`)\](?!\()", r"\1", text).replace("\\", "\\\\").strip()
    one_line = " ".join(text.split())
    if "\n\n" not in text and len(indent) + len(one_line) + 6 <= WIDTH:
        return f'{indent}"""{one_line}"""'
    paragraphs = [
        textwrap.fill(
            " ".join(paragraph.split()),
            WIDTH,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for paragraph in re.split(r"\n\s*\n", text)
    ]
    first = textwrap.fill(
        '"""' + " ".join(re.split(r"\n\s*\n", text)[0].split()),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n\n".join([first, *paragraphs[1:]]) + f'\n{indent}"""'
