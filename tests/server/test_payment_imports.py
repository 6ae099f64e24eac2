"""The import of payments (importPayments), by the operator's API and beside a running server: what it reports and what comes of it (issue 5, 7)."""

from __future__ import annotations

import http.client
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.payments.objects import (
    SECRET,
    Json,
    adjustment,
    amount,
    charge,
    line,
    permission,
    refund,
)
from tests.server.paying import (
    CAPTURE,
    REFUND,
    SANDBOX_SETTLEMENT,
    SETTLEMENT,
    Merchant,
)
from tests.server.plain import fetch
from tests.server.reporting import content, document, until
from tests.server.running import running
from tests.server.test_imports import peak_kib
from tests.serving import TORIHIKI, Served, environment, read_credentials, served

IMPORT = "/-/api/v1/payments"
NOW = "2026-05-01T12:00:00Z"
TAKEN = "`adjustmentId` is that of another adjustment already"


@pytest.fixture(scope="module")
def server(database: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server on each database, whose clock stands."""
    with served(tmp_path_factory.mktemp("payments") / "data", database=database) as found:
        found.set_clock(now=NOW, running=False)
        yield found


@pytest.fixture
def merchant(server: Served) -> Merchant:
    return Merchant(server)


def whole(merchant_id: str, **how: Any) -> list[bytes]:
    """A purchase that is paid and refunded."""
    objects = (
        permission(),
        charge(state="Authorized", at="20260301T100500Z"),
        charge(),
        permission(state="Closed", at="20260302T100001Z"),
        refund(state="RefundInitiated", at="20260305T095500Z"),
        refund(),
    )
    return [line(one, merchant_id=merchant_id, **how) for one in objects]


def post(server: Served, body: bytes, **headers: str) -> Any:
    """The report of an import that was let in."""
    bearer = {"authorization": f"Bearer {server.credentials['operator_token']}"}
    answer = fetch(server.url, IMPORT, method="POST", headers=bearer | headers, body=body)
    assert answer.status == 200, answer
    return answer.json()


def taken(imported: int, new: int) -> Json:
    return {"imported": imported, "new": new, "failed": 0, "errors": []}


def told(merchant: Merchant, report_type: str) -> str:
    """The file of a report of the whole year."""
    return document(merchant, report_type, "20260101T000000Z", "20261231T235959Z")


def test_what_was_imported_is_in_the_reports(server: Served, merchant: Merchant) -> None:
    """Also whatever media type the client says it is; the same again adds nothing."""
    body = b"\n".join(whole(merchant.merchant_id))
    assert post(server, body) == taken(6, 6)
    for media in ("application/x-ndjson", "application/json", "text/plain", ""):
        assert post(server, body, **{"content-type": media}) == taken(6, 0)
    captured = told(merchant, CAPTURE)
    assert captured.count("P01-1111111-2222222-C000001") == 2
    assert '"Completed","2026-03-02T19:00:00 +0900"' in captured
    refunded = told(merchant, REFUND).splitlines()
    assert [one for row in refunded for one in ("Completed", "Pending") if one in row] == [
        "Completed",
        "Pending",
    ]


def test_settlement_of_an_import_that_comes_late_is_made_by_itself(
    server: Served, merchant: Merchant
) -> None:
    """R-5, contract 4.12: a merchant of Japan is settled on the sixteenth day of the account, to the cent."""
    post(server, b"\n".join(whole(merchant.merchant_id)))
    try:
        server.set_clock(now="2026-05-17T15:00:00Z", running=False)
        reports: list[Json] = []

        def has_report() -> bool:
            reports[:] = merchant.ask("GET", "/reports", {"reportTypes": SETTLEMENT})["reports"]
            return bool(reports)

        until(has_report)
        (report,) = reports
        rows = content(merchant, report["reportId"]).splitlines()[6:]
    finally:
        server.set_clock(now=NOW, running=False)
    assert [row.split(",")[4] for row in rows] == ['"Capture"', '"Refund"']
    nets = [float(row.split(",")[-1].strip('"')) for row in rows]
    assert sum(nets) == 0


def test_operator_closes_periods_at_will(server: Served, merchant: Merchant) -> None:
    """Contract 4.12, closeSettlements: with a reserve, which opens the next one, and on hold; a report follows each."""
    first, second = (
        line(one, merchant_id=merchant.merchant_id) for one in (permission(), charge())
    )
    post(server, first + b"\n" + second)
    path = f"/merchants/{merchant.merchant_id}/settlements"
    try:
        (made,) = server.ask("POST", path, {"reserve": 300})["settlements"]
        assert made == {
            "settlementId": made["settlementId"],
            "currencyCode": "USD",
            "startTime": "2026-03-02T10:00:00Z",
            "endTime": NOW,
            "transactions": 1,
            "openingBalance": "0.00",
            "netAmount": "9.60",
            "paidOut": "6.60",
            "reserved": "3.00",
            "carriedOver": "0.00",
        }
        again = server.operator.post(path, json={})
        assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "Conflict")
        post(server, line(refund(), merchant_id=merchant.merchant_id))
        server.set_clock(advance="PT1H")
        (made,) = server.ask("POST", path, {"onHold": True})["settlements"]
        assert (made["openingBalance"], made["netAmount"]) == ("3.00", "-9.60")
        assert (made["paidOut"], made["carriedOver"]) == ("0.00", "-6.60")
        until(lambda: len(merchant.ask("GET", "/reports")["reports"]) == 2)
        payouts = {"startTime": "20260501T000000Z", "endTime": "20260502T000000Z"}
        (paid,) = merchant.ask("GET", "/disbursements", payouts)["disbursements"]
        assert paid["amount"] == "6.60"
    finally:
        server.set_clock(now=NOW, running=False)


@pytest.mark.parametrize(
    "body", [{"reserve": -1}, {"reserve": "1.00"}, {"reserve": 10**18}, {"onHold": 1}, {"x": 1}, []]
)
def test_closing_that_makes_no_sense_is_refused(
    server: Served, merchant: Merchant, body: Any
) -> None:
    path = f"/merchants/{merchant.merchant_id}/settlements"
    assert server.operator.post(path, json=body).status_code == 400
    assert server.operator.post("/merchants/NOBODY/settlements", json={}).status_code == 404


def test_two_worlds_are_apart(server: Served, merchant: Merchant) -> None:
    """R-5, contract 4.11: the same ids in the sandbox are other objects, and only settled there."""
    lines = whole(merchant.merchant_id)
    assert post(server, b"\n".join(lines)) == taken(6, 6)
    lines = whole(merchant.merchant_id, environment="sandbox")
    assert post(server, b"\n".join(lines)) == taken(6, 6)
    sandbox = merchant.in_sandbox()
    kinds = [row.split(",")[4] for row in told(sandbox, SANDBOX_SETTLEMENT).splitlines()[6:]]
    assert kinds == ['"Authorization"', '"Capture"', '"Refund"']
    (report,) = sandbox.ask("GET", "/reports")["reports"]
    assert merchant.send("GET", f"/reports/{report['reportId']}").status == 404


def test_bad_lines_are_named_by_number_and_the_good_ones_kept(
    server: Served, merchant: Merchant
) -> None:
    first, second, *_ = whole(merchant.merchant_id)
    body = b"\n".join(
        [
            b"{",
            line(permission(), merchant_id="NOBODY"),
            first,
            b"",
            b"\xff",
            line(charge(total=amount("1.001")), merchant_id=merchant.merchant_id),
            second,
            b"null",
        ]
    )
    assert post(server, body) == {
        "imported": 2,
        "new": 2,
        "failed": 5,
        "errors": [
            {"line": 1, "reason": "Input data was truncated"},
            {"line": 2, "reason": "there is no merchant 'NOBODY'"},
            {"line": 5, "reason": "JSON is malformed: invalid character (byte 0)"},
            {"line": 6, "reason": "`chargeAmount`: USD has 2 digits behind the point"},
            {"line": 8, "reason": "Expected `object`, got `null`"},
        ],
    }  # fmt: skip


def test_lines_that_contradict_the_ledger_are_named_by_number(
    server: Served, merchant: Merchant
) -> None:
    """An adjustment's id that is taken, and another currency: in one body, and again in the next."""
    objects = (
        refund(total=amount("1000", "JPY")),
        charge(),
        adjustment(),
        adjustment(total=amount("500.00")),
        adjustment(),
    )
    body = b"\n".join(line(one, merchant_id=merchant.merchant_id) for one in objects)
    errors = [
        {"line": 1, "reason": "`refundAmount` is in another currency than the charge"},
        {"line": 4, "reason": TAKEN},
    ]
    assert post(server, body) == {"imported": 3, "new": 2, "failed": 2, "errors": errors}
    assert post(server, body) == {"imported": 3, "new": 0, "failed": 2, "errors": errors}


def test_import_without_a_body_imports_nothing(server: Served) -> None:
    assert post(server, b"") == taken(0, 0)
    assert post(server, b"\n\r\n \n") == taken(0, 0)


def test_import_needs_the_operators_token(server: Served, merchant: Merchant) -> None:
    """And a merchant's signature is none."""
    body = b"\n".join(whole(merchant.merchant_id))
    signed = merchant.sign("POST", "/reports", body=body)
    token = server.credentials["operator_token"]
    for headers in (
        {},
        {"authorization": "Bearer "},
        {"authorization": token},
        {"authorization": f"bearer {token}x"},
        {name: text for name, text in signed.headers if name != "content-length"},
    ):
        assert fetch(server.url, IMPORT, method="POST", headers=headers, body=body).status == 403
    assert post(server, body) == taken(6, 6)


WRONG = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30).map(lambda text: f"{SECRET}{text}"),
    st.just([SECRET]),
    st.just({SECRET: SECRET}),
    st.just(SECRET * 1000),
)
OBJECTS: dict[str, Callable[[], Json]] = {
    "chargePermission": permission,
    "charge": charge,
    "refund": refund,
    "adjustment": adjustment,
}


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """A line of which one member, somewhere, is something else."""
    name = draw(st.sampled_from(sorted(OBJECTS)))
    target = found = OBJECTS[name]()
    while True:
        member = draw(st.sampled_from(sorted(target)))
        below = target[member]
        if not isinstance(below, dict) or draw(st.booleans()):
            break
        target = below
    target[member] = draw(WRONG)
    return json.dumps({"merchantId": "NOBODY", "environment": "live", name: found}).encode()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    lines=st.lists(
        spoiled() | st.binary(max_size=60).filter(lambda one: b"\n" not in one), max_size=30
    )
)
def test_whatever_is_imported_is_taken_or_refused_without_a_word_of_it(
    server: Served, lines: list[bytes]
) -> None:
    """Each line is counted once; none is an error of the server, and no reason repeats what speaks of people."""
    report = post(server, b"\n".join(lines))
    wanted = [number for number, one in enumerate(lines, 1) if one and not one.isspace()]
    assert [error["line"] for error in report["errors"]] == wanted
    assert (report["imported"], report["new"], report["failed"]) == (0, 0, len(wanted))
    assert SECRET not in json.dumps(report)
    assert all(0 < len(error["reason"]) <= 300 for error in report["errors"])


