"""Starts the server as a user starts it, and speaks plain HTTP with it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2

TORIHIKI = Path(sys.executable).parent / "torihiki"
START_SECONDS = 60
STOP_SECONDS = 20
READER = "Inventory and Order Tracking"
TODAY = "2026-11-22T09:30:00Z"
"""What the operator's clock is set to, so that the demo is the same whenever the tests run."""


def environment() -> dict[str, str]:
    """The machine's environment without settings of ours: what is tested is the defaults."""
    return {name: text for name, text in os.environ.items() if not name.startswith("TORIHIKI_")}


class Seller:
    """One seller's application, as plain HTTP: the measure of what the clients give."""

    def __init__(self, url: str, seller: Mapping[str, Any]) -> None:
        self.url = url
        self.seller_id: str = seller["seller_id"]
        self.marketplace_ids: list[str] = seller["marketplace_ids"]
        self.lwa: dict[str, str] = seller["lwa"]
        self.application_id = ""
        self.authorization_id = ""
        self._http = httpx2.Client(base_url=url, timeout=30)
        self.renew()

    def renew(self) -> None:
        """Takes a new access token."""
        answer = self._http.post("/auth/o2/token", data={"grant_type": "refresh_token", **self.lwa})
        assert answer.status_code == 200, answer.text
        self.access_token: str = answer.json()["access_token"]

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> httpx2.Response:
        """GET with the access token; lists go with commas, as Amazon reads them."""
        written = {
            name: ",".join(value) if isinstance(value, list) else str(value)
            for name, value in (query or {}).items()
        }
        return self._http.get(
            path, params=written, headers={"x-amz-access-token": self.access_token}
        )

    def exchange(self, method: str, target: str, **headers: str) -> httpx2.Response:
        """A request whose target is sent as it is written, with the access token."""
        return self._http.request(
            method,
            httpx2.URL(self.url + target),
            headers={"x-amz-access-token": self.access_token, **headers},
        )

    def payload(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        answer = self.get(path, query)
        assert answer.status_code == 200, answer.text
        return answer.json()["payload"]

    def pages(self, query: Mapping[str, Any]) -> Iterator[list[Any]]:
        """The orders of getOrders, page by page to the end."""
        payload = self.payload("/orders/v0/orders", query)
        yield payload["Orders"]
        while token := payload.get("NextToken"):
            asked = {"MarketplaceIds": query["MarketplaceIds"], "NextToken": token}
            payload = self.payload("/orders/v0/orders", asked)
            yield payload["Orders"]

    def orders(self, query: Mapping[str, Any]) -> list[Any]:
        return [order for page in self.pages(query) for order in page]

    def close(self) -> None:
        self._http.close()


class Served:
    """A running server and what a client must know of it."""

    def __init__(self, url: str, data: Path, credentials: Mapping[str, Any]) -> None:
        self.url = url
        self.data = data
        self.credentials = credentials
        self.operator = httpx2.Client(
            base_url=f"{url}/-/api/v1",
            headers={"authorization": f"Bearer {credentials['operator_token']}"},
            timeout=30,
        )
        self.sellers = [Seller(url, seller) for seller in credentials["sellers"]]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the operator's API that must succeed."""
        answer = self.operator.request(method, path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def set_clock(self, **change: Any) -> None:
        """Sets (`now`), advances (`advance`), stops or runs (`running`) the operator's clock."""
        self.ask("PUT", "/clock", change)

    def load(self, *lines: Mapping[str, Any]) -> None:
        """Imports orders, all of which must be taken."""
        body = "\n".join(json.dumps(line) for line in lines)
        answer = self.operator.post("/orders", content=body.encode())
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"imported": len(lines), "failed": 0, "errors": []}

    def add_seller(
        self, marketplace_ids: Sequence[str], roles: Sequence[str] = (READER,)
    ) -> Seller:
        """A new seller with an application of its own, which has these roles."""
        seller = self.ask(
            "POST", "/sellers", {"name": "A seller", "marketplaceIds": list(marketplace_ids)}
        )
        application = self.ask("POST", "/applications", {"name": "Its tool", "roles": list(roles)})
        authorization = self.ask(
            "POST",
            "/authorizations",
            {
                "applicationId": application["applicationId"],
                "sellerId": seller["sellerId"],
            },
        )
        added = Seller(
            self.url,
            {
                "seller_id": seller["sellerId"],
                "marketplace_ids": list(marketplace_ids),
                "lwa": {
                    "client_id": application["clientId"],
                    "client_secret": application["clientSecret"],
                    "refresh_token": authorization["refreshToken"],
                },
            },
        )
        added.application_id = application["applicationId"]
        added.authorization_id = authorization["authorizationId"]
        self.sellers.append(added)
        return added

    def close(self) -> None:
        self.operator.close()
        for seller in self.sellers:
            seller.close()


def _ready_url(process: subprocess.Popen[bytes], log: Path) -> str:
    """Where the server says that it listens, once it says that it is ready."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        said = log.read_text("utf-8")
        assert process.poll() is None, f"the server ended: {said[-4000:]}"
        if found := re.search(r"serves on (http://\S+)", said):
            with contextlib.suppress(httpx2.TransportError):
                if httpx2.get(f"{found[1]}/-/ready", timeout=5).status_code == 200:
                    return found[1]
        time.sleep(0.05)
    raise AssertionError(f"not ready in {START_SECONDS} s: {log.read_text('utf-8')[-4000:]}")


def read_credentials(data: Path, flags: Sequence[str] = ()) -> Any:
    printed = subprocess.run(
        [TORIHIKI, "credentials", "--data", data, "--json", *flags],
        check=True,
        capture_output=True,
        env=environment(),
    )
    return json.loads(printed.stdout)


@contextlib.contextmanager
def served(data: Path, *flags: str, database: str | None = None) -> Iterator[Served]:
    """`torihiki serve` on a free port until the end of the block; then SIGTERM, which must end it with 0."""
    stored = ("--database", database) if database else ()
    command = [TORIHIKI, "serve", "--data", data, "--port", "0", *stored, *flags]
    log = data.parent / f"{data.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment())
        try:
            url = _ready_url(process, log)
            server = Served(url, data, read_credentials(data, stored))
            try:
                yield server
            finally:
                # Else a test that fails makes another one fail, in which these connections are found unclosed.
                server.close()
            process.send_signal(signal.SIGTERM)
            assert process.wait(STOP_SECONDS) == 0, log.read_text("utf-8")[-4000:]
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


@contextlib.contextmanager
def served_demo(data: Path, *flags: str, database: str | None = None) -> Iterator[Served]:
    """As `served`, with the demo as it was on `TODAY`: the clock is set before the demo is made, and kept."""
    with served(data, database=database) as empty:
        empty.set_clock(now=TODAY)
    with served(data, "--demo", *flags, database=database) as server:
        yield server
