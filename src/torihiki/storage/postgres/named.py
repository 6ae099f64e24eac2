"""SQL with parameters by name (`:wanted`), in the numbered form that asyncpg sends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, overload

import asyncpg

from torihiki.storage import statements
from torihiki.storage.postgres.pool import Connection

_PARAMETER: Final = re.compile(r"(?<![:\w]):([a-z][a-z0-9_]*)")


@overload
def plain(text: str) -> str: ...
@overload
def plain(text: str | None) -> str | None: ...
def plain(text: str | None) -> str | None:
    """The text as PostgreSQL can keep it: without NUL, which no request can ask for either."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if text and "\0" in text else text


class Statement:
    """One statement; a name may stand in it several times and is one parameter."""

    __slots__ = ("names", "text")

    def __init__(self, text: str) -> None:
        names: dict[str, int] = {}
        self.text: Final = _PARAMETER.sub(
            lambda found: f"${names.setdefault(found[1], len(names) + 1)}", text
        )
        self.names: Final = tuple(names)

    def arguments(self, parameters: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the statement, texts made plain; what it does not name is left out."""
        values = [parameters[name] for name in self.names]
        return [plain(value) if isinstance(value, str) else value for value in values]

    async def on(self, connection: Connection, **parameters: object) -> list[asyncpg.Record]:
        """The rows that the statement gives in the connection's transaction."""
        return await connection.fetch(self.text, *self.arguments(parameters))


def load(package: str, file: str) -> dict[str, Statement]:
    """The statements of `file` inside `package`."""
    return {name: Statement(text) for name, text in statements.load(package, file).items()}