def test_large_import_streams_in_flat_memory(data: Path) -> None:
    """Forty megabytes of lines that are refused, many of them too long: nothing of that may be kept."""
    megabyte = b"x" * (1024 * 1024 + 10) + b"\n" + b"{}\n" * 10

    def body() -> Iterator[bytes]:
        for _ in range(40):
            yield megabyte

    with running(data) as server:
        fetch(server.url, IMPORT, method="POST", headers=server.bearer, body=megabyte)
        before = peak_kib(server.process.pid)
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
        connection.request("POST", IMPORT, body=body(), headers=server.bearer, encode_chunked=True)
        report = json.loads(connection.getresponse().read())
        connection.close()
        assert (report["imported"], report["failed"]) == (0, 440)
        assert peak_kib(server.process.pid) - before < 12 * 1024


def command(
    *arguments: str | Path, database: str | None, given_lines: bytes = b"", status: int = 0
) -> str:
    """What a command says that must end so, with what it says of failures."""
    stored = ("--database", database) if database else ()
    ended = subprocess.run(
        [TORIHIKI, *arguments, *stored],
        input=given_lines,
        capture_output=True,
        env=environment(),
        timeout=60,
        check=False,
    )
    assert ended.returncode == status, ended.stderr
    return (ended.stdout + (ended.stderr if status else b"")).decode()


