"""Requests to the server: addresses, tokens, and errors as exceptions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from .errors import ConnectionFailed, Problem, SignedOut

SIGNED_OUT = ("token_missing", "token_invalid", "token_expired", "session_revoked")
"""The codes of errors after which every request with the same token fails."""


def encoded(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")


class Http:
    """Sends requests with the token of the session."""

    def __init__(self, url: str, timeout: float) -> None:
        self.url = url.rstrip("/")
        if not self.url.startswith(("http://", "https://")):
            raise ValueError(f"the URL of the server must begin with http:// or https://: {url}")
        self.token: str | None = None
        self.on_signed_out: Callable[[SignedOut, str | None], None] = lambda problem, token: None
        self._client = httpx.AsyncClient(base_url=self.url, timeout=timeout)

    async def close(self) -> None:
        await self._client.aclose()

    async def call(
        self,
        verb: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        content: bytes | None = None,
        content_type: str = "application/octet-stream",
        needs_token: bool = True,
        answer: str = "json",
    ) -> Any:
        """Sends a request and returns the answer, read as `answer` says."""
        token = self.token
        headers = {"Authorization": f"Bearer {token}"} if needs_token and token else {}
        if body is not None:
            content, content_type = json.dumps(body).encode(), "application/json"
        if content is not None:
            headers["Content-Type"] = content_type
        given = {name: as_text(value) for name, value in (query or {}).items() if value is not None}
        try:
            response = await self._client.request(
                verb, path, params=given, content=content, headers=headers
            )
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise ConnectionFailed(f"cannot reach {self.url}: {reason}") from error
        if response.is_error:
            problem = problem_of(response.status_code, response.headers, response.content)
            if isinstance(problem, SignedOut):
                self.on_signed_out(problem, token)
            raise problem
        match answer:
            case "json":
                return read_json(response)
            case "text":
                return response.text
            case "bytes":
                return response.content
            case _:
                return None


def as_text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def read_json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        raise ConnectionFailed(
            f"{response.url} answered without JSON: is this the address of the chat server?"
        ) from None


def problem_of(status: int, headers: Mapping[str, str], content: bytes) -> Problem:
    """The exception for an answer with an error. A proxy may have sent it, without a document."""
    try:
        document = json.loads(content)
        code, detail = document["code"], document["detail"]
    except (ValueError, TypeError, KeyError):
        retry_after = headers.get("Retry-After", "")
        return Problem(
            status,
            "unknown",
            f"the server answered with status {status}",
            retry_after=float(retry_after) if retry_after.isdigit() else None,
        )
    kind = SignedOut if status == 401 and code in SIGNED_OUT else Problem
    return kind(
        status,
        code,
        detail,
        fields=document.get("errors"),
        retry_after=document.get("retry_after"),
        request_id=document.get("request_id"),
    )
