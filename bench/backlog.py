"""Keeps the worker of a server at work on reports: asks for new ones through the signed API, so that some always wait."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench.machine import children, cpu_seconds
from bench.report_rows import MERCHANT
from bench.servers import Running, Store
from bench.signing import REPORTS, signed_headers
from torihiki.kernel.fact import ReportType

AHEAD: Final = 6
"""Reports that are open at a time; the worker makes two at once."""
LOOK_SECONDS: Final = 0.25
START_SECONDS: Final = 30.0
ENDING_SECONDS: Final = 300.0
FOLDER: Final = "documents"
ALL_TIME: Final = {"startTime": "20200101T000000Z", "endTime": "20401231T235959Z"}
TYPES: Final = (ReportType.REFUND, ReportType.AUTHORIZATION, ReportType.ORDER_REFERENCE)
ENDED: Final = "COMPLETED"
OPEN: Final = "IN_PROGRESS"


class Backlog:
    """The reports that one server has been asked for.

    Args:
        running: The server.
        store: Its store, with the ledger of `bench.report_rows` in it.
    """

    def __init__(self, running: Running, store: Store) -> None:
        self._running = running
        self._documents = store.data / FOLDER
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        credentials = json.loads((store.data / "credentials.json").read_text(encoding="utf-8"))
        self._key_id = self._registered(credentials["operator_token"])
        self._open: deque[str] = deque()
        self._asked = 0
        self._failure: Exception | None = None
        self.made = 0
        """Reports that were completed so far."""

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While this lasts, the worker has reports to make; after it, it has none left, and their documents are gone.

        Raises:
            RuntimeError: A report was not completed.
        """
        stop = threading.Event()
        self._top_up()
        self._wait_for(self._open[0], OPEN, START_SECONDS)
        thread = threading.Thread(target=self._keep_up, args=[stop], name="backlog")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            self._end()
        if self._failure is not None:
            raise self._failure

    def worker_seconds(self) -> float:
        """Processor time of the server's worker so far."""
        return sum(map(cpu_seconds, children(self._running.process.pid)))

    def _keep_up(self, stop: threading.Event) -> None:
        try:
            while not stop.wait(LOOK_SECONDS):
                self._forget_ended()
                self._top_up()
        except (OSError, RuntimeError) as error:
            self._failure = error

    def _end(self) -> None:
        until = time.monotonic() + ENDING_SECONDS
        while self._open and time.monotonic() < until:
            self._forget_ended()
            time.sleep(LOOK_SECONDS)
        for document in self._documents.iterdir():
            document.unlink()

    def _top_up(self) -> None:
        while len(self._open) < AHEAD:
            body = {"reportType": TYPES[self._asked % len(TYPES)].value, **ALL_TIME}
            answer = self._ask("POST", REPORTS, json.dumps(body).encode())
            self._open.append(answer["reportId"])
            self._asked += 1

    def _forget_ended(self) -> None:
        while self._open and self._status(self._open[0]) == ENDED:
            self._open.popleft()
            self.made += 1

    def _wait_for(self, report_id: str, status: str, seconds: float) -> None:
        until = time.monotonic() + seconds
        while self._status(report_id) not in {status, ENDED}:
            if time.monotonic() > until:
                raise RuntimeError("the worker does not begin")
            time.sleep(LOOK_SECONDS)

    def _status(self, report_id: str) -> str:
        status: str = self._ask("GET", f"{REPORTS}/{report_id}")["processingStatus"]
        if status in {"CANCELLED", "FAILED"}:
            raise RuntimeError(f"a report is {status}")
        return status

    def _registered(self, operator: str) -> str:
        pem = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        headers = {"authorization": f"Bearer {operator}", "content-type": "application/json"}
        body = json.dumps({"environment": "live", "publicKeyPem": pem.decode()}).encode()
        found = self._send("POST", f"/-/api/v1/merchants/{MERCHANT}/keys", body, headers)
        key_id: str = found["publicKeyId"]
        return key_id

    def _ask(self, method: str, path: str, body: bytes = b"") -> dict[str, Any]:
        headers = signed_headers(self._key, self._key_id, "eu", method, path, body)
        return self._send(method, path, body, headers)

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        request = urllib.request.Request(
            self._running.url + path, body or None, headers, method=method
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found
