"""Finds the operations of Amazon Pay by paths with and without an environment, however they end (contract 1.2, 1.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torihiki.auth.pay.model import PayPath
from torihiki.auth.pay.paths import parse_path
from torihiki.auth.pay.refusals import invalid_api_version, not_found
from torihiki.auth.pay.rules import API_VERSION
from torihiki.kernel.operation import Operation
from torihiki.server import pay_problems
from torihiki.server.call import Answer, Call, Scope

_Shape = tuple[str, int]
"""The first segment behind the version, and how many there are; the others are ids."""


def target_of(scope: Scope) -> bytes:
    """Path and query as they came: a signature is of these bytes."""
    path: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    return path + b"?" + query if query else path


class PayRoutes:
    """What is where.

    Args:
        operations: Their paths are a version, a resource, and ids.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._methods: dict[_Shape, dict[str, str]] = {}
        self._ids: dict[_Shape, tuple[str, ...]] = {}
        for operation in operations:
            _, _, resource, *ids = operation.path.split("/")
            shape = (resource, 1 + len(ids))
            self._methods.setdefault(shape, {})[operation.method] = operation.name
            self._ids[shape] = tuple(one[1:-1] for one in ids)

    def find(self, scope: Scope) -> tuple[str, Mapping[str, str]] | None:
        """See `dispatch.Finder`; every path with a version is Amazon Pay's."""
        path = parse_path(scope["raw_path"])
        if path is None:
            return None
        shape = _shape(path)
        name = self._methods.get(shape, {}).get(scope["method"]) if shape else None
        if shape is None or name is None:
            return "", {}
        return name, dict(zip(self._ids[shape], path.segments[1:], strict=True))

    async def lost(self, call: Call) -> Answer:
        """Refuses a version, a resource or a method that there is not, before anybody is asked who he is.

        Raises:
            Problem: There is no such version or resource.
        """
        path = parse_path(call.scope["raw_path"])
        if path is None:
            raise not_found()
        if path.version != API_VERSION:
            raise invalid_api_version(path.version)
        shape = _shape(path)
        methods = self._methods.get(shape) if shape else None
        if methods is None:
            raise not_found()
        problem = pay_problems.unsupported_operation(str(call.scope["method"]))
        allowed = ((b"allow", ", ".join(sorted(methods)).encode()),)
        return pay_problems.refusal(problem)._replace(headers=allowed, problem=problem.kind.name)


def _shape(path: PayPath) -> _Shape | None:
    """None: there is nothing of this version, or nothing behind it."""
    if path.version != API_VERSION or not path.segments:
        return None
    return path.segments[0], len(path.segments)
