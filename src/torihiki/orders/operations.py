"""The reads of Orders v0, and the import that feeds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from torihiki.kernel.caller import Caller
from torihiki.kernel.instant import Instant, decode_instant, encode_instant
from torihiki.kernel.line_import import IMPORT_BATCH, LineError, LineImport
from torihiki.kernel.problem import undecodable_token
from torihiki.kernel.seal import NotSealed, Seal
from torihiki.orders.model import (
    Bookmark,
    ItemsDocument,
    ItemsResult,
    OrderDocument,
    OrdersResult,
    Selection,
    StoredOrder,
)
from torihiki.orders.rules import ITEMS_PER_PAGE, is_visible, visibility
from torihiki.orders.store import OrderStore

PAGE_SIZE_DEFAULT: Final = 100
BUYER_INFO: Final = "buyerInfo"
"""The data element that opens the restricted members of items (contract 3.4)."""


_BOOKMARK_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=encode_instant)
_BOOKMARK_DECODER: Final = msgspec.msgpack.Decoder(Bookmark, dec_hook=decode_instant)


async def get_orders(
    store: OrderStore,
    seal: Seal,
    caller: Caller,
    wanted: Selection | str,
    page_size: int | None,
    now: Instant,
) -> OrdersResult:
    """A page of the caller's orders: the first of a selection, or the one that a NextToken stands for.

    A token carries the selection of the first page with its upper bound, so that a sequence of pages is one
    consistent answer; what else the caller sends beside a token does not count (O-15).

    Raises:
        Problem: The token was not sealed for this seller.
    """
    context = b"getOrders\0" + caller.seller_id.encode()
    if isinstance(wanted, str):
        bookmark = _open(seal, wanted, context)
        selection, after = bookmark.selection, bookmark.after
        page_size = page_size or bookmark.page_size
    else:
        selection, after = wanted, None
        page_size = page_size or PAGE_SIZE_DEFAULT
    page = await store.page(
        caller.seller_id,
        selection,
        visible_from=visibility(selection, now),
        after=after,
        limit=page_size,
        personal=caller.opened is not None,
    )
    token = None
    if page.after is not None:
        bookmark = Bookmark(selection=selection, after=page.after, page_size=page_size)
        token = seal.seal(_BOOKMARK_ENCODER.encode(bookmark), context)
    return OrdersResult(
        documents=page.documents,
        order_ids=page.order_ids,
        selection=selection,
        next_token=token,
    )


def _open(seal: Seal, token: str, context: bytes) -> Bookmark:
    try:
        return _BOOKMARK_DECODER.decode(seal.open(token, context))
    except (NotSealed, msgspec.DecodeError) as error:
        raise undecodable_token() from error


async def get_order(
    store: OrderStore, caller: Caller, order_id: str, now: Instant
) -> OrderDocument | None:
    """The order's document, with its personal part if the caller's token is a restricted one, else with its ending.

    None: the seller has no such order, or it is too old to be shown.
    """
    found = await store.order(caller.seller_id, order_id, personal=caller.opened is not None)
    if found is None or not is_visible(found.marketplace_id, found.created, now):
        return None
    return found


async def _items(
    store: OrderStore, caller: Caller, order_id: str, now: Instant
) -> ItemsDocument | None:
    found = await store.items(
        caller.seller_id, order_id, restricted=BUYER_INFO in (caller.opened or ())
    )
    if found is None or not is_visible(found.marketplace_id, found.created, now):
        return None
    return found


async def get_order_items(
    store: OrderStore,
    seal: Seal,
    caller: Caller,
    order_id: str,
    next_token: str | None,
    now: Instant,
) -> ItemsResult | None:
    """A page of the order's items; None: the seller has no such order, or it is too old to be shown.

    Raises:
        Problem: The token was not sealed for this seller and order.
    """
    context = b"getOrderItems\0" + caller.seller_id.encode() + b"\0" + order_id.encode()
    start = 0 if next_token is None else _open_position(seal, next_token, context)
    found = await _items(store, caller, order_id, now)
    if found is None:
        return None
    items = msgspec.json.decode(found.items, type=list[msgspec.Raw])
    if start == 0 and len(items) <= ITEMS_PER_PAGE:
        return ItemsResult(items=found.items, next_token=None)
    end = start + ITEMS_PER_PAGE
    token = seal.seal(str(end).encode(), context) if end < len(items) else None
    return ItemsResult(items=b"[" + b",".join(items[start:end]) + b"]", next_token=token)


def _open_position(seal: Seal, token: str, context: bytes) -> int:
    try:
        return int(seal.open(token, context))
    except NotSealed as error:
        raise undecodable_token() from error


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an import.

    Args:
        imported: Lines that were taken; each is durable.
        failed: Lines that were not.
        errors: The first `ERRORS_REPORTED_MAX` of these.
    """

    imported: int
    failed: int
    errors: list[LineError]


class OrderImport(LineImport):
    """An import under way: takes lines one by one and writes them in batches.

    A line that is bad is noted and the others are kept. The same order again replaces it, so an import that was
    killed is repeated from its start.

    Args:
        store: Where the orders go.
        parse: Turns a line into an order; raises ValueError with the reason.
    """

    def __init__(self, store: OrderStore, parse: Callable[[bytes], StoredOrder]) -> None:
        super().__init__()
        self._store = store
        self._parse = parse
        self._imported = 0
        self._batch: dict[tuple[str, str], tuple[int, StoredOrder]] = {}

    async def add(self, line: bytes) -> None:
        """Takes the next line; blank ones are skipped. Awaits only when a batch is full."""
        if not self._counted(line):
            return
        try:
            order = self._parse(line)
        except ValueError as error:
            self.refuse(str(error))
            return
        key = (order.seller_id, order.order_id)
        if key in self._batch:
            # The batch must not hold an order twice; writing the earlier first lets the later replace it.
            await self._write()
        self._batch[key] = (self._line, order)
        if len(self._batch) >= IMPORT_BATCH:
            await self._write()

    async def finish(self) -> ImportReport:
        """Writes what is left, and reports."""
        await self._write()
        return ImportReport(
            imported=self._imported, failed=self._failed, errors=self._sorted_errors()
        )

    async def _write(self) -> None:
        batch, self._batch = list(self._batch.values()), {}
        if not batch:
            return
        unknown = await self._store.put([order for _, order in batch])
        for line, order in batch:
            if order.seller_id in unknown:
                self.refuse(f"there is no seller {order.seller_id!r}", line)
            else:
                self._imported += 1


Erased = Callable[[bytes, bytes], tuple[bytes, bytes, bytes]]
"""What is left of an order's personal part and withheld members; see `OrderStore.erase`."""


async def erase_order(store: OrderStore, seller_id: str, order_id: str, erased: Erased) -> bool:
    """Erases the restricted members of one order for good; False: there is no such order."""
    return await store.erase([(seller_id, order_id)], erased) > 0


async def erase_restricted(store: OrderStore, before: Instant, limit: int, erased: Erased) -> int:
    """Erases those of up to `limit` final orders that last changed before that; returns of how many."""
    return await store.erase(await store.erasable(before, limit), erased)
