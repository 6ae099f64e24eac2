"""The settings of a server: the only reader of the environment.

Every setting is a flag of `torihiki serve` and `TORIHIKI_<NAME>` in the environment; the flag wins.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Literal

import msgspec

PREFIX: Final = "TORIHIKI_"
POSTGRES_SCHEMES: Final = ("postgres://", "postgresql://")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a server must know before it starts.

    Args:
        data: The directory of the database, the secret key and the credentials file.
        database: `postgresql://...`, or `sqlite:///path`; None: SQLite in the data directory.
        documents: `s3://bucket/prefix`, `file:///directory` or a directory; None: a directory in the data directory.
        public_url: `https://host` or `https://host:port` by which clients reach the server; None: as they say themselves.
        host: The address to listen on.
        port: The port; 0 takes a free one.
        tls_port: The port that speaks TLS, beside the other one; 0 takes a free one; None: there is none.
        tls_certificate: PEM file of the TLS port's certificate and its chain; None: the server makes its own.
        tls_key: PEM file of its key, without a password; given together with the certificate.
        workers: Server processes that share the port.
        demo: Whether an empty store gets the demo's sellers and orders.
        usage_plans: "off" lifts Amazon's limits.
        visibility_delay: ISO 8601 duration after which getOrders shows a change (O-18).
        pay_schedule_conflict: What a second schedule of a report type gets: an array, as Amazon's guide says, or an error,
            because there are clients that cannot read an array (R-13).
        pay_strict: Whether Amazon Pay refuses report types that exist in the other environment only, and a POST without
            an idempotency key of the documented form (contract 3.4, 4.11).
        pay_refuse_captures: Whether reports of captures can be neither requested nor scheduled, as was seen at Amazon
            (contract 4.5).
        pay_range_max: ISO 8601 duration that the range of a report that is asked for may have at the most; None: any
            (contract 4.8).
        pay_limits: Whether calls of Amazon Pay are limited; its own figures are not public (contract 3.3).
        strict: Whether shipments are refused that Amazon is only known to refuse sometimes (contract 4.1).
        access_log: Whether every request is logged, or only those that were refused or failed.
        log_level: The least severe level that is logged.
        erase_restricted_after: ISO 8601 duration after which the restricted fields of an order that was shipped or
            cancelled are erased; None: never.
        audit_retention: ISO 8601 duration after which an entry of the audit trail is forgotten.
        pay_layouts: JSON file of the operator's own layouts of Amazon Pay's reports; None: the shipped ones are used.
        operator_token: The operator's bearer token; None: one is made and kept in the data directory.
    """

    data: Path = Path("torihiki-data")
    database: str | None = None
    documents: str | None = None
    public_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8900
    tls_port: int | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    workers: int = 1
    demo: bool = False
    usage_plans: Literal["amazon", "off"] = "amazon"
    visibility_delay: str = "PT0S"
    pay_schedule_conflict: Literal["array", "error"] = "array"
    pay_strict: bool = False
    pay_refuse_captures: bool = False
    pay_range_max: str | None = None
    pay_limits: bool = False
    strict: bool = False
    access_log: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    erase_restricted_after: str | None = None
    audit_retention: str = "P365D"
    pay_layouts: Path | None = None
    operator_token: str | None = None

    @property
    def sqlite_path(self) -> Path | None:
        """The SQLite file; None: the database is PostgreSQL.

        Raises:
            ValueError: The database's URL is of neither kind.
        """
        if self.database is None:
            return self.data / "torihiki.sqlite3"
        if self.database.startswith("sqlite:///"):
            return Path(self.database.removeprefix("sqlite:///"))
        if self.database.startswith(POSTGRES_SCHEMES):
            return None
        raise ValueError("--database takes postgresql://... or sqlite:///path")


def to_environment(settings: Settings) -> None:
    """Puts the settings where the server processes that are started from here find them."""
    for name, value in msgspec.to_builtins(settings, enc_hook=str).items():
        key = PREFIX + name.upper()
        if value is None:
            os.environ.pop(key, None)
        else:
            os.environ[key] = str(value).lower() if isinstance(value, bool) else str(value)


def from_environment() -> Settings:
    """The settings that the environment gives; the defaults elsewhere.

    Raises:
        msgspec.ValidationError: A value is none of those that the setting takes.
    """
    given = {
        field: os.environ[PREFIX + field.upper()]
        for field in Settings.__struct_fields__
        if PREFIX + field.upper() in os.environ
    }
    return msgspec.convert(given, Settings, strict=False, dec_hook=_path)


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(kind)
