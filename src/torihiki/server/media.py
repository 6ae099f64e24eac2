"""Which bodies are read: JSON, whatever its header adds to that."""

from __future__ import annotations

from typing import Final

from torihiki.kernel.problem import Kind, Problem
from torihiki.server.call import Call

JSON_TYPES: Final = frozenset({b"", b"application/json"})
"""A request that does not say what it brings is read too."""


def require_json(call: Call) -> None:
    """Looks at the Content-Type; its parameters, such as a charset, do not count.

    Raises:
        Problem: The body is said to be something else (415).
    """
    media = (call.header(b"content-type") or b"").partition(b";")[0].strip().lower()
    if media not in JSON_TYPES:
        raise Problem(Kind.UNSUPPORTED_MEDIA, "The request body must be sent as application/json.")
