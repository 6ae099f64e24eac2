"""The demo's payments as a newcomer finds them: keys to sign with, months of settlements, and reports that are there (issue 5)."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from tests.auth.pay.sdk_signers import NOTHING, SIGNERS, Account, Call, Query
from tests.postgres import PostgresServer
from tests.server.kept import is_sound
from tests.server.paying import (
    CAPTURE,
    REFUND,
    SANDBOX_SETTLEMENT,
    SETTLEMENT,
    checked,
    exchange,
    machine_now,
)
from tests.server.reporting import content, document, until
from tests.serving import TORIHIKI, Served, environment, read_credentials, served, served_demo
from torihiki.admin.demo import DEMO_SELLERS
from torihiki.admin.demo.payments import PAYMENTS_WINDOW_DAYS
from torihiki.bootstrap import Settings, demo
from torihiki.bootstrap.files import prepare_credentials
from torihiki.bootstrap.merchants import MERCHANT_AGE_HOURS
from torihiki.bootstrap.stores import open_stores
from torihiki.kernel.fact import ReportType
from torihiki.kernel.instant import Instant
from torihiki.pay_reports import model

AUTHORIZATION = "_GET_FLAT_FILE_OFFAMAZONPAYMENTS_AUTHORIZATION_DATA_"
YEAR = ("20260101T000000Z", "20261231T235959Z")
END = Instant.from_utc(2026, 11, 22)


class Shop:
    """A seller's program, configured with nothing but the credentials."""

    def __init__(self, server: Served, number: int, env: str = "live", sdk: str = "ruby") -> None:
        pay = server.credentials["sellers"][number]["pay"]
        key = pay[env]
        self.merchant_id: str = pay["merchant_id"]
        self._url = server.url
        self._sdk = SIGNERS[sdk]
        self._account = Account(
            key["private_key_pem"], key["public_key_id"], region=pay["region"], environment=env
        )

    def ask(self, method: str, resource: str, query: Query = NOTHING, body: Any = None) -> Any:
        sent = b"" if body is None else json.dumps(body).encode()
        call = Call(method, resource, machine_now(), query, sent)
        answer = checked(exchange(self._url, self._sdk(self._account, call)))
        assert answer.status in {200, 201}, answer
        return answer.json()

    def reports(self, **query: str) -> list[Any]:
        """All of a list, page by page."""
        page = self.ask("GET", "/reports", query)
        found = list(page["reports"])
        while token := page.get("nextToken"):
            page = self.ask("GET", "/reports", {"nextToken": token})
            found += page["reports"]
        return found


