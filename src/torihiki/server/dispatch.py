"""The one path of every request: match, gate, operation, answer, count, log."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import structlog

from torihiki.kernel.operation import Operation
from torihiki.kernel.problem import Kind, Problem, invalid_input, no_resource, unauthorized
from torihiki.server import problems
from torihiki.server.call import (
    CLOSING,
    Answer,
    Call,
    ClientGone,
    Handler,
    Message,
    Receive,
    Scope,
    Send,
)
from torihiki.server.gates import Gate, OpenGate
from torihiki.server.metrics import Metrics
from torihiki.server.shared_state import SharedState

QUERY_MAX_BYTES: Final = 32 * 1024
"""The longest query string; fifty order ids and every filter together take less than a tenth of it."""

_RATED: Final = frozenset({200, 201, 202, 204, 400, 404})
"""Statuses with x-amzn-RateLimit-Limit: Amazon leaves it out on 403, 429 and 5xx (contract 1.8)."""

_WITHOUT_BODY: Final = frozenset({204, 304})

REQUEST_ID: Final = b"x-amzn-requestid"

Finder = Callable[[Scope], tuple[str, Mapping[str, str]] | None]
"""Names the operation that a request is for, and gives the path parameters; None: the request is for another API.

The name is empty where the request is for this API and for none of its operations. It raises nothing.
"""

Refusal = Callable[[Problem | None, str], Answer]
"""Makes the answer to a problem (None: nobody expected it) under a request id."""


def _in_json(problem: Problem | None, _: str) -> Answer:
    return problems.INTERNAL_FAILURE if problem is None else problems.render(problem)


class Api(NamedTuple):
    """Operations that share a gate.

    Args:
        operations: The table.
        handlers: The function that answers each of them, by name.
        gate: Who gets in.
        needs_database: Whether its operations follow the operator's clock, which is in the database; the others are
            answered also when that cannot be reached, and see the machine's clock.
        refusal: How it is refused what its handlers do not answer.
        other_methods: Answers the methods that its paths do not have; None: as if there were nothing.
        id_header: Bears the request id.
        find: Finds its operations where their paths are not as the table has them; None: they are.
        lost: With `find`: answers what is for none of them, whoever asks.
    """

    operations: Sequence[Operation]
    handlers: Mapping[str, Handler]
    gate: Gate
    needs_database: bool = True
    refusal: Refusal = _in_json
    other_methods: Handler | None = None
    id_header: bytes = REQUEST_ID
    find: Finder | None = None
    lost: Handler | None = None


class _Route(NamedTuple):
    operation: Operation
    handler: Handler
    gate: Gate
    parameters: tuple[str, ...]
    needs_database: bool
    refusal: Refusal
    id_header: bytes


class _Waiting:
    """Receives for a client that sends its body when it is told to: asked for the first part, uvicorn tells it."""

    __slots__ = ("_receive", "is_told")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.is_told = False

    async def __call__(self) -> Message:
        self.is_told = True
        return await self._receive()


class _Door(NamedTuple):
    """An API that finds its operations itself; its routes by their names."""

    find: Finder
    routes: dict[str, _Route]


_UNKNOWN: Final = Operation(name="unknown", method="", path="", summary="")
"""What the metrics and the log count under where there is no operation."""

_Node = dict[Any, Any]
"""Path segments to nodes; `None` stands for any segment, and `(method,)` leads from the last node to the route.

