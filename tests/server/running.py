"""A server as a process that a test stops, kills and looks at itself."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.server.kept import is_sound, kept_orders
from tests.server.plain import fetch
from tests.serving import TORIHIKI, environment

START_SECONDS = 30


class Running:
    """A server process, its log, and where it listens."""

    def __init__(self, data: Path, *flags: str) -> None:
        self.data = data
        self.log = data.parent / f"{data.name}.log"
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [TORIHIKI, "serve", "--data", data, "--port", "0", *flags],
                stdout=output,
                stderr=output,
                env=environment(),
            )
        self.url = self._wait()
        credentials = json.loads((data / "credentials.json").read_text("utf-8"))
        self.bearer = {"authorization": f"Bearer {credentials['operator_token']}"}

    def _wait(self) -> str:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.said()
            if found := re.findall(r"serves on (http://\S+)", self.said()):
                with contextlib.suppress(OSError):
                    if fetch(found[-1], "/-/ready").status == 200:
                        return str(found[-1])
            time.sleep(0.02)
        raise AssertionError(self.said())

    def said(self) -> str:
        return self.log.read_text("utf-8")

    def logged(self) -> list[dict[str, Any]]:
        """Everything that it wrote after its greeting, which must be JSON line by line."""
        lines = self.said().splitlines()
        greeting = next(n for n, line in enumerate(lines) if line.startswith("  stop with"))
        return [json.loads(line) for line in lines[greeting + 1 :]]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the operator's API that must succeed."""
        content = None if body is None else json.dumps(body).encode()
        answer = fetch(
            self.url, f"/-/api/v1{path}", method=method, headers=self.bearer, body=content
        )
        assert answer.status < 300, answer
        return answer.json() if answer.body else None

    def kept_orders(self) -> list[str]:
        """The ids of the orders on disk, each of which is there whole."""
        assert is_sound(self.data)
        return [order.order_id for order in kept_orders(self.data)]


@contextlib.contextmanager
def running(data: Path, *flags: str) -> Iterator[Running]:
    """The server until the end of the block, where it is killed if it still runs."""
    server = Running(data, *flags)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
        server.process.wait()
