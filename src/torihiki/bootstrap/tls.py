"""Makes the certificate of the TLS port, renews it before it ends, and takes over a new one while the server runs.

A CA of the data directory signs it, so a client trusts one file for years. Both are judged by the machine's clock and not
by the operator's, because clients judge them by theirs.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from torihiki import clock
from torihiki.bootstrap.files import write_whole
from torihiki.config import Settings
from torihiki.kernel.instant import Instant, TimeDelta, from_micros

CA_FILE: Final = "ca.pem"
"""What clients trust."""
CA_KEY_FILE: Final = "ca.key"
OWN_FILE: Final = "tls.pem"
"""The server's key and certificate: in one file, so that they are replaced together."""

AMAZON_NAMES: Final = (
    "pay-api.amazon.com",
    "pay-api.amazon.eu",
    "pay-api.amazon.jp",
    "sellingpartnerapi-na.amazon.com",
    "sellingpartnerapi-eu.amazon.com",
    "sellingpartnerapi-fe.amazon.com",
    "api.amazon.com",
)
"""The hosts that clients have built in; a test leads these names to this server and leaves the program as it is."""

EARLIER: Final = TimeDelta(hours=24)
"""How long before it was made a certificate is good, for clients whose clocks are behind."""
CA_LIFETIME: Final = TimeDelta(hours=24 * 3650)
LIFETIME: Final = TimeDelta(hours=24 * 365)
"""Some clients refuse certificates that are good for much longer than a year."""
RENEWAL: Final = TimeDelta(hours=24 * 30)
"""How long before its end a certificate is renewed."""

CURVE: Final = ec.SECP256R1()
"""What every TLS library has had for a decade; its keys are made in no time."""

_PUBLIC: Final = 0o644
_DNS: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")


class UnusableCertificate(OSError):
    """The operator's certificate or key cannot be used."""


class Tls:
    """The TLS context of a server.

    Raises:
        UnusableCertificate: The operator's files cannot be used.
        OSError: The server's own cannot be written.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._seen: tuple[int, ...] = ()
        self.context = _empty_context()
        self._take_over()

    def refresh(self) -> None:
        """Renews the server's own certificate if that is due, and takes over files that were replaced.

        New connections get the new one. If anything is wrong the old one stays, and the log says so.
        """
        try:
            self._take_over()
        except OSError as error:
            structlog.get_logger("torihiki").warning("certificate not renewed", error=str(error))

    def _take_over(self) -> None:
        certificate, key = self._files()
        try:
            seen = (*_look(certificate), *_look(key))
            if seen == self._seen:
                return
            # A pair that does not fit would leave the context with half of it.
            _empty_context().load_cert_chain(certificate, key, password=_no_password)
            self.context.load_cert_chain(certificate, key, password=_no_password)
        except OSError as error:
            raise UnusableCertificate(
                _fault(certificate, key) or f"{certificate} and {key} cannot be used: {error}"
            ) from error
        self._seen = seen

    def _files(self) -> tuple[Path, Path]:
        given = self._settings.tls_certificate, self._settings.tls_key
        if given[0] is not None and given[1] is not None:
            return given[0], given[1]
        now = from_micros(clock.machine_us())
        own = prepare_certificate(self._settings.data, names_of(self._settings.host), now)
        return own, own


def _empty_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _no_password() -> str:
    """Without it a key that has a password would ask for it on the terminal, and the server would wait."""
    return ""


def _fault(certificate: Path, key: Path) -> str | None:
    """What is wrong with the operator's files; None: nothing that is known here. OpenSSL says it in words of its own."""
    read = []
    for path in (certificate, key):
        try:
            read.append(path.read_bytes())
        except OSError as error:
            return f"{path} cannot be read: {error.strerror}"
    try:
        shown = x509.load_pem_x509_certificate(read[0]).public_key()
    except (ValueError, UnsupportedAlgorithm):
        return f"{certificate} holds no certificate in PEM"
    try:
        own = load_pem_private_key(read[1], None).public_key()
    except TypeError:
        return f"{key} has a password: it is taken without one"
    except (ValueError, UnsupportedAlgorithm):
        return f"{key} holds no private key in PEM"
    if own != shown:
        return f"{certificate} and {key} do not belong together: the key is of another certificate"
    return None


