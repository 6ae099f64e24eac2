"""Real clients, each in a process of its own that is told what to do line by line.

The processes are the scripts in `drivers/` and `node/`. They take `{"operation", "orderId", "query", "restricted", "body"}`
with Amazon's names, call their client the way its documentation says, and give back what the client made of the answer.
Where `restricted` is not null the client gets itself a restricted data token first.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.clients.driven import Driven, node_command
from tests.serving import Seller

HERE = Path(__file__).parent

PYTHON_CLIENTS = {
    "amzn-sp-api": "official_python",
    "python-amazon-sp-api": "community_python",
}
NODE_CLIENTS = {
    "@amazon-sp-api-release/amazon-sp-api-sdk-js": "official.mjs",
    "amazon-sp-api": "amz_tools.mjs",
}
CLIENTS = (*PYTHON_CLIENTS, *NODE_CLIENTS)


class Refusal(NamedTuple):
    """An error as the client tells it; None: it does not tell that."""

    status: int | None
    code: str | None
    message: str | None
    details: str | None


class Restricted(NamedTuple):
    """What a restricted data token is asked for; no elements: the path alone says it."""

    path: str
    dataElements: list[str]  # noqa: N815 - Amazon's name


class Refused(Exception):
    """The client raised."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def command(name: str) -> list[str]:
    """What runs a client's driver."""
    if name in PYTHON_CLIENTS:
        return [sys.executable, "-m", f"{__package__}.drivers.{PYTHON_CLIENTS[name]}"]
    return node_command(name, NODE_CLIENTS[name], preloaded="redirect.cjs")


class Client(Driven):
    """One client that acts for one seller."""

    def __init__(self, name: str, seller: Seller) -> None:
        settings = {
            "ENDPOINT": seller.url,
            "CLIENT_ID": seller.lwa["client_id"],
            "CLIENT_SECRET": seller.lwa["client_secret"],
            "REFRESH_TOKEN": seller.lwa["refresh_token"],
            "PYTHONPATH": str(HERE.parents[1]),
        }
        super().__init__(name, command(name), settings)

    def call(
        self,
        operation: str,
        order_id: str | None = None,
        query: Mapping[str, Any] | None = None,
        restricted: Restricted | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """What the client made of the payload; None where the answer has no body.

        Raises:
            Refused: The client raised.
        """
        answer = self.ask(
            {
                "operation": operation,
                "orderId": order_id,
                "query": dict(query or {}),
                "restricted": None if restricted is None else restricted._asdict(),
                "body": body,
            }
        )
        if "refusal" in answer:
            raise Refused(Refusal(**answer["refusal"]))
        return answer["payload"]

    def renew(self) -> None:
        """Makes the client forget its access token, as a program does that meets an expired one."""
        self.call("renew")


def folded(value: Any) -> Any:
    """A document with its member names as no client can change them: lower case, without underscores.

    Members without a value are left out: some clients give every member that could be there.
    """
    if isinstance(value, dict):
        return {
            name.lower().replace("_", ""): folded(member)
            for name, member in value.items()
            if member is not None
        }
    if isinstance(value, list):
        return [folded(member) for member in value]
    return value
