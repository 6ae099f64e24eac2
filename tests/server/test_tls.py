"""The TLS port: the same application, a certificate that clients can trust, and one end for both ports (issue 5)."""

from __future__ import annotations

import json
import re
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.orders.lines import US
from tests.server.feeding import DOCUMENTS, XML_MEDIA
from tests.server.plain import fetch
from tests.server.running import Running, running
from tests.server.sharing import share_requests
from tests.server.tls import (
    bring_certificate,
    connected,
    fetch_securely,
    other_key,
    secure_url,
    shown_certificate,
    trusting,
)
from tests.serving import TORIHIKI, environment, served
from torihiki.bootstrap.tls import AMAZON_NAMES, prepare_certificate
from torihiki.kernel.instant import Instant

TLS = ("--tls-port", "0")
SECURE_NAMES = ("127.0.0.1", "::1", "localhost", *AMAZON_NAMES)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("tls") / "data", *TLS) as found:
        yield found


@pytest.fixture(scope="module")
def url(server: Running) -> str:
    return secure_url(server)


@pytest.fixture(scope="module")
def trusted(server: Running) -> ssl.SSLContext:
    return trusting(server.data / "ca.pem")


def test_both_ports_serve_the_same_application(
    server: Running, url: str, trusted: ssl.SSLContext
) -> None:
    with httpx2.Client(verify=trusted, timeout=20) as client:
        secure = client.get(f"{url}/-/api/v1/sellers", headers=server.bearer)
        refused = client.get(f"{url}/-/api/v1/sellers")
    plain = fetch(server.url, "/-/api/v1/sellers", headers=server.bearer)
    assert secure.status_code == plain.status == 200
    assert secure.content == plain.body
    assert refused.status_code == 403


@pytest.mark.parametrize("name", SECURE_NAMES)
def test_server_proves_every_name_that_a_test_machine_reaches_it_by(
    url: str, trusted: ssl.SSLContext, name: str
) -> None:
    with connected(url, trusted, name) as secure:
        assert secure.version() == "TLSv1.3"


def test_document_url_that_is_given_over_tls_is_one_for_tls(tmp_path: Path) -> None:
    with served(tmp_path / "data", *TLS) as server:
        seller = server.add_seller([US])
        found = re.search(r"with TLS: (https://\S+)", (tmp_path / "data.log").read_text("utf-8"))
        assert found is not None
        with httpx2.Client(verify=trusting(server.data / "ca.pem"), timeout=20) as client:
            made = client.post(
                f"{found[1]}{DOCUMENTS}",
                json={"contentType": XML_MEDIA},
                headers={"x-amz-access-token": seller.access_token},
            )
            upload = made.json()["url"]
            assert upload.startswith(f"{found[1]}/")
            put = client.put(upload, content=b"<a/>", headers={"content-type": XML_MEDIA})
            assert put.status_code == 200


def test_server_does_not_prove_other_names(url: str, trusted: ssl.SSLContext) -> None:
    with (
        pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"),
        connected(url, trusted, "www.amazon.com"),
    ):
        pass


def test_client_that_does_not_trust_the_ca_refuses_the_server(url: str, tmp_path: Path) -> None:
    """Neither the machine's own CAs nor the one of another data directory will do."""
    prepare_certificate(tmp_path, (), Instant.now())
    for context in (ssl.create_default_context(), trusting(tmp_path / "ca.pem")):
        with (
            httpx2.Client(verify=context, timeout=20) as client,
            pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
        ):
            client.get(f"{url}/-/health")


def test_http_1_1_is_agreed_on(url: str, server: Running) -> None:
    context = trusting(server.data / "ca.pem")
    context.set_alpn_protocols(["h2", "http/1.1"])
    with connected(url, context) as secure:
        assert secure.selected_alpn_protocol() == "http/1.1"


@pytest.mark.filterwarnings("ignore:.*TLSv1_1 is deprecated:DeprecationWarning")
@pytest.mark.parametrize(
    ("newest", "accepted"), [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)]
)
def test_tls_1_2_is_the_oldest_that_is_spoken(
    url: str, server: Running, newest: ssl.TLSVersion, *, accepted: bool
) -> None:
    context = trusting(server.data / "ca.pem")
    # Else it is the client that refuses.
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = newest
    if accepted:
        assert fetch_securely(url, "/-/health", context).status == 200
    else:
        with (
            pytest.raises(ssl.SSLError, match=r"UNEXPECTED_EOF|ALERT_PROTOCOL"),
            connected(url, context),
        ):
            pass


@pytest.mark.parametrize("sent", [b"GET /-/health HTTP/1.1\r\nhost: x\r\n\r\n", b"\x16\x03", b""])
def test_what_is_no_tls_is_turned_away_and_the_server_goes_on(
    server: Running, url: str, trusted: ssl.SSLContext, sent: bytes
) -> None:
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as plain:
        plain.sendall(sent)
        plain.shutdown(socket.SHUT_WR)
        while answered := plain.recv(1024):
            assert not answered.startswith(b"HTTP")
    assert fetch_securely(url, "/-/ready", trusted).status == 200
    assert [line for line in server.logged() if line["level"] == "error"] == []


def test_secrets_are_for_the_owner_and_the_ca_file_for_everybody(server: Running) -> None:
    modes = {
        name: (server.data / name).stat().st_mode & 0o777
        for name in ("ca.key", "ca.pem", "tls.pem")
    }
    assert modes == {"ca.key": 0o600, "ca.pem": 0o644, "tls.pem": 0o600}
    assert b"PRIVATE" not in (server.data / "ca.pem").read_bytes()


