"""What the operator sees and changes: sellers, applications, authorisations, usage plans and the clock."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec
from whenever import ItemizedDelta

from torihiki.kernel.instant import Instant
from torihiki.kernel.quota import UsagePlan

Item = TypeVar("Item")


class Seller(msgspec.Struct, frozen=True, kw_only=True):
    """Whose orders are served."""

    seller_id: str
    name: str
    marketplace_ids: tuple[str, ...]
    created_at: Instant


class SellerChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What an update gives; None leaves it as it is."""

    name: str | None = None
    marketplace_ids: tuple[str, ...] | None = None


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """A program that calls for sellers. Its secret is not here: it is shown once and kept as a hash."""

    application_id: str
    name: str
    client_id: str
    roles: tuple[str, ...]
    secret_expires_at: Instant | None
    created_at: Instant


class ApplicationChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What an update gives; None leaves it as it is, except that a secret's end can be taken away by None."""

    name: str | None = None
    roles: tuple[str, ...] | None = None
    secret_expires_at: Instant | msgspec.UnsetType | None = msgspec.UNSET


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """A seller's word that an application may act for it."""

    authorization_id: str
    application_id: str
    seller_id: str
    created_at: Instant
    revoked_at: Instant | None


class IssuedCode(msgspec.Struct, frozen=True, kw_only=True):
    """An authorisation code as it is kept."""

    code_hash: bytes
    authorization_id: str
    redirect_uri: str | None
    expires_at: Instant


class PlanOverride(msgspec.Struct, frozen=True, kw_only=True):
    """The usage plan of one pair for one operation, in place of the operation's own."""

    application_id: str
    seller_id: str
    operation: str
    plan: UsagePlan


class ClockState(msgspec.Struct, frozen=True, kw_only=True):
    """The operator's clock as it is kept.

    Args:
        offset_us: What the running clock shows minus the machine's clock.
        stopped_at_us: What the clock shows while it is stopped; None: it runs.
    """

    offset_us: int
    stopped_at_us: int | None


class ClockChange(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator asks of the clock; None leaves that as it is."""

    now: Instant | None = None
    advance: ItemizedDelta | None = None
    running: bool | None = None


class ClockReading(msgspec.Struct, frozen=True, kw_only=True):
    """What the clock shows at one moment.

    Args:
        now: The operator's time.
        running: Whether it moves on.
        offset_us: How far it is ahead of the machine's clock at that moment.
    """

    now: Instant
    running: bool
    offset_us: int


class ServerState(msgspec.Struct, frozen=True, kw_only=True):
    """What every server process watches.

    Args:
        clock: The operator's clock.
        revision: Another number than before: something that processes keep in memory has changed.
    """

    clock: ClockState
    revision: int


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One answer that showed restricted data. It holds ids only, nothing of what was shown.

    Args:
        at: When, on the operator's clock.
        request_id: The id that the answer bore.
        seller_id: Whose data it was.
        application_id: Who saw it.
        token_id: The first 16 hexadecimal digits of the token's hash.
        operation: Which operation showed it.
        elements: The restricted data elements that were shown.
        order_ids: Of which orders, as AmazonOrderIds.
    """

    at: Instant
    request_id: str
    seller_id: str
    application_id: str
    token_id: str
    operation: str
    elements: tuple[str, ...]
    order_ids: tuple[str, ...]


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries of the audit trail are asked for; None asks for any.

    Args:
        seller_id: Of this seller.
        application_id: Of this application.
        order_id: Those that showed this order.
        operation: Of this operation.
        since: Not before this instant.
        until: Before this instant.
    """

    seller_id: str | None = None
    application_id: str | None = None
    order_id: str | None = None
    operation: str | None = None
    since: Instant | None = None
    until: Instant | None = None


class PageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a list is asked for.

    Args:
        after: The key behind which it begins; empty strings: at the beginning.
        size: The most items that it has.
    """

    after: tuple[str, ...]
    size: int


class Page(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """A part of a list; `following` is the key behind which the next one begins, None at the end."""

    items: tuple[Item, ...]
    following: tuple[str, ...] | None
