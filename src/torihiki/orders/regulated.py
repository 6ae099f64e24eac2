"""The operations on the check of a regulated order: the read, and the report of a reviewer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from torihiki.kernel.caller import Caller
from torihiki.kernel.instant import Instant
from torihiki.orders.events import VERIFICATION_REJECTED
from torihiki.orders.model import ChangedOrder, KeptOrder, Move, Standing
from torihiki.orders.opening import Opener
from torihiki.orders.rules import Event, NotPossible, after_event, is_visible
from torihiki.orders.store import OrderStore

REJECTION: Final = Event(name=VERIFICATION_REJECTED)
"""What a verdict against an order does to it."""


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
    opener: Opener,
    caller: Caller,
    order_id: str,
    change: Callable[[bytes], tuple[bytes, bool]],
    now: Instant,
) -> bool:
    """Changes the order's check, durably; False: there is none to change, as `get_regulated_info` says.

    Args:
        store: Where the order is.
        opener: The wire format of the stored documents.
        caller: Who reports.
        order_id: Of which order.
        change: Makes of the document the new one, and says whether that rejects the order. A rejection cancels an
            order that can still be cancelled, and of others changes the check alone.
        now: The operator's time.

    Raises:
        Problem: What `change` raises; then nothing is changed.
    """
    seen = False

    def decide(kept: KeptOrder) -> ChangedOrder | None:
        nonlocal seen
        seen = kept.regulated is not None and is_visible(
            kept.facet.marketplace_id, kept.created, now
        )
        if kept.regulated is None or not seen:
            return None
        document, rejects = change(kept.regulated)
        if document == kept.regulated:
            return None
        order = opener(order_id, kept)
        move = _cancellation(order.standing) if rejects else None
        return order.changed(move, by=caller.application_id, now=now, regulated=document)

    return await store.change(caller.seller_id, order_id, decide) and seen


def _cancellation(standing: Standing) -> Move | None:
    try:
        return after_event(standing, REJECTION)
    except NotPossible:
        return None
