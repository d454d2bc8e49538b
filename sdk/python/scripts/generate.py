#!/usr/bin/env python3
"""Writes the types and calls of `chatapp_client` from docs/openapi.json and docs/asyncapi.json.

    sdk/python/scripts/generate.py            writes the files
    sdk/python/scripts/generate.py --check    fails if a file is not up to date

The written files are:

    types.py      what the HTTP calls take and return
    frames.py     the frames of the socket, and the close codes
    api.py        AsyncApi: one method for each HTTP call
    sync_api.py   Api: the same methods without `await`, each of which calls that of AsyncApi
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import calls
from shapes import Schema, alias, class_of, definition, literal

PACKAGE = Path(__file__).parents[1] / "src/chatapp_client"
DOCS = Path(__file__).parents[3] / "docs"

HEADER = '''"""{about}

This file is written by `scripts/generate.py` from {source}: do not edit it.
"""
'''


def types_module(document: Schema) -> str:
    schemas: dict[str, Schema] = document["components"]["schemas"]
    single = {
        name: schema
        for name, schema in schemas.items()
        if schema.get("type") == "string" and len(schema.get("enum", [])) == 1
    }
    schemas = replace_references(schemas, single)
    aliases, classes, unions = [], [], []
    for name, schema in schemas.items():
        if name in single:
            continue
        text = definition(name, schema)
        if text.startswith("class "):
            classes.append(text)
        elif "oneOf" in schema or "anyOf" in schema:
            unions.append(text)
        else:
            aliases.append(text)
    classes.append(message_options(schemas["MessageRequest"]))
    imports = "from typing import Any, Literal, NotRequired, TypeAlias, TypedDict"
    return module(
        "What the HTTP calls take and return.",
        "docs/openapi.json",
        [imports],
        ["\n\n".join(aliases), *classes, "\n\n".join(unions)],
    )


def message_options(request: Schema) -> str:
    """What can be said of a message besides its text, for `AsyncClient.send`."""
    properties = {name: part for name, part in request["properties"].items() if name != "content"}
    about = "What can be said of a message besides its text."
    return class_of("MessageOptions", {"description": about, "properties": properties})


def frames_module(document: Schema) -> str:
    schemas: dict[str, Schema] = document["components"]["schemas"]
    aliases: list[str] = []
    classes: list[str] = []
    for name, schema in schemas.items():
        text = definition(name, schema)
        (classes if text.startswith("class ") else aliases).append(text)
    groups: dict[str, list[str]] = {"send": [], "receive": []}
    events = []
    for name, message in document["components"]["messages"].items():
        title = class_name(name)
        payload = {**message["payload"], "description": message["summary"]}
        classes.append(class_of(title, payload))
        is_verb = name == "plain_send" or name.startswith("client_")
        groups["receive" if is_verb else "send"].append(title)
        if message["summary"].startswith("An event of the room's log"):
            events.append(title)
    unions = [
        alias("EventFrame", " | ".join(events), "An event of a room's log. It has a `seq`."),
        alias("ServerFrame", " | ".join(groups["send"]), "Every frame that the server sends."),
        alias("ClientFrame", " | ".join(groups["receive"]), "Every frame of a client."),
    ]
    codes = "".join(
        f"    {entry['code']}: CloseCode(\n"
        f"        {entry['code']},\n"
        f'        "{entry["name"]}",\n'
        f'        "{entry["reason"]}",\n'
        f'        "{entry["advice"]}",\n'
        "    ),\n"
        for entry in document["x-close-codes"]
    )
    table = f"CLOSE_CODES: dict[int, CloseCode] = {{\n{codes}}}"
    close_code = (
        "class CloseCode(NamedTuple):\n"
        '    """Why the server closes a connection, and what the client should do then."""\n\n'
        "    code: int\n    name: str\n    reason: str\n    advice: str"
    )
    imports = "from typing import Any, Literal, NamedTuple, NotRequired, TypeAlias, TypedDict"
    return module(
        "The frames of the socket, and its close codes.",
        "docs/asyncapi.json",
        [imports],
        ["\n\n".join(aliases), *classes, "\n\n".join(unions), close_code, table],
    )


def replace_references(value: Any, single: dict[str, Schema]) -> Any:
    """Puts types with one value where they are used: `type: Literal["message"]` reads better."""
    if isinstance(value, dict):
        name = str(value.get("$ref", "")).rsplit("/", 1)[-1]
        if name in single:
            return {"enum": single[name]["enum"]}
        return {key: replace_references(part, single) for key, part in value.items()}
    if isinstance(value, list):
        return [replace_references(part, single) for part in value]
    return value


def class_name(message: str) -> str:
    """`client_auth.refresh` becomes `ClientAuthRefreshFrame`."""
    return "".join(word.capitalize() for word in re.split(r"[._]", message)) + "Frame"


def module(about: str, source: str, imports: list[str], parts: list[str]) -> str:
    head = HEADER.format(about=about, source=source)
    body = "\n\n\n".join(part for part in parts if part)
    imports = [
        only_used(line, body) if line.startswith("from typing") else line for line in imports
    ]
    text = "\n\n".join([head + "\nfrom __future__ import annotations", *imports]) + "\n\n"
    # An alias follows the imports after one empty line, a class after two.
    return text + ("\n" if body.startswith("class ") else "") + body + "\n"


def only_used(line: str, body: str) -> str:
    source, names = line.split(" import ")
    used = [name for name in names.split(", ") if re.search(rf"\b{name}\b", body)]
    return f"{source} import {', '.join(used)}"


def outputs() -> dict[Path, str]:
    http = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))
    socket = json.loads((DOCS / "asyncapi.json").read_text(encoding="utf-8"))
    about_async = "AsyncApi: one method for each HTTP call of the server."
    about_sync = "Api: one method for each HTTP call of the server, for programs without asyncio."
    return {
        PACKAGE / "types.py": types_module(http),
        PACKAGE / "frames.py": frames_module(socket),
        PACKAGE / "api.py": module(about_async, "docs/openapi.json", *calls.async_class(http)),
        PACKAGE / "sync_api.py": module(about_sync, "docs/openapi.json", *calls.sync_class(http)),
    }


def main() -> None:
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    stale = []
    for path, text in outputs().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
            if not check:
                path.write_text(text, encoding="utf-8")
    if check and stale:
        sys.exit(f"not up to date: {', '.join(stale)}. Run sdk/python/scripts/generate.py")


if __name__ == "__main__":
    main()