def _look(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def names_of(host: str) -> tuple[x509.GeneralName, ...]:
    """The names that the server's own certificate is good for.

    Args:
        host: What it listens on. If that stands for all addresses of the machine, those that lead out of it are taken.
    """
    hosts = ["localhost", socket.gethostname().lower(), *AMAZON_NAMES]
    addresses = ["127.0.0.1", "::1"]
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        hosts.append(host.lower())
    else:
        addresses += _outward() if address.is_unspecified else [str(address)]
    return (
        *(x509.DNSName(one) for one in dict.fromkeys(hosts) if _DNS.fullmatch(one)),
        *(x509.IPAddress(ipaddress.ip_address(one)) for one in dict.fromkeys(addresses)),
    )


def _outward() -> Iterator[str]:
    """The addresses that this machine has towards others, such as a container's; nothing is sent to find out."""
    for family, elsewhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        # Without a way out there is none.
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as unconnected:
            unconnected.connect((elsewhere, 9))
            yield unconnected.getsockname()[0].partition("%")[0]


def prepare_certificate(directory: Path, names: tuple[x509.GeneralName, ...], now: Instant) -> Path:
    """The file of a certificate for these names and its key, made or renewed if it must be.

    The CA is made with the first one. When it comes to its end it is renewed with the same key, so that clients that
    have its old file go on until that ends. Processes that come here at once agree.
    """
    directory.mkdir(parents=True, exist_ok=True)
    own = directory / OWN_FILE
    with _alone(directory):
        if not _is_good(own, directory / CA_FILE, names, now):
            ca, ca_key = _prepared_ca(directory, now)
            key = ec.generate_private_key(CURVE)
            leaf = _leaf(key.public_key(), names, now, ca).sign(ca_key, SHA256())
            write_whole(own, _pem(key) + leaf.public_bytes(Encoding.PEM), replace=True)
    return own


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _is_good(own: Path, ca_file: Path, names: tuple[x509.GeneralName, ...], now: Instant) -> bool:
    try:
        _empty_context().load_cert_chain(own)
        leaf = x509.load_pem_x509_certificate(own.read_bytes())
        leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(ca_file.read_bytes()))
        named = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return tuple(named) == names and _lasts(leaf, now, RENEWAL)


def _lasts(certificate: x509.Certificate, now: Instant, span: TimeDelta) -> bool:
    """Whether it is good now and for that long; one that begins later comes of a clock that was wrong."""
    return (
        Instant(certificate.not_valid_before_utc) <= now
        and Instant(certificate.not_valid_after_utc) > now + span
    )


def _prepared_ca(
    directory: Path, now: Instant
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """The CA, good for longer than what it is to sign."""
    key_file, file = directory / CA_KEY_FILE, directory / CA_FILE
    key = _read_key(key_file)
    if key is None:
        key = ec.generate_private_key(CURVE)
        write_whole(key_file, _pem(key), replace=True)
    with suppress(FileNotFoundError, ValueError):
        found = x509.load_pem_x509_certificate(file.read_bytes())
        if found.public_key() == key.public_key() and _lasts(found, now, LIFETIME):
            return found, key
    made = _ca(key.public_key(), now).sign(key, SHA256())
    write_whole(file, made.public_bytes(Encoding.PEM), replace=True, mode=_PUBLIC)
    return made, key


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey | None:
    with suppress(FileNotFoundError, ValueError, TypeError):
        key = load_pem_private_key(path.read_bytes(), None)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key
    return None


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _started(
    public_key: ec.EllipticCurvePublicKey, now: Instant, lifetime: TimeDelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before((now - EARLIER).to_stdlib())
        .not_valid_after((now + lifetime).to_stdlib())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _ca(public_key: ec.EllipticCurvePublicKey, now: Instant) -> x509.CertificateBuilder:
    # Some clients look for a CA by its name alone, so those of two servers must not have the same.
    mark = x509.SubjectKeyIdentifier.from_public_key(public_key).digest.hex()[:8]
    name = _name(f"Torihiki test machine CA {mark}")
    return (
        _started(public_key, now, CA_LIFETIME)
        .subject_name(name)
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )


def _leaf(
    public_key: ec.EllipticCurvePublicKey,
    names: tuple[x509.GeneralName, ...],
    now: Instant,
    ca: x509.Certificate,
) -> x509.CertificateBuilder:
    identifier = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        _started(public_key, now, LIFETIME)
        .subject_name(_name("Torihiki"))
        .issuer_name(ca.subject)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
            critical=False,
        )
    )
