"""A client in a process of its own that is told what to do line by line."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from tests.serving import environment

NODE = Path(__file__).parent / "node"
ANSWER_SECONDS = 90


def node_command(package: str, script: str, preloaded: str) -> list[str]:
    """What runs a script of `node/` that drives this package; where either is missing the test is skipped."""
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules" / package).is_dir():
        pytest.skip(f"{package} is not here: it needs Node and `npm ci` in tests/clients/node")
    return [node, "--require", str(NODE / preloaded), str(NODE / script)]


class Driven:
    """The process: a JSON value goes in as a line, and one comes out."""

    def __init__(self, name: str, command: Sequence[str], settings: Mapping[str, str]) -> None:
        self.name = name
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment() | dict(settings),
        )
        self._unread = b""

    def ask(self, asked: Any) -> Any:
        """What the driver answers."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        return json.loads(self._line())

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
