"""A stolen database names nobody: the files of a demo searched for everything personal in it (issue 3, point 5)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.postgres import PostgresServer
from tests.server.restricted import GENERIC, ORDERS, mint, resource
from tests.serving import TODAY, Seller, Served, served, served_demo
from torihiki.admin.demo import demo_orders
from torihiki.bootstrap.demo import DEFAULT_ORDERS, DEFAULT_SEED, demo_end
from torihiki.bootstrap.files import KEY_FILE
from torihiki.kernel.instant import Instant

PEOPLE = {"ShippingAddress", "BuyerInfo", "BuyerTaxInformation"}
OPEN_MEMBERS = {"City", "StateOrRegion", "PostalCode", "CountryCode", "AddressType"}
SHORTEST = 5
"""Bytes; shorter texts are in any file by chance."""

LINES = [
    json.loads(line)
    for line in demo_orders(DEFAULT_ORDERS, DEFAULT_SEED, demo_end(Instant.parse_iso(TODAY)))
]


def personal_texts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text with the name of the member that holds it, but for members that everybody sees."""
    if isinstance(value, dict):
        for inner, member in value.items():
            if inner not in OPEN_MEMBERS:
                yield from personal_texts(inner, member)
    elif isinstance(value, list):
        for member in value:
            yield from personal_texts(name, member)
    elif isinstance(value, str):
        yield name, value


def personal() -> dict[str, set[str]]:
    """What the demo says of its buyers, by member."""
    found: dict[str, set[str]] = {}
    for line in LINES:
        order = line["order"]
        buyers = [
            {name: item.get("BuyerInfo", {}).get(name) for name in ("BuyerCustomizedInfo", "GiftMessageText")}
            for item in line["orderItems"]
        ]  # fmt: skip
        people = [order.get(name) for name in sorted(PEOPLE)]
        fields = line.get("regulatedInfo", {}).get("RegulatedInformation", {}).get("Fields", [])
        values = [{"FieldValue": field["FieldValue"]} for field in fields]
        for name, text in personal_texts("", [people, buyers, values]):
            found.setdefault(name, set()).add(text)
    return found


PERSONAL = personal()


def open_part(line: dict[str, Any]) -> Any:
    """What everybody sees of an order, and a little more."""
    order = {name: member for name, member in line["order"].items() if name not in PEOPLE}
    address = line["order"].get("ShippingAddress", {})
    items = [
        {name: member for name, member in item.items() if name != "BuyerInfo"}
        for item in line["orderItems"]
    ]
    return [order, items, [address.get(name) for name in OPEN_MEMBERS]]


OPEN = json.dumps([open_part(line) for line in LINES], ensure_ascii=False)
SOUGHT = {
    text
    for texts in PERSONAL.values()
    for text in texts
    if len(text.encode()) >= SHORTEST and text not in OPEN
}
"""But for texts that stand in open members too, such as the name of a street in that of a town."""
RUN = re.compile(
    rb"(?:[\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}){2,}"
)


def found_in(raw: bytes) -> set[str]:
    """Who can be read there, as UTF-8 or as JSON escapes; like the program `strings`, but for every script."""
    readable = b"\n".join(dict.fromkeys(RUN.findall(raw)))
    return {
        text
        for text in SOUGHT
        if text.encode() in readable
        or (not text.isascii() and json.dumps(text)[1:-1].encode() in readable)
    }


def test_search_looks_for_everybody_in_the_demo() -> None:
    """Else it would prove nothing: hundreds of names, lines, telephones and addresses for mail, and all messages."""
    for name, at_least in [
        ("Name", 200),
        ("AddressLine1", 200),
        ("AddressLine2", 90),
        ("Phone", 190),
        ("BuyerName", 200),
        ("BuyerEmail", 250),
        ("GiftMessageText", 7),
        ("CustomizedURL", 10),
        ("PurchaseOrderNumber", 50),
        ("CompanyLegalName", 15),
        ("Value", 50),
        ("FieldValue", 20),
    ]:
        sought = PERSONAL[name] & SOUGHT
        assert len(sought) >= at_least, (name, len(sought))
        assert len(sought) >= 0.9 * len(PERSONAL[name]), name
    lines = "\n".join(json.dumps(line, ensure_ascii=False) for line in LINES).encode()
    assert found_in(lines) == SOUGHT


