"""How the server's own certificate is made, renewed, and taken over while the server runs (issue 5)."""

from __future__ import annotations

import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.server.plain import fetch
from tests.server.running import running
from tests.server.tls import (
    bring_certificate,
    certificate_in,
    fetch_securely,
    secure_url,
    serving,
    shown_certificate,
    trusting,
)
from torihiki.bootstrap.tls import (
    CA_LIFETIME,
    LIFETIME,
    RENEWAL,
    Tls,
    names_of,
    prepare_certificate,
)
from torihiki.config import Settings
from torihiki.kernel.instant import Instant, TimeDelta

NOW = Instant.from_utc(2026, 11, 22, 9, 30)
DAY = TimeDelta(hours=24)
NAMES = names_of("127.0.0.1")
FILES = ("ca.key", "ca.pem", "tls.pem")


def contents(directory: Path) -> dict[str, bytes]:
    return {name: (directory / name).read_bytes() for name in FILES}


def changed(directory: Path, before: dict[str, bytes]) -> set[str]:
    return {name for name, content in contents(directory).items() if content != before[name]}


@pytest.mark.parametrize(
    ("later", "renewed"),
    [
        (TimeDelta.ZERO, set()),
        (LIFETIME - RENEWAL - DAY, set()),
        (LIFETIME - RENEWAL, {"tls.pem"}),
        (LIFETIME + DAY, {"tls.pem"}),
        # The CA must be good for longer than what it signs; its key stays.
        (CA_LIFETIME - LIFETIME, {"tls.pem", "ca.pem"}),
        (CA_LIFETIME + DAY, {"tls.pem", "ca.pem"}),
        # It was made while the machine's clock was wrong.
        (-DAY - DAY, {"tls.pem", "ca.pem"}),
    ],
)
def test_certificate_is_renewed_before_it_ends_and_not_sooner(
    tmp_path: Path, later: TimeDelta, renewed: set[str]
) -> None:
    prepare_certificate(tmp_path, NAMES, NOW)
    before = contents(tmp_path)
    prepare_certificate(tmp_path, NAMES, NOW + later)
    assert changed(tmp_path, before) == renewed
    leaf, ca = certificate_in(tmp_path / "tls.pem"), certificate_in(tmp_path / "ca.pem")
    leaf.verify_directly_issued_by(ca)
    assert leaf.not_valid_after_utc <= ca.not_valid_after_utc


def test_client_with_the_old_ca_file_trusts_what_the_renewed_ca_signs(tmp_path: Path) -> None:
    prepare_certificate(tmp_path, NAMES, NOW)
    old = certificate_in(tmp_path / "ca.pem")
    prepare_certificate(tmp_path, NAMES, NOW + CA_LIFETIME - LIFETIME)
    leaf = certificate_in(tmp_path / "tls.pem")
    leaf.verify_directly_issued_by(old)
    assert certificate_in(tmp_path / "ca.pem") != old


@pytest.mark.parametrize("fault", ["absent", "spoiled"])
@pytest.mark.parametrize("name", FILES)
def test_file_that_is_gone_or_spoiled_is_made_anew(tmp_path: Path, name: str, fault: str) -> None:
    prepare_certificate(tmp_path, NAMES, NOW)
    before = contents(tmp_path)
    if fault == "absent":
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(before[name][:60])
    prepare_certificate(tmp_path, NAMES, NOW + LIFETIME)
    leaf = certificate_in(tmp_path / "tls.pem")
    leaf.verify_directly_issued_by(certificate_in(tmp_path / "ca.pem"))
    assert contents(tmp_path).keys() == before.keys()


def test_certificate_gets_the_address_that_the_server_listens_on(tmp_path: Path) -> None:
    prepare_certificate(tmp_path, NAMES, NOW)
    before = contents(tmp_path)
    prepare_certificate(tmp_path, names_of("192.0.2.7"), NOW)
    assert changed(tmp_path, before) == {"tls.pem"}
    assert len(names_of("192.0.2.7")) == len(names_of("shop.example")) == len(NAMES) + 1
    for nothing_more in ("::1", "localhost", "*", "no name"):
        assert names_of(nothing_more) == NAMES
    assert len(names_of("fe80::1%eth0")) == len(NAMES) + 1


@pytest.mark.parametrize("everywhere", ["0.0.0.0", "::"])
def test_server_that_listens_everywhere_proves_the_addresses_that_lead_out(
    tmp_path: Path, everywhere: str
) -> None:
    """URLs of documents have them where the client's Host header cannot be right."""
    names = names_of(everywhere)
    assert set(NAMES) <= set(names)
    assert len(names) <= len(NAMES) + 2
    prepare_certificate(tmp_path, names, NOW)
    before = contents(tmp_path)
    prepare_certificate(tmp_path, names_of(everywhere), NOW)
    assert changed(tmp_path, before) == set()


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [pool.submit(prepare_certificate, tmp_path, NAMES, NOW) for _ in range(8)]
        assert {one.result() for one in made} == {tmp_path / "tls.pem"}
    leaf = certificate_in(tmp_path / "tls.pem")
    leaf.verify_directly_issued_by(certificate_in(tmp_path / "ca.pem"))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)


def test_expired_certificate_is_replaced_when_the_server_starts(data: Path) -> None:
    prepare_certificate(data, names_of("127.0.0.1"), Instant.now() - LIFETIME - DAY)
    before = contents(data)
    trusted = trusting(data / "ca.pem")
    with running(data, "--tls-port", "0") as server:
        assert changed(data, before) == {"tls.pem"}
        assert fetch_securely(secure_url(server), "/-/health", trusted).status == 200


async def tells_its_scheme(scope: Any, receive: Any, send: Any) -> None:
    del receive
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["scheme"].encode()})


def test_application_is_told_which_scheme_it_was_called_by(tmp_path: Path) -> None:
    with serving(tells_its_scheme, Tls(Settings(data=tmp_path, tls_port=0))) as (plain, secure):
        assert fetch(plain, "/").body == b"http"
        assert fetch_securely(secure, "/", trusting(tmp_path / "ca.pem")).body == b"https"


def test_running_server_renews_its_certificate(tmp_path: Path) -> None:
    tls = Tls(Settings(data=tmp_path, tls_port=0))
    trusted = trusting(tmp_path / "ca.pem")
    with serving(tells_its_scheme, tls) as (_, url):
        first = shown_certificate(url, trusted)
        tls.refresh()
        assert shown_certificate(url, trusted) == first
        prepare_certificate(tmp_path, NAMES[:1], Instant.now())
        tls.refresh()
        assert shown_certificate(url, trusted) == certificate_in(tmp_path / "tls.pem") != first


def test_running_server_takes_over_what_the_operator_replaced_and_nothing_half(
    tmp_path: Path,
) -> None:
    certificate, key = bring_certificate(tmp_path)
    tls = Tls(Settings(data=tmp_path, tls_port=0, tls_certificate=certificate, tls_key=key))
    with serving(tells_its_scheme, tls) as (_, url):
        first, trusted = certificate_in(certificate), trusting_any_name(certificate)
        old_key = key.read_bytes()
        bring_certificate(tmp_path)
        new_key = key.read_bytes()
        key.write_bytes(old_key)
        tls.refresh()
        assert shown_certificate(url, trusted) == first
        key.write_bytes(new_key)
        tls.refresh()
        second = certificate_in(certificate)
        assert shown_certificate(url, trusting_any_name(certificate)) == second != first


def trusting_any_name(certificate: Path) -> ssl.SSLContext:
    context = trusting(certificate)
    context.check_hostname = False
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