def test_import_by_command_beside_a_running_server_is_reported_at_once(
    data: Path, own_database: str | None, tmp_path: Path
) -> None:
    with served(data, database=own_database) as server:
        server.set_clock(now=NOW)
        merchant = Merchant(server)
        (tmp_path / "lines.ndjson").write_bytes(b"\n".join(whole(merchant.merchant_id)))
        arguments = ("import", "payments", tmp_path / "lines.ndjson", "--data", data)
        assert command(*arguments, database=own_database) == (
            "6 states of payments imported, 6 of them new, 0 lines refused\n"
        )
        assert command(*arguments, database=own_database) == (
            "6 states of payments imported, 0 of them new, 0 lines refused\n"
        )
        assert "P01-1111111-2222222-R000001" in told(merchant, REFUND)
        lines = (adjustment(), adjustment(at="20260401T100000Z"))
        (tmp_path / "lines.ndjson").write_bytes(
            b"\n".join(line(one, merchant_id=merchant.merchant_id) for one in lines)
        )
        assert command(*arguments, database=own_database, status=1) == (
            f"1 states of payments imported, 1 of them new, 1 lines refused\nline 2: {TAKEN}\n"
        )


def test_rekey_seals_the_ledger_anew_and_its_reports_are_the_same(
    data: Path, own_database: str | None
) -> None:
    """Also what is known of a payment, by which a later refund finds its charge."""
    with served(data, database=own_database) as server:
        server.set_clock(now=NOW)
        merchant = Merchant(server)
        *before, last = whole(merchant.merchant_id)
        post(server, b"\n".join(before))
        before_it = told(merchant, CAPTURE)
        key = (data / "secret.key").read_bytes()
        command("rekey", "--data", data, database=own_database)
        assert (data / "secret.key").read_bytes() != key
        assert told(merchant, CAPTURE) == before_it
        assert post(server, last) == taken(1, 1)
        refunded = told(merchant, REFUND)
        assert refunded.count('"own-charge-1"') == 2
        assert '"Closed"' in told(merchant, CAPTURE)
    assert read_credentials(data)["sellers"] == []


def test_personal_data_of_payments_is_at_rest_only_sealed(data: Path) -> None:
    with served(data) as server:
        merchant = Merchant(server)
        post(server, b"\n".join(whole(merchant.merchant_id)))
        files = [file.read_bytes() for file in data.glob("torihiki.sqlite3*")]
    files += [file.read_bytes() for file in data.glob("torihiki.sqlite3*")]
    assert merchant.merchant_id.encode() in b"".join(files)
    for told_of_people in (f"{SECRET} buyer", f"{SECRET}@example.test", f"{SECRET} shipping"):
        assert told_of_people.encode() not in b"".join(files)