class Stolen(NamedTuple):
    """A running demo, and every byte that its database has on disk."""

    server: Served
    read: Callable[[], bytes]


@pytest.fixture(scope="module")
def stolen(
    request: pytest.FixtureRequest,
    database: str | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stolen]:
    data = tmp_path_factory.mktemp("stolen") / "data"

    def sqlite() -> bytes:
        files = sorted(data.glob("torihiki.sqlite3*"))
        assert {file.name for file in files} >= {"torihiki.sqlite3", "torihiki.sqlite3-wal"}
        return b"".join(file.read_bytes() for file in files)

    def postgres() -> bytes:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        return server.at_rest(str(database))

    with served_demo(data, "--usage-plans", "off", database=database) as server:
        yield Stolen(server, sqlite if database is None else postgres)


def restricted_view(server: Served, seller: Seller) -> list[Any]:
    """Every order of a seller that is shown, with its people."""
    elements = ("buyerInfo", "shippingAddress", "buyerTaxInformation")
    ordinary = seller.access_token
    seller.access_token = mint(server, seller, [resource(ORDERS, *elements)])
    found = seller.orders({"MarketplaceIds": seller.marketplace_ids, "CreatedAfter": "2016-01-01"})
    seller.access_token = ordinary
    return found


def test_files_name_nobody_while_the_server_names_them_all(stolen: Stolen) -> None:
    before = stolen.read()
    shown = json.dumps([restricted_view(stolen.server, one) for one in stolen.server.sellers], ensure_ascii=False)  # fmt: skip
    served_texts = {text for text in PERSONAL["Name"] | PERSONAL["BuyerEmail"] if text in shown}
    assert len(served_texts) > 450
    for raw in (before, stolen.read()):
        assert len(raw) > 500_000
        assert found_in(raw) == set()


def test_writes_on_the_way_name_nobody(stolen: Stolen) -> None:
    """Orders that change, a report of a reviewer, reads of restricted data and their audit trail."""
    server = stolen.server
    server.load(*LINES[:200])
    for seller in server.sellers:
        mine = [line for line in LINES if line["sellerId"] == seller.seller_id]
        token = mint(server, seller, [resource(GENERIC, "buyerInfo", "shippingAddress")])
        seller.access_token, ordinary = token, seller.access_token
        for line in mine[:20]:
            assert seller.get(f"{ORDERS}/{line['order']['AmazonOrderId']}").status_code == 200
        seller.access_token = ordinary
    assert server.ask("GET", "/audit")["entries"]
    assert found_in(stolen.read()) == set()


def test_nothing_that_opens_it_lies_in_the_database(stolen: Stolen) -> None:
    """The keys are beside it, in a file for the owner only."""
    key_file = stolen.server.data / KEY_FILE
    assert key_file.stat().st_mode & 0o777 == 0o600
    raw = stolen.read()
    keys = [line.split(" ")[1] for line in key_file.read_text("ascii").splitlines()]
    assert len(keys) == 2
    for key in keys:
        assert key.encode() not in raw
        assert bytes.fromhex(key) not in raw


def test_log_and_files_beside_the_database_name_nobody(stolen: Stolen) -> None:
    data = stolen.server.data
    files = [
        file
        for file in data.rglob("*")
        if file.is_file() and not file.name.startswith("torihiki.sqlite3")
    ]
    files.append(data.parent / f"{data.name}.log")
    assert found_in(b"".join(file.read_bytes() for file in files)) == set()


def test_closed_database_without_its_key_is_no_use(tmp_path: Path) -> None:
    """After a stop the write-ahead log is gone into the file; another key is told of, and serves nobody."""
    data = tmp_path / "data"
    with served_demo(data):
        pass
    raw = b"".join(file.read_bytes() for file in data.glob("torihiki.sqlite3*"))
    assert len(raw) > 500_000
    assert found_in(raw) == set()
    key = (data / KEY_FILE).read_bytes()
    (data / KEY_FILE).unlink()
    with pytest.raises(AssertionError, match=r"secret\.key"), served(data):
        pass
    (data / KEY_FILE).write_bytes(key)
    with served(data) as server:
        assert restricted_view(server, server.sellers[0])