`()` leads to the route of methods that are not there.
"""


class Dispatch:
    """Answers requests for every operation of its tables.

    Args:
        apis: The tables. Every operation must have a handler.
        state: The operator's clock.
        metrics: Where answers are counted.
        new_ids: Gives each answer its request id.
        stopwatch: Seconds, for measuring.
        log_every_request: Whether answers below 400 are logged too.
    """

    def __init__(
        self,
        apis: Sequence[Api],
        *,
        state: SharedState,
        metrics: Metrics,
        new_ids: Iterator[str],
        stopwatch: Callable[[], float],
        log_every_request: bool,
    ) -> None:
        self._state = state
        self._metrics = metrics
        self._new_ids = new_ids
        self._stopwatch = stopwatch
        self._log_every_request = log_every_request
        self._log = structlog.get_logger("torihiki.request")
        self._root: _Node = {}
        self._doors: list[_Door] = []
        for api in apis:
            if api.find is not None:
                self._doors.append(_door(api, api.find))
                continue
            for operation in api.operations:
                self._add(operation, api)

    def _add(self, operation: Operation, api: Api) -> None:
        node = self._root
        parameters: list[str] = []
        for segment in operation.path.split("/")[1:]:
            if segment.startswith("{"):
                parameters.append(segment[1:-1])
                node = node.setdefault(None, {})
            else:
                node = node.setdefault(segment, {})
        route = _route(operation, api, tuple(parameters))
        node[(operation.method,)] = route
        if api.other_methods is not None:
            node[()] = route._replace(handler=api.other_methods)

    def _match(self, method: str, path: str) -> tuple[_Route | None, dict[str, str]]:
        """The route of a path, whose last slash does not count (O-2), and its parameters."""
        node = self._root
        values: list[str] = []
        for segment in path.removesuffix("/").split("/")[1:]:
            following = node.get(segment)
            if following is None:
                following = node.get(None)
                if following is None or not segment:
                    return None, {}
                values.append(segment)
            node = following
        route = node.get((method,)) or node.get(())
        if route is None:
            return None, {}
        return route, dict(zip(route.parameters, values, strict=True))

    def _find(self, scope: Scope) -> tuple[_Route | None, Mapping[str, str]]:
        """The route of a request: of the tables, or of an API that finds its operations itself."""
        matched = self._match(scope["method"], scope["path"])
        if matched[0] is None:
            for door in self._doors:
                found = door.find(scope)
                if found is not None:
                    return door.routes[found[0]], found[1]
        return matched

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request; whatever happens, it gets one whole answer or a closed connection."""
        started = self._stopwatch()
        request_id = next(self._new_ids)
        route, parameters = self._find(scope)
        refusal = _in_json if route is None else route.refusal
        headers = dict(scope["headers"])
        waiting: _Waiting | None = None
        if b"expect" in headers and headers[b"expect"].lower() == b"100-continue":
            receive = waiting = _Waiting(receive)
        call: Call | None = None
        failure: str | None = None
        try:
            if route is None:
                raise _no_route(scope["path"])  # noqa: TRY301 - one place turns every refusal into its answer
            now = await self._state.now() if route.needs_database else self._state.machine_now()
            call = Call(
                operation=route.operation,
                path=parameters,
                query=scope["query_string"],
                headers=headers,
                receive=receive,
                now=now,
                caller=None,
                request_id=request_id,
                scope=scope,
                clock=self._state.now if route.needs_database else None,
            )
            await route.gate.admit(call)
            route.gate.check(route.operation, headers)
            if len(scope["query_string"]) > QUERY_MAX_BYTES:
                raise _query_too_long()  # noqa: TRY301 - as above
            answer = await route.handler(call)
        except Problem as problem:
            answer = _refused(refusal, problem, request_id)
            # The message may repeat what the caller sent, and that may be personal.
            failure = problem.kind.name
        except ClientGone:
            return
        except Exception:  # noqa: BLE001 - nobody expected it; the log has the traceback, the caller a 500
            answer = refusal(None, request_id)
            failure = "INTERNAL_FAILURE"
            self._log.exception("request failed", request_id=request_id, path=scope["path"])
        if waiting is not None and not waiting.is_told:
            answer = answer._replace(headers=(*answer.headers, *CLOSING))
        rate = None
        if route is not None and call is not None and answer.status in _RATED:
            rate = route.gate.rate(route.operation, call.caller)
        id_header = REQUEST_ID if route is None else route.id_header
        await _start(send, answer, (id_header, request_id.encode()), rate)
        broken = await self._send_body(answer, receive, send, request_id)
        operation = _UNKNOWN.name if route is None else route.operation.name
        seconds = self._stopwatch() - started
        self._metrics.observe(operation, answer.status, seconds)
        failure = broken or failure or answer.problem
        if self._log_every_request or failure is not None:
            self._log_answer(request_id, operation, answer.status, seconds, call, failure)

    def _log_answer(
        self,
        request_id: str,
        operation: str,
        status: int,
        seconds: float,
        call: Call | None,
        failure: str | None,
    ) -> None:
        self._log.info(
            "answered",
            request_id=request_id,
            operation=operation,
            status=status,
            ms=round(seconds * 1000, 2),
            **_who(call),
            **({} if failure is None else {"problem": failure}),
        )

    async def _send_body(
        self, answer: Answer, receive: Receive, send: Send, request_id: str
    ) -> str | None:
        """Sends it to its end; a text says what kept it from that, and the connection must then be closed."""
        stream = answer.stream
        if stream is None or stream.parts is None:
            await send({"type": "http.response.body", "body": answer.body})
            return None
        try:
            await _stream(stream.parts, receive, send)
        except ClientGone:
            return "CLIENT_GONE"
        except Problem as problem:
            return problem.kind.name
        except Exception:  # noqa: BLE001 - as for the handler; the status has been sent
            self._log.exception("stream failed", request_id=request_id)
            return "INTERNAL_FAILURE"
        return None


