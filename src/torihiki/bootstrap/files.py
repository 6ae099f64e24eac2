"""What a server keeps beside its database: the secret key, and the credentials that clients need. Both for the owner only."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path
from typing import Final

import msgspec

KEY_BYTES: Final = 64
OWNER_ONLY: Final = 0o600


class Lwa(msgspec.Struct, frozen=True, kw_only=True):
    """What a Selling Partner client logs in with."""

    client_id: str
    client_secret: str
    refresh_token: str


class SellerCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """A seller, and how a client of his logs in."""

    seller_id: str
    marketplace_ids: tuple[str, ...]
    lwa: Lwa


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a client of this server needs, in clear."""

    endpoint: str
    operator_token: str
    sellers: tuple[SellerCredentials, ...] = ()


def _write(path: Path, content: bytes, *, replace: bool) -> bool:
    """Writes a whole file with mode 0600, durably; without `replace`, only where there is none (False: there was)."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(OWNER_ONLY)
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


def secret_key(directory: Path) -> bytes:
    """The key of this server, made at the first call; several processes that start at once agree on one.

    Raises:
        ValueError: The file is there and holds no key.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "secret.key"
    if not path.exists():
        _write(path, secrets.token_hex(KEY_BYTES).encode(), replace=False)
    key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    if len(key) < KEY_BYTES:
        raise ValueError(f"{path} holds fewer than {KEY_BYTES} bytes")
    return key


def _path(directory: Path) -> Path:
    return directory / "credentials.json"


def read_credentials(directory: Path) -> Credentials | None:
    """The credentials file; None: no server has been started on this directory yet."""
    try:
        return msgspec.json.decode(_path(directory).read_bytes(), type=Credentials)
    except FileNotFoundError:
        return None


def write_credentials(directory: Path, credentials: Credentials) -> None:
    """Replaces the credentials file as a whole."""
    directory.mkdir(parents=True, exist_ok=True)
    content = msgspec.json.format(msgspec.json.encode(credentials), indent=2)
    _write(_path(directory), content + b"\n", replace=True)


def prepare_credentials(directory: Path, endpoint: str, operator_token: str | None) -> Credentials:
    """The credentials with this endpoint and, if one is given, this operator's token; both are kept for later."""
    directory.mkdir(parents=True, exist_ok=True)
    found = read_credentials(directory)
    if found is None:
        first = Credentials(
            endpoint=endpoint, operator_token=operator_token or secrets.token_urlsafe(32)
        )
        _write(_path(directory), msgspec.json.encode(first), replace=False)
        found = msgspec.json.decode(_path(directory).read_bytes(), type=Credentials)
    wanted = msgspec.structs.replace(
        found, endpoint=endpoint, operator_token=operator_token or found.operator_token
    )
    if wanted != found:
        write_credentials(directory, wanted)
    return wanted
