"""One request on its way to its operation, and the answer on its way back."""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
    MutableMapping,
)
from typing import Any, Final, NamedTuple

from torihiki.auth.pay.model import PayClaim
from torihiki.kernel.caller import Caller
from torihiki.kernel.instant import Instant
from torihiki.kernel.operation import Operation
from torihiki.kernel.pay_caller import PayCaller
from torihiki.kernel.problem import Kind, Problem, timed_out, unauthorized

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Scope = Mapping[str, Any]
Headers = Mapping[bytes, bytes]

BODY_MAX_BYTES: Final = 1024 * 1024
"""The largest body of an operation that reads its body whole."""
BODY_SECONDS: Final = 60.0
"""How long such a body may take, from when it is asked for."""
SILENCE_SECONDS: Final = 30.0
"""How long a client may send nothing of a body that is read part by part."""
CLOSING: Final = ((b"connection", b"close"),)
"""Headers of an answer that does not wait for the rest of its request, so that nobody takes the rest for the next one."""

JSON: Final = b"application/json"


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


class Stream(NamedTuple):
    """A body that is sent part by part, as fast as the client takes it.

    Args:
        length: Bytes of the whole.
        parts: They add up to `length`; None: the body is described and not sent, as HEAD wants it. Closed when the last was
            sent or the client has gone, so that its `finally` gives back what it holds.
    """

    length: int
    parts: AsyncGenerator[bytes] | None


class Answer(NamedTuple):
    """What goes back: the body is sent as it is, or `stream` in its place.

    `problem` says why a request is refused, in a word that holds nothing of the caller's; an answer that has it is logged.
    """

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ()
    media: bytes = JSON
    stream: Stream | None = None
    problem: str | None = None


class Signed(NamedTuple):
    """What the gate of Amazon Pay found out.

    Args:
        caller: Who signed.
        claim: What was signed, but for the body.
        body: The body, whole.
    """

    caller: PayCaller
    claim: PayClaim
    body: bytes


class Call:
    """A request that has been matched with its operation.

    Args:
        operation: What is called.
        path: The path parameters, decoded.
        query: The query string as it came, still percent-encoded.
        headers: Lower-case names and values.
        receive: Where the body comes from.
        now: The operator's time of this request: of its head, and once its body was read of that, so that a change is not
            dated before reads that did not see it yet, however slowly it was sent. It does not move otherwise.
        caller: Who calls, once the gate has said; None for operations that have no seller.
        request_id: The id that the answer will bear.
        scope: The request as the protocol gives it.
        clock: Gives the time of the body; None: `now` stays that of the head.

    `signed` is there for operations of Amazon Pay, once their gate has let the request in.
    """

    __slots__ = (
        "_clock",
        "caller",
        "headers",
        "now",
        "operation",
        "path",
        "query",
        "receive",
        "request_id",
        "scope",
        "signed",
    )

    def __init__(  # noqa: PLR0913 - each is what some handler asks for
        self,
        *,
        operation: Operation,
        path: Mapping[str, str],
        query: bytes,
        headers: Headers,
        receive: Receive,
        now: Instant,
        caller: Caller | None,
        request_id: str,
        scope: Scope | None = None,
        clock: Callable[[], Awaitable[Instant]] | None = None,
    ) -> None:
        self.operation = operation
        self.path = path
        self.query = query
        self.headers = headers
        self.receive = receive
        self.now = now
        self.caller = caller
        self.request_id = request_id
        self.scope = {} if scope is None else scope
        self.signed: Signed | None = None
        self._clock = clock

    @property
    def seller(self) -> Caller:
        """Who calls an operation that has a seller.

        Raises:
            Problem: Nobody, so the gate has not let anyone in.
        """
        if self.caller is None:
            raise unauthorized()
        return self.caller

    def header(self, name: bytes) -> bytes | None:
        """The header of that (lower-case) name."""
        return self.headers.get(name)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives, without a limit on its whole.

        Raises:
            Problem: Nothing came for `SILENCE_SECONDS` while the next part was waited for (timed out).
            ClientGone: The connection closed before the body's end.
        """
        more = True
        while more:
            try:
                # Not around the yield: what is done with a part takes its own time, and another task may ask for the next.
                async with asyncio.timeout(SILENCE_SECONDS):
                    part, more = await self._part()
            except TimeoutError as error:
                raise timed_out() from error
            yield part

    async def body(self, limit: int = BODY_MAX_BYTES) -> bytes:
        """The whole body.

        Raises:
            Problem: It is longer than `limit` bytes, it took longer than `BODY_SECONDS`, or the clock cannot be read now.
            ClientGone: The connection closed before its end.
        """
        parts: list[bytes] = []
        size = 0
        more = True
        try:
            async with asyncio.timeout(BODY_SECONDS):
                while more:
                    part, more = await self._part()
                    size += len(part)
                    if size > limit:
                        raise Problem(
                            Kind.TOO_LARGE, f"The request body is larger than {limit} bytes."
                        )
                    parts.append(part)
        except TimeoutError as error:
            raise timed_out() from error
        if self._clock is not None:
            self.now = await self._clock()
        return b"".join(parts)

    async def _part(self) -> tuple[bytes, bool]:
        """What has come of the body, and whether more will."""
        message = await self.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        return message.get("body", b""), message.get("more_body", False)


Handler = Callable[[Call], Awaitable[Answer]]
