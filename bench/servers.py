"""Starts the servers that are measured, each on the one core that servers get, and reads what they use."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.machine import cpu_seconds

TORIHIKI: Final = str(Path(sys.executable).with_name("torihiki"))
CORES: Final = sorted(os.sched_getaffinity(0))
SERVER_CORE: Final = CORES[-1]
LOAD_CORE: Final = CORES[0]
START_SECONDS: Final = 30.0
UNLIMITED: Final = {"rate": 100_000.0, "burst": 100_000}


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """A database with orders in it.

    Args:
        data: The server's data directory, with the key and the credentials.
        database: The `--database` of the commands; None: SQLite in `data`.
    """

    data: Path
    database: str | None = None

    @property
    def options(self) -> list[str]:
        """What names the store to every command."""
        return ["--data", str(self.data)] + (["--database", self.database] if self.database else [])


def torihiki(*arguments: str, store: Store) -> float:
    """Runs a command on the store; the seconds that it took.

    Raises:
        RuntimeError: It failed.
    """
    started = time.perf_counter()
    done = subprocess.run(
        [TORIHIKI, *arguments, *store.options], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(
            f"torihiki {arguments[0]} failed: {done.stderr[-1000:]}{done.stdout[-1000:]}"
        )
    return time.perf_counter() - started


class Running:
    """A server under measurement.

    Args:
        probe: A path that it always answers.
        works_alone: Whether no database server works for it.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], port: int, probe: str, *, works_alone: bool
    ) -> None:
        self.process = process
        self.probe = probe
        self.works_alone = works_alone
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def cpu_seconds(self) -> float:
        """User and system time that the process has used so far."""
        return cpu_seconds(self.process.pid)

    def settle(self) -> None:
        """Returns when nothing that was asked before is still being answered."""
        with urllib.request.urlopen(self.url + self.probe, timeout=120):
            pass

    def memory(self) -> dict[str, int]:
        """Resident bytes by kind; mapped pages of the database file count as `RssFile`."""
        text = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        lines = (line.split() for line in text.splitlines() if line.startswith(("VmRSS", "Rss")))
        return {line[0].rstrip(":"): int(line[1]) * 1024 for line in lines}


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _started(
    command: Sequence[str], port: int, probe: str, *, works_alone: bool = True, pinned: bool = True
) -> Iterator[Running]:
    process = subprocess.Popen(
        [*(["taskset", "-c", str(SERVER_CORE)] if pinned else []), *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    running = Running(process, port, probe, works_alone=works_alone)
    try:
        wait_until_it_answers(running)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def wait_until_it_answers(running: Running) -> None:
    """Returns at the first answer with status 200.

    Raises:
        RuntimeError: There was none within `START_SECONDS`, or the process ended.
    """
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(running.url + running.probe, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            if running.process.poll() is not None:
                _, errors = running.process.communicate()
                raise RuntimeError(f"the server ended: {errors.decode()[-2000:]}") from None
            time.sleep(0.002)
    raise RuntimeError("the server does not answer")


@contextmanager
def serving(store: Store, variant: str | None = None, *, pinned: bool = True) -> Iterator[Running]:
    """The server on the store, as a user starts it, or a variant of it (`bench.variant`).

    Its worker shares its one core, unless it is not `pinned`.
    """
    port = free_port()
    program = [TORIHIKI] if variant is None else [sys.executable, "-m", "bench.variant", variant]
    command = [*program, "serve", "--port", str(port), *store.options]
    alone = store.database is None
    with _started(command, port, "/-/health", works_alone=alone, pinned=pinned) as running:
        yield running


@contextmanager
def floor(bodies: Path, *, pinned: bool = True) -> Iterator[Running]:
    """Floor A on the files of a directory."""
    (bodies / "probe").write_bytes(b"{}")
    port = free_port()
    command = [sys.executable, "-m", "bench.floor", "--port", str(port), "--bodies", str(bodies)]
    with _started(command, port, "/probe", pinned=pinned) as running:
        yield running


class Api:
    """The calls that measuring needs: a token, plans so wide that no bucket is ever empty, single requests."""

    def __init__(self, running: Running, store: Store, seller: str) -> None:
        self._url = running.url
        credentials: dict[str, Any] = json.loads((store.data / "credentials.json").read_text())
        lwa = next(one["lwa"] for one in credentials["sellers"] if one["seller_id"] == seller)
        form = {"grant_type": "refresh_token", **lwa}
        body = urllib.parse.urlencode(form).encode()
        token: dict[str, str] = json.loads(self._answer("POST", "/auth/o2/token", {}, body))
        self.token = token["access_token"]
        self._lift(credentials["operator_token"], lwa["client_id"], seller)

    def _lift(self, operator: str, client_id: str, seller: str) -> None:
        bearer = {"authorization": f"Bearer {operator}", "content-type": "application/json"}
        found = json.loads(self._answer("GET", "/-/api/v1/applications", bearer))["applications"]
        application = next(one["applicationId"] for one in found if one["clientId"] == client_id)
        for operation in ("getOrders", "getOrder", "confirmShipment"):
            path = f"/-/api/v1/usage-plans/{application}/{seller}/{operation}"
            self._answer("PUT", path, bearer, json.dumps(UNLIMITED).encode())

    def restricted_token(self) -> str:
        """A restricted data token that opens addresses and buyers of getOrders and getOrder."""
        elements = ["shippingAddress", "buyerInfo"]
        resources = [
            {"method": "GET", "path": path, "dataElements": elements}
            for path in ("/orders/v0/orders", "/orders/v0/orders/{orderId}")
        ]
        headers = {"x-amz-access-token": self.token, "content-type": "application/json"}
        body = json.dumps({"restrictedResources": resources}).encode()
        answer = self._answer("POST", "/tokens/2021-03-01/restrictedDataToken", headers, body)
        return str(json.loads(answer)["restrictedDataToken"])

    def get(self, path: str) -> bytes:
        """The body of one call of the seller's."""
        return self._answer("GET", path, {"x-amz-access-token": self.token})

    def _answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None = None
    ) -> bytes:
        request = urllib.request.Request(self._url + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            said = error.read().decode()
            raise RuntimeError(f"{method} {path}: {error.code} {said}") from error
