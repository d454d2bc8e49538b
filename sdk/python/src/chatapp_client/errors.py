"""The exceptions of this package. All of them are a `ChatError`."""

from __future__ import annotations

from .frames import CLOSE_CODES
from .types import FieldError


class ChatError(Exception):
    """Something that this package reports."""


class ConnectionFailed(ChatError):
    """The server cannot be reached, or it did not answer in time."""


class Problem(ChatError):
    """The server refused a request."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        fields: list[FieldError] | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(f"{detail} ({code})")
        self.status = status
        """The status of HTTP."""
        self.code = code
        """The stable word for programs: an `ErrorCode`, or one of a later version of the server."""
        self.detail = detail
        """A sentence for people: what happened, and what to do."""
        self.fields = fields or []
        """The fields that are not acceptable."""
        self.retry_after = retry_after
        """The number of seconds after which to retry; None if the error is not temporary."""
        self.request_id = request_id
        """Finds the request in the server's log."""

    @property
    def is_temporary(self) -> bool:
        """Whether the same request may succeed later."""
        # A proxy before the server answers with these if the server is away.
        return self.retry_after is not None or self.status in (502, 503, 504)


class SignedOut(Problem):
    """There is no valid token: the session has ended, or it never began.

    `code` says why, for example `session_revoked` or `token_expired`. Nothing is retried. After a
    new `login` the client can be used again.
    """


class Closed(ChatError):
    """The server has closed the connection, and a new connection would be closed too."""

    def __init__(self, code: int, reason: str) -> None:
        known = CLOSE_CODES.get(code)
        name = known.name if known else "unknown"
        super().__init__(f"the server closed the connection: {reason or name} ({code})")
        self.code = code
        """The close code: see `frames.CLOSE_CODES`."""
        self.name = name
        self.reason = reason


class OutboxError(ChatError):
    """The file of the outbox cannot be used."""
