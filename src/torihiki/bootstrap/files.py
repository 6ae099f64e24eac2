"""What a server keeps beside its database: the secret key, and the credentials that clients need. Both for the owner only."""

from __future__ import annotations

import fcntl
import os
import secrets
import tempfile
from pathlib import Path
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from torihiki.kernel.key_ring import KeyRing, SecretKey, format_ring, parse_ring

KEY_BYTES: Final = 64
KEY_FILE: Final = "secret.key"
CREDENTIALS_FILE: Final = "credentials.json"
LOCK_FILE: Final = "serving.lock"
OWNER_ONLY: Final = 0o600


class UnusableFile(OSError):
    """A file of the data directory is damaged, or was copied by half. The text says which, and nothing of what is in it."""


class Lwa(msgspec.Struct, frozen=True, kw_only=True):
    """What a Selling Partner client logs in with."""

    client_id: str
    client_secret: str
    refresh_token: str


class PayKeyPair(msgspec.Struct, frozen=True, kw_only=True):
    """What an Amazon Pay client signs with; the server keeps the public key only."""

    public_key_id: str
    private_key_pem: str


class Pay(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant of Amazon Pay, and how a client of his signs in each environment.

    Args:
        merchant_id: The merchant.
        region: What clients are configured with: na, eu or jp.
        live: The key of the live environment.
        sandbox: The key of the sandbox.
    """

    merchant_id: str
    region: str
    live: PayKeyPair
    sandbox: PayKeyPair


class SellerCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """A seller, and how a client of his logs in; one who does not use Amazon Pay has no `pay`."""

    seller_id: str
    marketplace_ids: tuple[str, ...]
    lwa: Lwa
    pay: Pay | UnsetType = UNSET


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a client of this server needs, in clear.

    Args:
        endpoint: Where the server that was started last listens.
        endpoint_tls: Where it speaks TLS, if it does; clients trust `ca.pem` beside this file, or the operator's own.
        operator_token: Opens the operator's API.
        sellers: Those whose secrets the server made itself.
    """

    endpoint: str
    endpoint_tls: str | UnsetType = UNSET
    operator_token: str
    sellers: tuple[SellerCredentials, ...] = ()


def write_whole(path: Path, content: bytes, *, replace: bool, mode: int = OWNER_ONLY) -> bool:
    """Writes a whole file, durably; without `replace`, only where there is none (False: there was)."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        if replace:
            Path(name).replace(path)
            return True
        try:
            os.link(name, path)
        except FileExistsError:
            return False
        return True
    finally:
        Path(name).unlink(missing_ok=True)


def hold(directory: Path) -> bool:
    """Marks the directory as a running server's until this process ends, however it ends; False: another's it is.

    It keeps nobody away: several servers may share a directory, but the credentials file names one of them.
    """
    directory.mkdir(parents=True, exist_ok=True)
    handle = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT, OWNER_ONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return False
    except OSError:
        # A file system without locks: nothing is known of others.
        os.close(handle)
    return True


def new_ring() -> KeyRing:
    """Keys that nobody else has."""
    first = SecretKey(key_id=1, secret=secrets.token_bytes(KEY_BYTES))
    return KeyRing(keys=(first,), index=secrets.token_bytes(KEY_BYTES))


def key_ring(directory: Path) -> KeyRing:
    """The keys of this server, made at the first call; several processes that start at once agree on them.

    Raises:
        UnusableFile: The file is there and holds no keys.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / KEY_FILE
    if not path.exists():
        write_whole(path, format_ring(new_ring()).encode(), replace=False)
    return kept_ring(directory)


def kept_ring(directory: Path) -> KeyRing:
    """The keys of this server; none are made.

    Raises:
        FileNotFoundError: There are none.
        UnusableFile: The file is there and holds no keys.
    """
    path = directory / KEY_FILE
    try:
        return parse_ring(path.read_text(encoding="ascii"))
    except ValueError as error:
        raise UnusableFile(f"{path} cannot be used: {error}") from error


class KeyFile:
    """The key file, watched for another process that replaces it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        key_ring(directory)
        # Looked at before it is read: a file that is replaced in between is noticed at the next look.
        self._seen = self._look()
        self.ring = kept_ring(directory)

    def _look(self) -> tuple[int, int]:
        found = (self._directory / KEY_FILE).stat()
        return found.st_ino, found.st_mtime_ns

    def changed(self) -> KeyRing | None:
        """The keys if the file was replaced since the last call; None: it was not, or is not there now."""
        try:
            seen = self._look()
            if seen == self._seen:
                return None
            self.ring = kept_ring(self._directory)
        except OSError:
            return None
        self._seen = seen
        return self.ring


def write_key_ring(directory: Path, ring: KeyRing) -> None:
    """Replaces the keys as a whole."""
    write_whole(directory / KEY_FILE, format_ring(ring).encode(), replace=True)


def _path(directory: Path) -> Path:
    return directory / CREDENTIALS_FILE


def read_credentials(directory: Path) -> Credentials | None:
    """The credentials file; None: no server has been started on this directory yet.

    Raises:
        UnusableFile: The file is there and holds no credentials.
    """
    path = _path(directory)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Credentials)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnusableFile(f"{path} cannot be used: {error}") from error


def write_credentials(directory: Path, credentials: Credentials) -> None:
    """Replaces the credentials file as a whole."""
    directory.mkdir(parents=True, exist_ok=True)
    content = msgspec.json.format(msgspec.json.encode(credentials), indent=2)
    write_whole(_path(directory), content + b"\n", replace=True)


def prepare_credentials(
    directory: Path,
    endpoint: str,
    operator_token: str | None,
    endpoint_tls: str | UnsetType = UNSET,
) -> Credentials:
    """The credentials with these endpoints and, if one is given, this operator's token; all are kept for later."""
    directory.mkdir(parents=True, exist_ok=True)
    found = read_credentials(directory)
    if found is None:
        first = Credentials(
            endpoint=endpoint, operator_token=operator_token or secrets.token_urlsafe(32)
        )
        write_whole(_path(directory), msgspec.json.encode(first), replace=False)
        found = msgspec.json.decode(_path(directory).read_bytes(), type=Credentials)
    wanted = msgspec.structs.replace(
        found,
        endpoint=endpoint,
        endpoint_tls=endpoint_tls,
        operator_token=operator_token or found.operator_token,
    )
    if wanted != found:
        write_credentials(directory, wanted)
    return wanted
