"""`torihiki rekey` beside a running server: nobody notices, and the old key is good for nothing (issue 3, point 5)."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.orders.lines import FULL_ITEM, SECRET, US, full_line
from tests.orders.reviewing import regulated_info
from tests.payments.objects import line, permission
from tests.server.paying import Merchant
from tests.server.plain import Answered, fetch
from tests.server.restricted import (
    GENERIC,
    INVOICING,
    ORDERS,
    QUERY,
    SHIPPING,
    call,
    mint,
    resource,
    use,
)
from tests.serving import READER, TORIHIKI, Seller, Served, environment, served
from torihiki.bootstrap.files import KEY_FILE

COUNT = 1_200
ELEMENTS = ("buyerInfo", "shippingAddress", "buyerTaxInformation")
PER_ORDER = 14 + 7 + 4
"""Restricted texts that getOrder shows of an order."""
FLAGS = ("--usage-plans", "off")


def lines(seller: Seller, first: int, count: int) -> bytes:
    def line(number: int) -> dict[str, object]:
        order_id = f"249-7000000-{number:07}"
        whole = full_line(AmazonOrderId=order_id, LatestDeliveryDate="2030-01-01T00:00:00Z")
        info = {**regulated_info(), "AmazonOrderId": order_id}
        return {**whole, "sellerId": seller.seller_id, "orderItems": [FULL_ITEM], "regulatedInfo": info}  # fmt: skip

    return b"\n".join(json.dumps(line(number)).encode() for number in range(first, first + count))


def load(server: Served, seller: Seller, first: int, count: int) -> None:
    answer = server.operator.post("/orders", content=lines(seller, first, count))
    assert answer.json() == {"imported": count, "failed": 0, "errors": []}


def token(server: Served, seller: Seller) -> str:
    """One that opens everything of every order."""
    suffixes = ("", "/orderItems", "/regulatedInfo", "/address")
    listed = [
        resource(ORDERS, *ELEMENTS),
        *(resource(GENERIC + one, *ELEMENTS) for one in suffixes),
    ]
    return mint(server, seller, listed)


def is_whole(answer: Answered, texts: int) -> bool:
    return answer.status == 200 and answer.body.count(SECRET.encode()) == texts


def everything_is_there(server: Served, seller: Seller, count: int) -> None:
    """Every order with every restricted text of it, page by page, and its items and check."""
    opener, seen, target = token(server, seller), 0, ORDERS + QUERY
    while target:
        answer = use(server, opener, target)
        payload = answer.json()["payload"]
        assert is_whole(answer, PER_ORDER * len(payload["Orders"])), answer.body[:500]
        seen += len(payload["Orders"])
        following = payload.get("NextToken")
        target = f"{ORDERS}{QUERY}&NextToken={quote(following, safe='')}" if following else ""
    assert seen == count
    for number in range(0, count, 97):
        path = f"{ORDERS}/249-7000000-{number:07}"
        assert is_whole(use(server, opener, f"{path}/orderItems"), 2)
        assert is_whole(use(server, opener, f"{path}/regulatedInfo"), 1)


class Load:
    """Reads with a restricted data token, and imports, as fast as they are answered."""

    def __init__(self, server: Served, seller: Seller) -> None:
        self.reads = self.writes = 0
        self.failures: list[str] = []
        self._server, self._seller = server, seller
        self._token = token(server, seller)
        self._over = threading.Event()
        works = [self._pages, self._singles, self._imports]
        self._threads = [threading.Thread(target=work) for work in works]

    def _read(self, target: str, texts: int) -> None:
        answer = use(self._server, self._token, target)
        self.reads += 1
        if not is_whole(answer, texts):
            self.failures.append(f"{target} {answer.status} {answer.body[:300]!r}")

    def _pages(self) -> None:
        while not self._over.is_set():
            self._read(f"{ORDERS}{QUERY}&MaxResultsPerPage=20", 20 * PER_ORDER)

    def _singles(self) -> None:
        number = 0
        while not self._over.is_set():
            number = (number + 7) % COUNT
            path = f"{ORDERS}/249-7000000-{number:07}"
            self._read(path, PER_ORDER)
            self._read(f"{path}/orderItems", 2)
            self._read(f"{path}/regulatedInfo", 1)

    def _imports(self) -> None:
        """New orders, and the same again."""
        bearer = {"authorization": f"Bearer {self._server.credentials['operator_token']}"}
        while not self._over.wait(0.05):
            body = lines(self._seller, COUNT - 5 + self.writes % 10, 10)
            answer = fetch(
                self._server.url, "/-/api/v1/orders", method="POST", headers=bearer, body=body
            )
            self.writes += 1
            if answer.status != 200 or answer.json()["imported"] != 10:
                self.failures.append(f"import {answer.status} {answer.body[:300]!r}")

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in self._threads:
                thread.join()


def rekey_command(data: Path, database: str | None) -> list[str | Path]:
    stored = ["--database", database] if database else []
    return [TORIHIKI, "rekey", "--data", data, *stored]


def rekey(data: Path, database: str | None) -> str:
    ended = subprocess.run(
        rekey_command(data, database),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def keys(data: Path) -> list[str]:
    """The ids of the keys in the file, the current one first."""
    return [line.split(" ")[0] for line in (data / KEY_FILE).read_text("ascii").splitlines()]


def secrets(data: Path) -> list[str]:
    return [line.split(" ")[1] for line in (data / KEY_FILE).read_text("ascii").splitlines()]


def add_owner(server: Served) -> Seller:
    server.set_clock(now="2026-11-22T09:30:00Z", running=False)
    owner = server.add_seller([US], [READER, SHIPPING, INVOICING])
    load(server, owner, 0, COUNT)
    return owner


def returned(server: Served, owner: Seller) -> Seller:
    """The same seller after a restart."""
    seller = Seller(
        server.url,
        {"seller_id": owner.seller_id, "marketplace_ids": [US], "lwa": owner.lwa},
    )
    server.sellers.append(seller)
    return seller


@pytest.fixture(params=[(), ("--workers", "2")], ids=["one process", "two processes"])
def flags(request: pytest.FixtureRequest) -> tuple[str, ...]:
    more: tuple[str, ...] = request.param
    return (*FLAGS, *more)


def test_key_is_replaced_under_load_and_no_read_or_write_fails(
    data: Path, own_database: str | None, flags: tuple[str, ...]
) -> None:
    with served(data, *flags, database=own_database) as server:
        owner = add_owner(server)
        old = secrets(data)
        assert keys(data) == ["1", "index"]
        load_on = Load(server, owner)
        with load_on.running():
            said = rekey(data, own_database)
            time.sleep(0.5)
        assert load_on.failures == []
        assert load_on.reads > 50
        assert load_on.writes > 5
        assert keys(data) == ["2", "index"]
        assert old[0] not in (data / KEY_FILE).read_text("ascii")
        assert secrets(data)[1] == old[1]
        assert (data / KEY_FILE).stat().st_mode & 0o777 == 0o600
        # The imports have sealed the last few anew themselves.
        assert COUNT - 10 <= int(said.split(" ")[0]) <= COUNT + 20
        count = len(set(range(COUNT)) | {COUNT - 5 + one % 10 + n for one in range(load_on.writes) for n in range(10)})  # fmt: skip
        everything_is_there(server, owner, count)
    with served(data, *flags, database=own_database) as server:
        everything_is_there(server, returned(server, owner), count)


def test_killed_rekey_is_repeated_to_its_end(data: Path, own_database: str | None) -> None:
    """Killed at any point: the next one goes on with the new key that is there already."""
    with served(data, *FLAGS, database=own_database) as server:
        owner = add_owner(server)
        for after in (0.0, 1.2):
            process = subprocess.Popen(
                rekey_command(data, own_database),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment(),
            )
            deadline = time.monotonic() + 30
            while keys(data) != ["2", "1", "index"]:
                assert time.monotonic() < deadline
                time.sleep(0.005)
            time.sleep(after)
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert keys(data) == ["2", "1", "index"]
            everything_is_there(server, owner, COUNT)
            load(server, owner, 0, 50)
        rekey(data, own_database)
        assert keys(data) == ["2", "index"]
        everything_is_there(server, owner, COUNT)
    with served(data, *FLAGS, database=own_database) as server:
        again = returned(server, owner)
        everything_is_there(server, again, COUNT)
        said = rekey(data, own_database)
        assert keys(data) == ["3", "index"]
        assert said.startswith(f"{COUNT} orders")
        everything_is_there(server, again, COUNT)


def test_page_token_from_before_is_refused_after(data: Path) -> None:
    """O-15: a token that nothing opens is one that cannot be decoded, not a failure."""
    with served(data, *FLAGS) as server:
        owner = add_owner(server)
        page = use(server, owner.access_token, f"{ORDERS}{QUERY}&MaxResultsPerPage=2").json()
        before = f"{ORDERS}{QUERY}&NextToken={quote(page['payload']['NextToken'], safe='')}"
        assert use(server, owner.access_token, before).status == 200
        rekey(data, None)
        answer = use(server, owner.access_token, before)
        assert answer.status == 400
        assert "decode your NextToken" in answer.json()["errors"][0]["message"]
        after = use(server, owner.access_token, f"{ORDERS}{QUERY}&MaxResultsPerPage=2").json()
        again = f"{ORDERS}{QUERY}&NextToken={quote(after['payload']['NextToken'], safe='')}"
        assert use(server, owner.access_token, again).status == 200


@pytest.mark.parametrize("sealed", ["orders", "payments"])
def test_other_keys_than_the_databases_are_a_message_of_every_verb(
    data: Path, own_database: str | None, sealed: str
) -> None:
    """Before anything is served or said to be; nothing is written with them."""
    with served(data, *FLAGS, database=own_database) as server:
        if sealed == "orders":
            load(server, server.add_seller([US]), 0, 1)
        else:
            told = line(permission(), Merchant(server).merchant_id)
            answer = server.operator.post("/payments", content=told)
            assert answer.json() == {"imported": 1, "new": 1, "failed": 0, "errors": []}
    (data / KEY_FILE).unlink()
    stored = ("--database", own_database) if own_database else ()
    verbs: list[list[str]] = [
        ["serve", "--port", "0"],
        ["serve", "--port", "0", "--workers", "2"],
        ["worker"],
        ["rekey"],
    ]
    for verb in verbs:
        ended = subprocess.run(
            [TORIHIKI, *verb, "--data", data, *stored],
            capture_output=True,
            text=True,
            env=environment(),
            timeout=60,
            check=False,
        )
        assert (ended.returncode, ended.stdout) == (1, ""), verb
        assert ended.stderr == (
            f"Cannot go on: there is no secret.key in {data}, and the database was sealed with one: "
            "put it back there\n"
        )
        assert not (data / KEY_FILE).exists(), "another key would be taken for the right one"


def test_server_that_only_writes_takes_the_new_key_too(
    data: Path, own_database: str | None
) -> None:
    """Nothing is ever sealed again with a key that went: orders, a reviewer's report, an erased order."""
    with served(data, *FLAGS, database=own_database) as server:
        owner = add_owner(server)
        rekey(data, own_database)
        load(server, owner, COUNT, 20)
        rekey(data, own_database)
        path = f"/orders/{owner.seller_id}/249-7000000-{COUNT + 20:07}"
        load(server, owner, COUNT + 20, 1)
        assert server.operator.post(f"{path}/erase").status_code == 204
        rekey(data, own_database)
        last = f"249-7000000-{COUNT + 19:07}"
        assert call(server, "updateVerificationStatus", owner.access_token, last).status == 204
        rekey(data, own_database)
        load(server, owner, 7, 1)
    assert keys(data) == ["5", "index"]
    with served(data, *FLAGS, database=own_database) as server:
        again = returned(server, owner)
        erased = call(server, "getOrder", token(server, again), f"249-7000000-{COUNT + 20:07}")
        assert (erased.status, SECRET.encode() in erased.body) == (200, False)
        load(server, again, COUNT + 20, 1)
        everything_is_there(server, again, COUNT + 21)
