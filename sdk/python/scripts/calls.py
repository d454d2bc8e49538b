"""Turns the operations of the OpenAPI document into methods. Used by `generate.py`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from shapes import WIDTH, Schema, annotation, docstring


@dataclass
class Call:
    """One HTTP call."""

    name: str
    verb: str
    path: str
    documentation: str
    path_parameters: dict[str, str]
    query: dict[str, tuple[str, bool]]
    """The name of each parameter, its type, and whether it is required."""
    body: str | None
    """The type of a JSON body."""
    has_fields: bool
    """Whether the body is an object whose fields are given as keyword arguments."""
    content_type: str | None
    """The type of a body that is not JSON."""
    needs_token: bool
    answer: str
    """How the answer is read: `json`, `text`, `bytes` or `nothing`."""
    returns: str

    def parameters(self) -> list[str]:
        listed = [f"{name}: {kind}" for name, kind in self.path_parameters.items()]
        if self.body and not self.has_fields:
            listed.append(f"body: {self.body}")
        if self.content_type:
            listed.append("content: bytes")
        if listed:
            listed.append("/")
        if self.query:
            listed.append("*")
        for name, (kind, required) in self.query.items():
            listed.append(f"{name}: {kind}" if required else f"{name}: {kind} | None = None")
        if self.has_fields:
            listed.append(f"**body: Unpack[{self.body}]")
        return listed

    def arguments(self) -> list[str]:
        """The arguments with which the synchronous method calls the other one."""
        given = list(self.path_parameters)
        given += ["body"] if self.body and not self.has_fields else []
        given += ["content"] if self.content_type else []
        given += [f"{name}={name}" for name in self.query]
        return given + (["**body"] if self.has_fields else [])

    def request(self) -> list[str]:
        """The arguments of `_call`."""
        address = re.sub(
            r"\{(\w+)\}",
            lambda found: (
                found[0] if self.path_parameters[found[1]] == "int" else f"{{encoded({found[1]})}}"
            ),
            self.path,
        )
        given = [f'"{self.verb}"', f'{"f" if "{" in address else ""}"{address}"']
        if self.query:
            pairs = ", ".join(f'"{name}": {name}' for name in self.query)
            given.append(f"query={{{pairs}}}")
        given += ["body=body"] if self.body else []
        if self.content_type:
            given += ["content=content", f'content_type="{self.content_type}"']
        given += [] if self.needs_token else ["needs_token=False"]
        return given + ([] if self.answer == "json" else [f'answer="{self.answer}"'])


def read(document: Schema) -> list[Call]:
    schemas: dict[str, Schema] = document["components"]["schemas"]
    return [
        read_call(verb, path, operation, schemas)
        for path, operations in document["paths"].items()
        for verb, operation in operations.items()
    ]


def read_call(verb: str, path: str, operation: Schema, schemas: dict[str, Schema]) -> Call:
    parameters: list[Schema] = operation.get("parameters", [])
    contents = operation.get("requestBody", {}).get("content", {})
    json_body = next((one for kind, one in contents.items() if "json" in kind), None)
    body = annotation(json_body["schema"]) if json_body else None
    answer, returns = read_answer(operation["responses"])
    return Call(
        name=operation["operationId"],
        verb=verb.upper(),
        path=path,
        documentation=documentation(operation, parameters),
        path_parameters={one["name"]: kind(one) for one in parameters if one["in"] == "path"},
        query={
            one["name"]: (kind(one), bool(one.get("required")))
            for one in parameters
            if one["in"] == "query"
        },
        body=body,
        has_fields=bool(body and schemas.get(body, {}).get("properties")),
        content_type=next(iter(contents)) if contents and not json_body else None,
        needs_token=bool(operation.get("security")),
        answer=answer,
        returns=returns,
    )


def kind(parameter: Schema) -> str:
    return annotation(parameter["schema"]).removesuffix(" | None")


def documentation(operation: Schema, parameters: list[Schema]) -> str:
    parts = [operation["summary"].rstrip(".") + ".", operation.get("description", "")]
    parts += [
        f"`{one['name']}`: {one['description']}"
        for one in parameters
        if one["in"] == "query" and one.get("description")
    ]
    return "\n\n".join(part for part in parts if part)


def read_answer(responses: dict[str, Schema]) -> tuple[str, str]:
    """Returns how the answer is read, and its type."""
    for status in sorted(responses):
        contents = responses[status].get("content", {})
        if not status.startswith("2") or not contents:
            continue
        content_type, content = next(iter(contents.items()))
        if "json" in content_type:
            return "json", annotation(content["schema"])
        is_text = content_type.startswith("text/") or content_type.startswith("application/openm")
        return ("text", "str") if is_text else ("bytes", "bytes")
    return "nothing", "None"


def async_class(document: Schema) -> tuple[list[str], list[str]]:
    methods = []
    for call in read(document):
        lines = signature(f"    async def {call.name}", ["self", *call.parameters()], call.returns)
        lines.append(docstring(call.documentation, "        "))
        request = ", ".join(call.request())
        start = f"        answer: {call.returns} = await self._call("
        start = "        await self._call(" if call.returns == "None" else start
        lines += invocation(start, call.request(), request)
        lines += [] if call.returns == "None" else ["        return answer"]
        methods.append("\n".join(lines))
    head = (
        "class AsyncApi:\n"
        '    """Every HTTP call of the server. A call that fails raises `Problem`."""\n\n'
        "    def __init__(self, http: Http) -> None:\n"
        "        self._call = http.call"
    )
    return imports(document, ["from ._http import Http, encoded"]), ["\n\n".join([head, *methods])]


def sync_class(document: Schema) -> tuple[list[str], list[str]]:
    methods = []
    for call in read(document):
        lines = signature(f"    def {call.name}", ["self", *call.parameters()], call.returns)
        lines.append(docstring(call.documentation, "        "))
        inner = f"self._api.{call.name}({', '.join(call.arguments())})"
        start = "        self._run(" if call.returns == "None" else "        return self._run("
        lines += invocation(start, [inner], inner)
        methods.append("\n".join(lines))
    head = (
        "class Api:\n"
        '    """Every HTTP call of the server. A call that fails raises `Problem`."""\n\n'
        "    def __init__(self, api: AsyncApi, run: Run) -> None:\n"
        "        self._api = api\n"
        "        self._run = run"
    )
    own = ["from ._thread import Run", "from .api import AsyncApi"]
    return imports(document, own), ["\n\n".join([head, *methods])]


def imports(document: Schema, own: list[str]) -> list[str]:
    used: set[str] = set()
    texts: list[str] = []
    for call in read(document):
        texts += [*call.parameters(), call.returns]
    for text in texts:
        text = re.sub(r'"[^"]*"', "", text)
        used |= set(re.findall(r"\b[A-Z]\w+", text)) & set(document["components"]["schemas"])
    names = "".join(f"    {name},\n" for name in sorted(used))
    typing = ["Any"] * any("Any" in text for text in texts)
    typing += ["Literal"] * any("Literal[" in text for text in texts) + ["Unpack"]
    block = "\n".join([*own, f"from .types import (\n{names})"])
    return [f"from typing import {', '.join(typing)}", block]


def signature(start: str, parameters: list[str], returns: str) -> list[str]:
    line = f"{start}({', '.join(parameters)}) -> {returns}:"
    if len(line) <= WIDTH:
        return [line]
    inner = f"        {', '.join(parameters)}"

    if len(inner) <= WIDTH:
        return [f"{start}(", inner, f"    ) -> {returns}:"]
    return [f"{start}(", *(f"        {one}," for one in parameters), f"    ) -> {returns}:"]


def invocation(start: str, arguments: list[str], joined: str) -> list[str]:
    if len(start) + len(joined) + 1 <= WIDTH:
        return [f"{start}{joined})"]
    if len(joined) + 12 <= WIDTH:
        return [start, f"            {joined}", "        )"]
    comma = "," if len(arguments) > 1 else ""
    lines = [start]
    for one in arguments:
        lines += argument(one, comma)
    return [*lines, "        )"]


def argument(text: str, comma: str) -> list[str]:
    """An argument in lines of its own."""
    line = f"            {text}{comma}"
    if len(line) <= WIDTH:
        return [line]
    head, bracket, inner = re.split(r"([({])", text, maxsplit=1)
    body = [f"                {inner[:-1]}"]
    if len(body[0]) > WIDTH:
        body = [f"                {part}," for part in inner[:-1].split(", ")]
    return [f"            {head}{bracket}", *body, f"            {inner[-1]}{comma}"]
