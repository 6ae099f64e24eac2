"""The one path of every request: match, gate, operation, answer, count, log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import structlog

from torihiki.kernel.caller import Caller
from torihiki.kernel.operation import Operation
from torihiki.kernel.problem import Kind, Problem, invalid_input, unauthorized
from torihiki.server import problems
from torihiki.server.call import Answer, Call, ClientGone, Handler, Receive, Send
from torihiki.server.gates import Gate
from torihiki.server.metrics import Metrics
from torihiki.server.shared_state import SharedState

QUERY_MAX_BYTES: Final = 32 * 1024
"""The longest query string; fifty order ids and every filter together take less than a tenth of it."""

_RATED: Final = frozenset({200, 201, 204, 400, 404})
"""Statuses with x-amzn-RateLimit-Limit: Amazon leaves it out on 403, 429 and 5xx (contract 1.8)."""

Scope = Mapping[str, Any]


class Api(NamedTuple):
    """Operations that share a gate.

    Args:
        operations: The table.
        handlers: The function that answers each of them, by name.
        gate: Who gets in.
        needs_database: Whether its operations follow the operator's clock, which is in the database; the others are
            answered also when that cannot be reached, and see the machine's clock.
    """

    operations: Sequence[Operation]
    handlers: Mapping[str, Handler]
    gate: Gate
    needs_database: bool = True


class _Route(NamedTuple):
    operation: Operation
    handler: Handler
    gate: Gate
    parameters: tuple[str, ...]
    needs_database: bool


_Node = dict[Any, Any]
"""Path segments to nodes; `None` stands for any segment, and `(method,)` leads from the last node to the route."""


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
        for api in apis:
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
        node[(operation.method,)] = _Route(
            operation,
            api.handlers[operation.name],
            api.gate,
            tuple(parameters),
            api.needs_database,
        )

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
        route = node.get((method,))
        if route is None:
            return None, {}
        return route, dict(zip(route.parameters, values, strict=True))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request; whatever happens, it gets one whole answer or a closed connection."""
        started = self._stopwatch()
        request_id = next(self._new_ids)
        route, parameters = self._match(scope["method"], scope["path"])
        caller: Caller | None = None
        failure: str | None = None
        try:
            if route is None:
                raise _no_route(scope["path"])  # noqa: TRY301 - one place turns every refusal into its answer
            headers = dict(scope["headers"])
            now = await self._state.now() if route.needs_database else self._state.machine_now()
            caller = await route.gate.admit(route.operation, scope["path"], headers, now)
            route.gate.check(route.operation, headers)
            if len(scope["query_string"]) > QUERY_MAX_BYTES:
                raise _query_too_long()  # noqa: TRY301 - as above
            answer = await route.handler(
                Call(
                    operation=route.operation,
                    path=parameters,
                    query=scope["query_string"],
                    headers=headers,
                    receive=receive,
                    now=now,
                    caller=caller,
                    request_id=request_id,
                )
            )
        except Problem as problem:
            answer = problems.render(problem)
            # The message may repeat what the caller sent, and that may be personal.
            failure = problem.kind.name
        except ClientGone:
            return
        except Exception:  # noqa: BLE001 - nobody expected it; the log has the traceback, the caller a 500
            answer = problems.INTERNAL_FAILURE
            failure = "INTERNAL_FAILURE"
            self._log.exception("request failed", request_id=request_id, path=scope["path"])
        operation = "unknown" if route is None else route.operation.name
        rate = None
        if route is not None and answer.status in _RATED:
            rate = route.gate.rate(route.operation, caller)
        await _send(send, answer, request_id, rate)
        seconds = self._stopwatch() - started
        self._metrics.observe(operation, answer.status, seconds)
        if self._log_every_request or failure is not None:
            self._log.info(
                "answered",
                request_id=request_id,
                operation=operation,
                status=answer.status,
                ms=round(seconds * 1000, 2),
                **({} if caller is None else {"seller": caller.seller_id}),
                **({} if failure is None else {"problem": failure}),
            )


def _query_too_long() -> Problem:
    return invalid_input(details=f"The query string is longer than {QUERY_MAX_BYTES} bytes.")


def _no_route(path: str) -> Problem:
    """Amazon answers 403 where there is nothing (contract 1.4); our own API says so."""
    if path.startswith("/-/"):
        return Problem(Kind.NOT_FOUND, "Cannot find resource by the given URI")
    return unauthorized()


async def _send(send: Send, answer: Answer, request_id: str, rate: bytes | None) -> None:
    headers = [(b"x-amzn-requestid", request_id.encode())]
    if answer.status != 204:  # noqa: PLR2004 - a 204 has no body to describe
        headers.append((b"content-type", answer.media))
        headers.append((b"content-length", b"%d" % len(answer.body)))
    if rate is not None:
        headers.append((b"x-amzn-ratelimit-limit", rate))
    headers.extend(answer.headers)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