def _refused(refusal: Refusal, problem: Problem, request_id: str) -> Answer:
    """The API's answer to a problem; it ends the connection where the rest of the body is not waited for."""
    answer = refusal(problem, request_id)
    if problem.kind is Kind.TIMED_OUT:
        return answer._replace(headers=(*answer.headers, *CLOSING))
    return answer


def _query_too_long() -> Problem:
    return invalid_input(details=f"The query string is longer than {QUERY_MAX_BYTES} bytes.")


def _no_route(path: str) -> Problem:
    """Amazon answers 403 where there is nothing (contract 1.4); our own API says so."""
    if path.startswith("/-/"):
        return no_resource()
    return unauthorized()


def _route(operation: Operation, api: Api, parameters: tuple[str, ...]) -> _Route:
    return _Route(
        operation,
        api.handlers[operation.name],
        api.gate,
        parameters,
        api.needs_database,
        api.refusal,
        api.id_header,
    )


def _door(api: Api, find: Finder) -> _Door:
    routes = {operation.name: _route(operation, api, ()) for operation in api.operations}
    if api.lost is None:
        raise ValueError(
            "an API that finds its operations itself answers also what it does not find"
        )
    routes[""] = _Route(
        _UNKNOWN, api.lost, OpenGate(), (), False, api.refusal, api.id_header  # noqa: FBT003 - as its members stand
    )  # fmt: skip
    return _Door(find, routes)


def _who(call: Call | None) -> dict[str, str]:
    """Who called, for the log."""
    if call is None:
        return {}
    if call.signed is not None:
        caller = call.signed.caller
        return {"merchant": caller.merchant_id, "environment": caller.environment}
    return {} if call.caller is None else {"seller": call.caller.seller_id}


async def _start(
    send: Send, answer: Answer, request_id: tuple[bytes, bytes], rate: bytes | None
) -> None:
    headers = [request_id]
    if answer.status not in _WITHOUT_BODY:
        length = len(answer.body) if answer.stream is None else answer.stream.length
        headers.append((b"content-type", answer.media))
        headers.append((b"content-length", b"%d" % length))
    if rate is not None:
        headers.append((b"x-amzn-ratelimit-limit", rate))
    headers.extend(answer.headers)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})


async def _stream(parts: AsyncGenerator[bytes], receive: Receive, send: Send) -> None:
    """Sends the parts, each when the client has taken enough of those before it.

    Raises:
        ClientGone: It took no more.
    """
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        async with contextlib.aclosing(parts):
            async for part in parts:
                if gone.done():
                    raise ClientGone
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body"})
    finally:
        gone.cancel()


async def _disconnected(receive: Receive) -> None:
    """Returns when the client has gone; a body that nobody asked for is dropped."""
    while (await receive())["type"] != "http.disconnect":
        pass
