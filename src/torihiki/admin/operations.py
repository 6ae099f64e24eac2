"""The operator's operations, one function each; what they are called on the wire is in `v1/api.py`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import msgspec

from torihiki.admin import rules
from torihiki.admin.model import (
    Application,
    ApplicationChanges,
    AuditEntry,
    AuditFilter,
    Authorization,
    ClockChange,
    ClockReading,
    IssuedCode,
    Item,
    Page,
    PageRequest,
    PlanOverride,
    Seller,
    SellerChanges,
)
from torihiki.admin.rules import Mint
from torihiki.admin.store import AdminStore, AuditStore, RestrictedOrders
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.problem import Kind, Problem, invalid_input


async def list_sellers(store: AdminStore, page: PageRequest) -> Page[Seller]:
    """Sellers by their ids."""
    found = await store.sellers(page.after[0], page.size + 1)
    return _page(found, page.size, lambda seller: (seller.seller_id,))


async def create_seller(
    store: AdminStore,
    *,
    seller_id: str | None,
    name: str,
    marketplace_ids: Sequence[str],
    now: Instant,
    mint: Mint,
) -> Seller:
    """Adds a seller; without an id it gets one.

    Raises:
        Problem: There is a seller of that id.
    """
    seller = Seller(
        seller_id=mint.seller_id() if seller_id is None else seller_id,
        name=name,
        marketplace_ids=tuple(dict.fromkeys(marketplace_ids)),
        created_at=now,
    )
    if not await store.add_seller(seller):
        raise Problem(Kind.CONFLICT, f"There is already a seller '{seller.seller_id}'.")
    return seller


async def get_seller(store: AdminStore, seller_id: str) -> Seller:
    """One seller.

    Raises:
        Problem: There is none of that id.
    """
    return _found(await store.seller(seller_id), "seller")


async def update_seller(store: AdminStore, seller_id: str, changes: SellerChanges) -> Seller:
    """Changes what is given.

    Raises:
        Problem: There is no such seller.
    """

    def change(seller: Seller) -> Seller:
        name, ids = changes.name, changes.marketplace_ids
        return msgspec.structs.replace(
            seller,
            name=seller.name if name is None else name,
            marketplace_ids=seller.marketplace_ids if ids is None else tuple(dict.fromkeys(ids)),
        )

    return _found(await store.change_seller(seller_id, change), "seller")


async def list_applications(store: AdminStore, page: PageRequest) -> Page[Application]:
    """Applications by their ids."""
    found = await store.applications(page.after[0], page.size + 1)
    return _page(found, page.size, lambda application: (application.application_id,))


async def create_application(
    store: AdminStore, *, name: str, roles: Sequence[str], now: Instant, mint: Mint
) -> tuple[Application, str]:
    """Adds an application; the second value is its secret, which is kept as a hash only.

    Raises:
        Problem: One of the roles does not exist.
    """
    application = Application(
        application_id=mint.application_id(),
        name=name,
        client_id=mint.client_id(),
        roles=rules.known_roles(roles),
        secret_expires_at=None,
        created_at=now,
    )
    secret = mint.client_secret()
    await store.add_application(application, mint.digest(secret))
    return application, secret


async def get_application(store: AdminStore, application_id: str) -> Application:
    """One application.

    Raises:
        Problem: There is none of that id.
    """
    return _found(await store.application(application_id), "application")


async def update_application(
    store: AdminStore, application_id: str, changes: ApplicationChanges
) -> Application:
    """Changes what is given; roles count for tokens that are out already.

    Raises:
        Problem: There is no such application, or one of the roles does not exist.
    """
    roles = None if changes.roles is None else rules.known_roles(changes.roles)

    def change(application: Application) -> Application:
        ends = changes.secret_expires_at
        return msgspec.structs.replace(
            application,
            name=application.name if changes.name is None else changes.name,
            roles=application.roles if roles is None else roles,
            secret_expires_at=application.secret_expires_at
            if isinstance(ends, msgspec.UnsetType)
            else ends,
        )

    return _found(await store.change_application(application_id, change), "application")


async def rotate_secret(store: AdminStore, application_id: str, *, mint: Mint) -> str:
    """A new secret without an end; the old one stops at once.

    Raises:
        Problem: There is no such application.
    """
    secret = mint.client_secret()
    if not await store.replace_secret(application_id, mint.digest(secret)):
        raise rules.no_such("application")
    return secret


async def create_authorization(
    store: AdminStore, *, application_id: str, seller_id: str, now: Instant, mint: Mint
) -> tuple[Authorization, str]:
    """Lets an application act for a seller; the second value is the refresh token, kept as a hash only.

    A pair can have several: each has its own refresh token and is revoked alone.

    Raises:
        Problem: There is no such application or seller.
    """
    await get_application(store, application_id)
    await get_seller(store, seller_id)
    authorization = Authorization(
        authorization_id=mint.authorization_id(),
        application_id=application_id,
        seller_id=seller_id,
        created_at=now,
        revoked_at=None,
    )
    refresh_token = mint.refresh_token()
    await store.add_authorization(authorization, mint.digest(refresh_token))
    return authorization, refresh_token


async def list_authorizations(
    store: AdminStore, page: PageRequest, *, application_id: str | None, seller_id: str | None
) -> Page[Authorization]:
    """Authorisations by their ids; of one application, of one seller, or of both."""
    found = await store.authorizations(
        page.after[0], page.size + 1, application_id=application_id, seller_id=seller_id
    )
    return _page(found, page.size, lambda authorization: (authorization.authorization_id,))


async def revoke_authorization(store: AdminStore, authorization_id: str, *, now: Instant) -> None:
    """Ends it for good: its tokens and codes open nothing any more. Twice is the same as once.

    Raises:
        Problem: There is no such authorisation.
    """
    if not await store.revoke_authorization(authorization_id, now):
        raise rules.no_such("authorization")


async def create_authorization_code(
    store: AdminStore, authorization_id: str, *, redirect_uri: str | None, now: Instant, mint: Mint
) -> str:
    """A code that the application exchanges once, within five minutes, for a refresh token of its own.

    Raises:
        Problem: There is no such authorisation, or it was revoked.
    """
    authorization = _found(await store.authorization(authorization_id), "authorization")
    if authorization.revoked_at is not None:
        raise Problem(Kind.CONFLICT, "The authorization was revoked.")
    code = mint.code()
    await store.add_code(
        IssuedCode(
            code_hash=mint.digest(code),
            authorization_id=authorization_id,
            redirect_uri=redirect_uri,
            expires_at=now + TimeDelta(seconds=rules.CODE_SECONDS),
        )
    )
    return code


async def list_usage_plans(store: AdminStore, page: PageRequest) -> Page[PlanOverride]:
    """Overrides by application id, seller id and operation."""
    application_id, seller_id, operation = page.after
    found = await store.usage_plans((application_id, seller_id, operation), page.size + 1)
    return _page(
        found, page.size, lambda plan: (plan.application_id, plan.seller_id, plan.operation)
    )


async def put_usage_plan(
    store: AdminStore, override: PlanOverride, *, operation_names: frozenset[str]
) -> PlanOverride:
    """Sets the plan of one pair for one operation.

    Raises:
        Problem: There is no such application, seller or operation.
    """
    if override.operation not in operation_names:
        raise invalid_input(
            f"There is no operation '{override.operation}' with a usage plan.",
            f"The operations are: {', '.join(sorted(operation_names))}.",
        )
    await get_application(store, override.application_id)
    await get_seller(store, override.seller_id)
    await store.put_usage_plan(override)
    return override


async def delete_usage_plan(
    store: AdminStore, application_id: str, seller_id: str, operation: str
) -> None:
    """Gives the pair the operation's own plan again.

    Raises:
        Problem: It has no plan of its own.
    """
    if not await store.delete_usage_plan(application_id, seller_id, operation):
        raise rules.no_such("usage plan")


async def get_clock(store: AdminStore, *, machine_us: int) -> ClockReading:
    """What the operator's clock shows when the machine's shows `machine_us`."""
    return rules.reading((await store.read_state()).clock, machine_us)


async def put_clock(store: AdminStore, change: ClockChange, *, machine_us: int) -> ClockReading:
    """Sets, advances, stops or runs the clock; of two steps at once both count.

    Raises:
        Problem: The change makes no sense or leaves the clock's years.
    """
    after = await store.change_clock(
        functools.partial(rules.changed_clock, change=change, machine_us=machine_us)
    )
    return rules.reading(after.clock, machine_us)


async def list_audit_entries(
    store: AuditStore, wanted: AuditFilter, page: PageRequest
) -> Page[AuditEntry]:
    """Who was shown restricted data, the newest first.

    Raises:
        Problem: The page's key is none that this list gave out.
    """
    try:
        return await store.entries(wanted, page)
    except ValueError as error:
        raise rules.bad_page_token() from error


async def erase_order(orders: RestrictedOrders, seller_id: str, order_id: str) -> None:
    """Erases the restricted fields of one order for good; the order stays. Twice is the same as once.

    Raises:
        Problem: The seller has no such order.
    """
    if not await orders.erase_order(seller_id, order_id):
        raise rules.no_such("order")


def _found(item: Item | None, what: str) -> Item:
    if item is None:
        raise rules.no_such(what)
    return item


def _page(found: Sequence[Item], size: int, key: Callable[[Item], tuple[str, ...]]) -> Page[Item]:
    """A page of at most `size` items out of `size + 1` that were asked for."""
    return Page(
        items=tuple(found[:size]), following=key(found[size - 1]) if len(found) > size else None
    )