def test_without_the_option_there_is_no_tls_and_no_certificate(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        assert "https" not in server.said()
        assert list(server.data.glob("*.pem")) == []


def test_each_of_two_processes_speaks_tls(data: Path) -> None:
    with running(data, *TLS, "--workers", "2") as server:
        url, trusted = secure_url(server), trusting(data / "ca.pem")
        assert share_requests(lambda: fetch_securely(url, "/-/metrics", trusted))
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
        assert "Traceback" not in server.said()


@pytest.mark.parametrize("flags", [(), ("--workers", "2")], ids=["one process", "two processes"])
def test_sigterm_lets_a_request_over_tls_finish_and_ends_with_0(
    data: Path, flags: tuple[str, ...]
) -> None:
    with running(data, *TLS, *flags) as server:
        body = b'{"name": "A seller", "marketplaceIds": ["A1VC38T7YXB528"]}'
        with connected(secure_url(server), trusting(data / "ca.pem")) as secure:
            head = (
                "POST /-/api/v1/sellers HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
                f"authorization: {server.bearer['authorization']}\r\ncontent-length: {len(body)}\r\n\r\n"
            )
            secure.sendall(head.encode() + body[:10])
            time.sleep(0.3)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.7)
            assert server.process.poll() is None
            secure.sendall(body[10:])
            answer = b""
            while piece := secure.recv(65_536):
                answer += piece
        assert answer.startswith(b"HTTP/1.1 201")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["name"] == "A seller"
        assert server.process.wait(20) == 0
        assert "Traceback" not in server.said()


def test_idle_tls_connection_does_not_hold_up_the_stop(data: Path) -> None:
    """The client does not even read the server's goodbye."""
    with (
        running(data, *TLS) as server,
        connected(secure_url(server), trusting(data / "ca.pem")) as secure,
    ):
        secure.sendall(b"GET /-/health HTTP/1.1\r\nhost: x\r\n\r\n")
        assert secure.recv(65_536).startswith(b"HTTP/1.1 200")
        started = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
        assert time.monotonic() - started < 4


def test_restart_serves_the_same_certificate(data: Path) -> None:
    shown = []
    for _ in range(2):
        with running(data, *TLS) as server:
            shown.append(shown_certificate(secure_url(server), trusting(data / "ca.pem")))
    assert shown[0] == shown[1]


def test_operator_brings_his_own_certificate(data: Path, tmp_path: Path) -> None:
    certificate, key = bring_certificate(tmp_path)
    flags = (*TLS, "--tls-certificate", str(certificate), "--tls-key", str(key))
    with (
        running(data, *flags) as server,
        connected(secure_url(server), trusting_brought(certificate), "shop.example") as secure,
    ):
        assert secure.version() == "TLSv1.3"
        assert list(data.glob("*.pem")) == []
        assert "ca.pem" not in server.said()


def trusting_brought(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certificate)
    return context


def ended(*flags: str | Path, data: Path) -> subprocess.CompletedProcess[str]:
    """A server that cannot start, to its end."""
    said = subprocess.run(
        [TORIHIKI, "serve", "--data", data, "--port", "0", *flags],
        capture_output=True,
        check=False,
        env=environment(),
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=20,
    )
    assert "Traceback" not in said.stderr, said.stderr
    return said


FAULTS = {
    "other key": "brought.crt and {}/other.key do not belong together",
    "password": "brought.key has a password",
    "no certificate file": "absent.crt cannot be read: No such file or directory",
    "no key file": "absent.key cannot be read: No such file or directory",
    "no certificate": "brought.crt holds no certificate in PEM",
    "no key": "brought.key holds no private key in PEM",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_certificate_that_cannot_be_used_is_named_before_anything_is_served(
    data: Path, tmp_path: Path, fault: str
) -> None:
    """Whoever brings two files is told which of them is wrong, and how."""
    certificate, key = bring_certificate(tmp_path, password="x" if fault == "password" else None)
    match fault:
        case "other key":
            key = other_key(tmp_path)
        case "no certificate file":
            certificate = tmp_path / "absent.crt"
        case "no key file":
            key = tmp_path / "absent.key"
        case "no certificate":
            certificate.write_bytes(b"none")
        case "no key":
            key.write_bytes(b"none")
        case _:
            assert fault == "password"
    said = ended(*TLS, "--tls-certificate", certificate, "--tls-key", key, data=data)
    assert said.returncode == 1
    assert said.stderr.startswith(f"Cannot go on: {tmp_path}/{FAULTS[fault].format(tmp_path)}")
    assert said.stdout == ""


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ((*TLS, "--tls-key", "a.key"), "--tls-certificate and --tls-key go together"),
        (("--tls-certificate", "a", "--tls-key", "b"), "--tls-certificate needs --tls-port"),
        (("--tls-port", "65536"), "65535"),
        (("--port", "8943", "--tls-port", "8943"), "--port and --tls-port are the same"),
    ],
)
def test_options_that_say_nothing_together_are_refused(
    data: Path, flags: tuple[str, ...], told: str
) -> None:
    said = ended(*flags, data=data)
    assert said.returncode == 2
    assert told in said.stderr


def test_tls_port_that_is_taken_is_named(data: Path, server: Running, url: str) -> None:
    del server
    said = ended("--tls-port", str(urlsplit(url).port), data=data)
    assert said.returncode == 1
    assert f":{urlsplit(url).port}: " in said.stderr
