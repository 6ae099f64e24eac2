"""The operations on the check of a regulated order: the read, and the report of a reviewer."""

from __future__ import annotations

from collections.abc import Callable

from torihiki.kernel.caller import Caller
from torihiki.kernel.instant import Instant
from torihiki.orders.rules import is_visible
from torihiki.orders.store import OrderStore


async def get_regulated_info(
    store: OrderStore, caller: Caller, order_id: str, now: Instant
) -> bytes | None:
    """What the order has to be checked for, as it is stored.

    None: the seller has no such order, it is too old to be shown, or nothing of it is regulated.
    """
    found = await store.regulated(caller.seller_id, order_id)
    if found is None or not is_visible(found.marketplace_id, found.created, now):
        return None
    return found.document


async def update_verification(
    store: OrderStore,
    caller: Caller,
    order_id: str,
    change: Callable[[bytes], bytes],
    now: Instant,
) -> bool:
    """Changes the order's check by `change`, durably; False: there is none to change, as `get_regulated_info` says.

    Raises:
        Problem: What `change` raises; then nothing is changed.
    """
    if await get_regulated_info(store, caller, order_id, now) is None:
        return False
    return await store.change_regulated(caller.seller_id, order_id, change)