@pytest.fixture(scope="module")
def shop(database: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_demo(tmp_path_factory.mktemp("demo") / "data", database=database) as server:
        yield server


def rows_of(file: str) -> list[dict[str, str]]:
    """The rows of a settlement, below its preamble."""
    lines = list(csv.reader(file.removeprefix("\ufeff").splitlines()))
    header, *rows = lines[5:]
    return [dict(zip(header, row, strict=False)) for row in rows]


@pytest.mark.parametrize("sdk", sorted(SIGNERS))
def test_first_get_reports_of_a_newcomer_is_a_page_of_settlements(shop: Served, sdk: str) -> None:
    """R-6: ten by default, the newest first; each is there already or will be in a moment."""
    for number in (0, 1):
        seller = Shop(shop, number, sdk=sdk)
        page = seller.ask("GET", "/reports")
        assert len(page["reports"]) == (7, 10)[number]
        assert {one["reportType"] for one in page["reports"]} == {SETTLEMENT}
        assert {one["processingStatus"] for one in page["reports"]} <= {"COMPLETED", "IN_PROGRESS"}
        times = [one["createdTime"] for one in page["reports"]]
        assert times == sorted(times, reverse=True)
        assert ("nextToken" in page) == (number == 1)


def test_months_are_settled_without_a_gap(shop: Served) -> None:
    """R-8, contract 4.12: fortnights in Japan, days in the United States, as far back as reports are kept."""
    expected = [
        ("20261120T150000Z", 7, "A1TORIHIKIJP8K"),
        ("20261121T080000Z", 57, "A2TORIHIKIUS4M"),
    ]
    for number, (newest, count, merchant_id) in enumerate(expected):
        seller = Shop(shop, number)
        assert seller.merchant_id == merchant_id
        found = seller.reports(reportTypes=SETTLEMENT)
        assert len(found) == count
        assert found[0]["endTime"] == found[0]["createdTime"] == newest
        for later, before in itertools.pairwise(found):
            assert later["startTime"] == before["endTime"]


@pytest.mark.parametrize(
    ("number", "transfer", "digest"),
    [
        (0, "77277 JPY", "a75ce7464f859856"),
        (1, "22.98 USD", "43f2269e98dee2e8"),
    ],
)
def test_newest_settlement_is_the_same_bytes_wherever_the_demo_runs(
    shop: Served, number: int, transfer: str, digest: str
) -> None:
    """Golden: the file as Amazon writes it, whose rows sum to nothing, the Transfer row included."""
    seller = Shop(shop, number)
    file = content(seller, seller.reports(reportTypes=SETTLEMENT)[0]["reportId"])
    rows = rows_of(file)
    assert sum(Decimal(row["NetTransactionAmount"]) for row in rows) == 0
    last = rows[-1]
    assert last["TransactionType"] == "Transfer"
    assert f"{last['NetTransactionAmount'].lstrip('-')} {last['CurrencyCode']}" == transfer
    assert hashlib.sha256(file.encode()).hexdigest()[:16] == digest


def test_every_report_of_the_demo_ends_and_has_a_document(shop: Served) -> None:
    for number in (0, 1):
        seller = Shop(shop, number)
        until(lambda seller=seller: not seller.reports(processingStatuses="IN_PROGRESS"))  # type: ignore[misc] # a bound default
        assert all("reportDocumentId" in one for one in seller.reports())


def test_other_reports_and_the_sandbox_have_something_to_tell(shop: Served) -> None:
    """R-4, R-5: what a newcomer asks for first is not cancelled for lack of data."""
    for number in (0, 1):
        seller = Shop(shop, number)
        for report_type in (CAPTURE, REFUND, AUTHORIZATION):
            assert len(document(seller, report_type, *YEAR).splitlines()) > 5
        sandbox = Shop(shop, number, "sandbox")
        assert sandbox.ask("GET", "/reports") in (
            {"reports": []},
            {"reports": sandbox.reports(reportTypes=SANDBOX_SETTLEMENT)},
        )
        assert len(rows_of(document(sandbox, SANDBOX_SETTLEMENT, *YEAR))) > 1


def test_payouts_of_the_demo_are_those_of_its_settlements(shop: Served) -> None:
    """Contract 4.13."""
    seller = Shop(shop, 0)
    asked = {"startTime": YEAR[0], "endTime": YEAR[1], "pageSize": "100"}
    payouts = seller.ask("GET", "/disbursements", asked)["disbursements"]
    assert len(payouts) == 11
    last = rows_of(content(seller, seller.reports(reportTypes=SETTLEMENT)[0]["reportId"]))[-1]
    assert payouts[0]["settlementId"] == last["SettlementId"]


def test_keys_lie_in_the_credentials_file_alone(
    shop: Served, database: str | None, request: pytest.FixtureRequest
) -> None:
    """The database has the public keys and nothing of the private ones, in whatever form."""
    file = shop.data / "credentials.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(shop.credentials["sellers"]) == len(DEMO_SELLERS)
    if database is None:
        at_rest = b"".join(one.read_bytes() for one in shop.data.glob("torihiki.sqlite3*"))
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        at_rest = server.at_rest(database)
    others = [one for one in shop.data.rglob("*") if one.is_file() and one != file]
    others.append(shop.data.parent / f"{shop.data.name}.log")
    elsewhere = at_rest + b"".join(one.read_bytes() for one in others)
    found = set()
    for seller in shop.credentials["sellers"]:
        assert list(seller) == ["seller_id", "marketplace_ids", "lwa", "pay"]
        assert list(seller["pay"]) == ["merchant_id", "region", "live", "sandbox"]
        for env in ("live", "sandbox"):
            key = seller["pay"][env]
            assert key["public_key_id"].startswith(f"{env.upper()}-")
            assert len(key["public_key_id"].partition("-")[2]) == 24
            private = load_pem_private_key(key["private_key_pem"].encode(), None)
            public = private.public_key().public_bytes(
                Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
            )
            assert private.key_size == 2048  # type: ignore[union-attr] # it is an RSA key
            assert public.splitlines()[3] in at_rest
            for secret in key["private_key_pem"].encode().splitlines()[1:-1]:
                assert len(secret) < 20 or secret not in elsewhere
            found.add(public)
    assert len(found) == 4
    assert b"PRIVATE KEY" not in at_rest


def test_seller_without_amazon_pay_has_no_such_member(shop: Served) -> None:
    """Only the demo's sellers are in the file; of a seller that the operator adds the server has no secrets to show."""
    shop.add_seller(["A2Q3Y263D00KWC"])
    assert read_credentials(shop.data)["sellers"] == shop.credentials["sellers"]


def test_accounts_are_older_than_their_payments() -> None:
    assert MERCHANT_AGE_HOURS > (PAYMENTS_WINDOW_DAYS + 1) * 24


def add_demo(data: Path, database: str | None, *more: str) -> str:
    stored = ("--database", database) if database else ()
    ended = subprocess.run(
        [
            TORIHIKI,
            "demo",
            "--data",
            data,
            "--orders",
            "1",
            "--until",
            "2026-11-22",
            *stored,
            *more,
        ],
        capture_output=True,
        env=environment(),
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.decode().splitlines()[1]


def test_demo_by_command_is_the_same_and_another_seed_is_more(
    data: Path, own_database: str | None
) -> None:
    """The keys stay: clients go on."""
    said = "{} states of payments imported, {} of them new, 0 lines refused".format
    assert add_demo(data, own_database, "--payments", "60") == said(259, 259)
    first = read_credentials(data)
    assert add_demo(data, own_database, "--payments", "60") == said(259, 0)
    assert add_demo(data, own_database, "--payments", "60", "--seed", "2") == said(265, 265)
    assert add_demo(data, own_database, "--payments", "0") == said(0, 0)
    assert read_credentials(data) == first


async def told(data: Path, report_type: ReportType) -> bytes:
    """The rows of a report of both sellers."""
    found = b""
    async with open_stores(Settings(data=data)) as stores:
        for seller in DEMO_SELLERS:
            account = model.Account(merchant_id=seller.seller_id, environment="live")
            rows = stores.report_rows.rows(account, report_type, Instant.MIN, Instant.MAX)
            found += b"".join([part async for part in rows])
    return found


async def test_demo_is_the_same_rows_in_two_stores(tmp_path: Path) -> None:
    for name in ("one", "two"):
        add_demo(tmp_path / name, None, "--payments", "40")
    for report_type in (ReportType.CAPTURE, ReportType.REFUND, ReportType.ORDER_REFERENCE):
        first, second = [await told(tmp_path / name, report_type) for name in ("one", "two")]
        assert first == second != b""


async def test_run_that_ended_before_it_wrote_the_keys_is_made_good(tmp_path: Path) -> None:
    """Payments are there and nobody can sign: the next start adds what is missing, and the orders stay as they are."""
    settings = Settings(data=tmp_path / "data", demo=True)
    prepare_credentials(settings.data, "http://127.0.0.1:8900", None)
    async with open_stores(settings) as stores:
        await demo.ensure_sellers(stores, settings)
        await demo.add_payments(stores, 20, 1, END, lambda _: None)
        before = read_credentials(settings.data)
        assert all("pay" not in seller for seller in before["sellers"])
        assert await demo.prepare_demo(stores, settings)
        after = read_credentials(settings.data)
        assert [seller.pop("pay")["merchant_id"] for seller in after["sellers"]] == [
            seller.seller_id for seller in DEMO_SELLERS
        ]
        assert after == before
        assert not await demo.prepare_demo(stores, settings)
        assert await stores.orders.reseal(-1, 1) is None


@pytest.mark.parametrize("seconds", [0.6, 1.2, 1.8, 2.4])
def test_demo_that_was_killed_is_whole_after_the_next_start(data: Path, seconds: float) -> None:
    """Wherever it was: keys open the door, and no settlement is without its report."""
    process = subprocess.Popen(
        [TORIHIKI, "serve", "--demo", "--data", data, "--port", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with served(data, "--demo") as server:
        for number in (0, 1):
            seller = Shop(server, number)
            until(lambda seller=seller: len(seller.reports(processingStatuses="COMPLETED")) > 5)  # type: ignore[misc] # as above
    assert is_sound(data)


def test_credentials_name_the_tls_port_while_there_is_one(data: Path) -> None:
    """Additive: `endpoint` stays what it is."""
    with served(data, "--tls-port", "0") as server:
        secure = server.credentials["endpoint_tls"]
        assert secure.startswith("https://127.0.0.1:")
        assert secure.rpartition(":")[2] != server.url.rpartition(":")[2]
        said = subprocess.run(
            [TORIHIKI, "credentials", "--data", data],
            check=True,
            capture_output=True,
            env=environment(),
        ).stdout.decode()
        assert f"endpoint        {server.url} and {secure}\n" in said
    with served(data) as server:
        assert "endpoint_tls" not in server.credentials
