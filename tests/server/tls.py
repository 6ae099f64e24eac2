"""The TLS port as a client meets it, and certificates that a test makes itself."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from whenever import Instant

from tests.server.plain import Answered
from tests.server.running import Running
from torihiki.bootstrap.serving import PortsServer, listen
from torihiki.bootstrap.tls import Tls
from torihiki.server.protocol import LimitedProtocol

Application = Callable[[Any, Any, Any], Awaitable[None]]


def secure_url(server: Running) -> str:
    """Where the server says that it speaks TLS."""
    found = re.findall(r"with TLS: (https://\S+)", server.said())
    assert found, server.said()
    return str(found[-1])


def trusting(ca: Path) -> ssl.SSLContext:
    """A client that trusts this file alone, and is as strict about it as Python can be."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_verify_locations(ca)
    return context


@contextlib.contextmanager
def connected(
    url: str, context: ssl.SSLContext, name: str = "127.0.0.1"
) -> Iterator[ssl.SSLSocket]:
    """A connection to a server that must prove to be `name`."""
    address = urlsplit(url)
    with (
        socket.create_connection((address.hostname, address.port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        yield secure


def fetch_securely(url: str, target: str, context: ssl.SSLContext) -> Answered:
    """The answer to one GET on a connection of its own."""
    address = urlsplit(url)
    connection = http.client.HTTPSConnection(address.netloc, timeout=20, context=context)
    try:
        connection.request("GET", target)
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answered(answer.status, named, answer.read())
    finally:
        connection.close()


def shown_certificate(url: str, context: ssl.SSLContext) -> x509.Certificate:
    with connected(url, context) as secure:
        shown = secure.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown)


def certificate_in(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def bring_certificate(directory: Path, *, password: str | None = None) -> tuple[Path, Path]:
    """The files of an operator who has a certificate of his own, RSA and signed by itself, and its key."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "brought along")])
    now = Instant.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.subtract(hours=1).to_stdlib())
        .not_valid_after(now.add(hours=1).to_stdlib())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.example")]), critical=False)
        .sign(key, SHA256())
    )
    directory.mkdir(parents=True, exist_ok=True)
    certificate_file, key_file = directory / "brought.crt", directory / "brought.key"
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    sealing = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealing))
    return certificate_file, key_file


def other_key(directory: Path) -> Path:
    """A key that fits no certificate."""
    path = directory / "other.key"
    key = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


@contextlib.contextmanager
def serving(application: Application, tls: Tls) -> Iterator[tuple[str, str]]:
    """An application on both ports of a server in this process, and where they are."""
    config = uvicorn.Config(
        application, loop="uvloop", http=LimitedProtocol, ws="none", lifespan="off", log_config=None
    )
    server = PortsServer(config, tls)
    sockets = [listen("127.0.0.1", 0), listen("127.0.0.1", 0)]
    plain, secure = (one.getsockname()[1] for one in sockets)
    thread = threading.Thread(target=server.run, args=(sockets,))
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started or len(server.servers) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secure}"
    finally:
        server.should_exit = True
        thread.join(20)
