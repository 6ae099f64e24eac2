"""Real clients, each in a process of its own that is told what to do line by line.

The processes are the scripts in `drivers/` and `node/`. They take `{"operation", "orderId", "query", "restricted", "body"}`
with Amazon's names, call their client the way its documentation says, and give back what the client made of the answer.
Where `restricted` is not null the client gets itself a restricted data token first.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import pytest

from tests.serving import Seller, environment

HERE = Path(__file__).parent
NODE = HERE / "node"
ANSWER_SECONDS = 90

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
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules" / name).is_dir():
        pytest.skip(f"{name} is not here: it needs Node and `npm ci` in tests/clients/node")
    return [node, "--require", str(NODE / "redirect.cjs"), str(NODE / NODE_CLIENTS[name])]


class Client:
    """One client that acts for one seller."""

    def __init__(self, name: str, seller: Seller) -> None:
        settings = {
            "ENDPOINT": seller.url,
            "CLIENT_ID": seller.lwa["client_id"],
            "CLIENT_SECRET": seller.lwa["client_secret"],
            "REFRESH_TOKEN": seller.lwa["refresh_token"],
            "PYTHONPATH": str(HERE.parents[1]),
        }
        self.name = name
        self._process = subprocess.Popen(
            command(name),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment() | settings,
        )
        self._unread = b""

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
        asked = {
            "operation": operation,
            "orderId": order_id,
            "query": dict(query or {}),
            "restricted": None if restricted is None else restricted._asdict(),
            "body": body,
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        answer = json.loads(self._line())
        if "refusal" in answer:
            raise Refused(Refusal(**answer["refusal"]))
        return answer["payload"]

    def renew(self) -> None:
        """Makes the client forget its access token, as a program does that meets an expired one."""
        self.call("renew")

    def _line(self) -> bytes:
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        deadline = time.monotonic() + ANSWER_SECONDS
        while b"\n" not in self._unread:
            ready, _, _ = select.select([output], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"{self.name} said nothing for {ANSWER_SECONDS} s"
            read = os.read(output, 1 << 16)
            assert read, f"{self.name} ended"
            self._unread += read
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


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
