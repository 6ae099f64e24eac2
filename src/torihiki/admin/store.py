"""What the operator's operations need from a database. No rule lives behind it.

Every method raises `Problem` (unavailable) when the database cannot be reached or written. A method that changes what
server processes keep in memory says "moves the revision": it adds one to it in the same transaction, if it changed a row.
Lists are ordered by their ids, byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from torihiki.admin.model import (
    Application,
    AuditEntry,
    AuditFilter,
    Authorization,
    ClockState,
    IssuedCode,
    Page,
    PageRequest,
    PlanOverride,
    Seller,
    ServerState,
)
from torihiki.kernel.instant import Instant


class AdminStore(Protocol):
    """Accounts, usage plans and the server's state."""

    async def add_seller(self, seller: Seller) -> bool:
        """False: the seller id is taken, and nothing changed. Moves the revision."""

    async def seller(self, seller_id: str) -> Seller | None:
        """The seller of that id."""

    async def sellers(self, after: str, limit: int) -> list[Seller]:
        """The sellers whose ids come after `after`."""

    async def change_seller(
        self, seller_id: str, change: Callable[[Seller], Seller]
    ) -> Seller | None:
        """Replaces name and marketplaces by what `change` makes of the seller; nobody else changes it meanwhile.

        None: there is no such seller. Moves the revision.
        """

    async def add_application(self, application: Application, secret_hash: bytes) -> None:
        """Keeps a new application. Moves the revision."""

    async def application(self, application_id: str) -> Application | None:
        """The application of that id."""

    async def applications(self, after: str, limit: int) -> list[Application]:
        """The applications whose ids come after `after`."""

    async def change_application(
        self, application_id: str, change: Callable[[Application], Application]
    ) -> Application | None:
        """Replaces name, roles and the secret's end by what `change` makes of the application.

        Nobody else changes it meanwhile. None: there is no such application. Moves the revision.
        """

    async def replace_secret(self, application_id: str, secret_hash: bytes) -> bool:
        """From now on this is the one secret, and it has no end. False: no such application. Moves the revision."""

    async def add_authorization(
        self, authorization: Authorization, refresh_token_hash: bytes
    ) -> None:
        """Keeps an authorisation of a known application by a known seller, with its first refresh token."""

    async def authorization(self, authorization_id: str) -> Authorization | None:
        """The authorisation of that id, revoked or not."""

    async def authorizations(
        self, after: str, limit: int, *, application_id: str | None, seller_id: str | None
    ) -> list[Authorization]:
        """The authorisations whose ids come after `after`; of one application, of one seller, or of both."""

    async def revoke_authorization(self, authorization_id: str, now: Instant) -> bool:
        """Marks it as revoked; one that is keeps its first instant. False: there is none. Moves the revision."""

    async def add_code(self, code: IssuedCode) -> None:
        """Keeps a code of a known authorisation."""

    async def usage_plans(self, after: tuple[str, str, str], limit: int) -> list[PlanOverride]:
        """The overrides after that application id, seller id and operation, ordered by the three."""

    async def put_usage_plan(self, override: PlanOverride) -> None:
        """Adds or replaces the override of a known application and seller. Moves the revision."""

    async def delete_usage_plan(self, application_id: str, seller_id: str, operation: str) -> bool:
        """False: there was none. Moves the revision."""

    async def read_state(self) -> ServerState:
        """The clock and the revision, as of now."""

    async def change_clock(self, change: Callable[[ClockState], ClockState]) -> ServerState:
        """Replaces the clock by what `change` makes of it, and returns the new state.

        Nobody else changes it meanwhile: of two changes at once the second starts from what the first left. What
        `change` raises is raised here and leaves all as it was. Moves the revision.
        """


class AuditStore(Protocol):
    """Who was shown restricted data. What is in it is never changed; old entries are purged."""

    async def append(self, entry: AuditEntry) -> None:
        """Keeps an entry, durably. It is one row however many orders it names: a read waits for it.

        Raises:
            ValueError: One of the order ids is no AmazonOrderId.
        """

    async def entries(self, wanted: AuditFilter, page: PageRequest) -> Page[AuditEntry]:
        """Entries that match, the newest first, and of one instant the last appended first.

        Seller and time are found by index. Every other filter looks at the entries of that seller and time one by
        one, at a bounded number in one call: a page can hold fewer entries than it may, even none, before the end.
        Going on from page to page gives each entry that was there throughout exactly once.

        Raises:
            ValueError: The page's key is none that this method gave out.
        """

    async def purge(self, before: Instant, limit: int) -> int:
        """Forgets up to `limit` entries from before that instant, the oldest first; returns how many.

        Safe for several callers at once; each may get fewer than there are.
        """


class RestrictedOrders(Protocol):
    """The restricted fields of orders, of which the operator's side knows no more than that they can go."""

    async def erase_order(self, seller_id: str, order_id: str) -> bool:
        """Erases the restricted fields of one order for good, durably; the order stays. False: there is none."""

    async def erase_restricted(self, before: Instant, limit: int) -> int:
        """Erases them for up to `limit` orders that were shipped or cancelled before that instant; returns how many.

        Orders that were erased before do not count. Safe for several callers at once; each may get fewer than there are.
        """
