"""What an order store promises, as a list that is searched from end to end; and orders and selections by chance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from random import Random

import msgspec

from torihiki.kernel.instant import Instant, from_micros, micros
from torihiki.orders.model import (
    ChangedOrder,
    Cursor,
    DateField,
    DeliveryWindow,
    Facet,
    KeptOrder,
    Page,
    Selection,
    StoredOrder,
)
from torihiki.orders.rules import fulfils
from torihiki.orders.store import OrderStore

EPOCH = micros(Instant.from_utc(2026, 3, 1))
LONG_AGO = Instant.from_utc(1990, 1, 1)
LATE = Instant.from_utc(2100, 1, 1)

MARKETPLACES = ("ATVPDKIKX0DER", "A1VC38T7YXB528", "A2Q3Y263D00KWC")
STATUSES = ("Shipped", "Unshipped", "Pending", "Canceled")
CHANNELS = ("AFN", "MFN")
PAYMENTS = ("", "COD", "CVS")
EASY_SHIPS = ("", "PendingSchedule")
INVOICES = ("", "Accepted")
TEXTS = ("a", "A", "ä'%_", "\U0001f4e6")
ADDRESSES = ("one@example.com", "Two@Example.com", "three@example.com")
EVERYTHING_VISIBLE = dict.fromkeys(MARKETPLACES, LONG_AGO)


def order_id(number: int) -> str:
    digits = f"{number:017d}"
    return f"{digits[:3]}-{digits[3:10]}-{digits[10:]}"


def facet(
    marketplace_id: str = MARKETPLACES[0],
    status: str = "Unshipped",
    *,
    channel: str = "MFN",
    payment: str = "",
    easy_ship: str = "",
    invoice: str = "",
    is_ispu: bool = False,
) -> Facet:
    return Facet(
        marketplace_id=marketplace_id,
        order_status=status,
        fulfillment_channel=channel,
        payment_method=payment,
        easy_ship_shipment_status=easy_ship,
        electronic_invoice_status=invoice,
        is_ispu=is_ispu,
    )


def order(
    number: int, created: int = 0, *, updated: int | None = None, mark: str = "", **members: object
) -> StoredOrder:
    """An order whose dates are given in microseconds from March 2026 on, and whose bodies carry number and mark."""
    plain = StoredOrder(
        seller_id="S1",
        order_id=order_id(number),
        facet=facet(),
        created=from_micros(EPOCH + created),
        last_updated=from_micros(EPOCH + (created if updated is None else updated)),
        buyer_email=None,
        seller_order_id=None,
        supply_source_id=None,
        store_chain_store_id=None,
        earliest_delivery=None,
        latest_delivery=None,
        is_final=False,
        document=f'{{"order":"{number}{mark}"'.encode(),
        ending=f',"ending":"{number}{mark}"}}'.encode(),
        personal=f"personal {number}{mark}".encode(),
        items=f'["{number}{mark}"]'.encode(),
        restricted_items=None,
        withheld=b"{}",
        regulated=None,
    )
    return msgspec.structs.replace(plain, **members)


def unchanged(put: StoredOrder, kept: KeptOrder, **members: object) -> ChangedOrder:
    """What a change makes of the order that was put, if it changes nothing but what is given."""
    as_it_was = ChangedOrder(
        facet=kept.facet,
        last_updated=kept.last_updated,
        earliest_delivery=put.earliest_delivery,
        latest_delivery=put.latest_delivery,
        is_final=put.is_final,
        document=kept.document,
        ending=put.ending,
        personal=kept.personal,
        items=kept.items,
        restricted_items=put.restricted_items,
        withheld=kept.withheld,
        regulated=None,
        fulfillment=kept.fulfillment,
        history=(),
    )
    return msgspec.structs.replace(as_it_was, **members)


def regulated_anew(
    put: StoredOrder, change: Callable[[bytes], bytes]
) -> Callable[[KeptOrder], ChangedOrder | None]:
    """A change of the regulated document of the order that was put, where there is one."""

    def decide(kept: KeptOrder) -> ChangedOrder | None:
        if kept.regulated is None:
            return None
        return unchanged(put, kept, regulated=change(kept.regulated))

    return decide


def whole(order: StoredOrder) -> bytes:
    """The document as it is served."""
    return order.document + order.ending


def personal(order: StoredOrder) -> bytes:
    """The document with its personal part and its id, as `read` gives it."""
    return b"%b %b %b" % (order.order_id.encode(), order.document, order.personal)


def selection(
    since: int | None = None, until: int | None = None, **conditions: object
) -> Selection:
    """Every order, but for what is given; dates as in `order`."""
    every = Selection(
        by=DateField.CREATED,
        since=LONG_AGO if since is None else from_micros(EPOCH + since),
        until=LATE if until is None else from_micros(EPOCH + until),
        marketplace_ids=MARKETPLACES,
    )
    return msgspec.structs.replace(every, **conditions)


def at(order: StoredOrder, by: DateField) -> Instant:
    return order.created if by is DateField.CREATED else order.last_updated


def matches(order: StoredOrder, wanted: Selection, visible_from: Mapping[str, Instant]) -> bool:
    """Whether the order belongs to the selection: the contract, in the plainest words."""
    window = wanted.delivery or DeliveryWindow()
    email = wanted.buyer_email
    own_id = order.order_id if order.seller_order_id is None else order.seller_order_id
    return (
        fulfils(order.facet, wanted)
        and wanted.since <= at(order, wanted.by) <= wanted.until
        and order.created >= visible_from[order.facet.marketplace_id]
        and (wanted.order_ids is None or order.order_id in wanted.order_ids)
        and (email is None or (order.buyer_email or "").lower() == email.lower())
        and wanted.seller_order_id in {None, own_id}
        and wanted.supply_source_id in {None, order.supply_source_id}
        and wanted.store_chain_store_id in {None, order.store_chain_store_id}
        and _within(window.earliest_from, order.earliest_delivery, window.earliest_to)
        and _within(window.latest_from, order.latest_delivery, window.latest_to)
    )


def _within(lower: Instant | None, value: Instant | None, upper: Instant | None) -> bool:
    if lower is None and upper is None:
        return True
    return (
        value is not None
        and (lower is None or lower <= value)
        and (upper is None or value <= upper)
    )


def expected(
    orders: Iterable[StoredOrder],
    wanted: Selection,
    visible_from: Mapping[str, Instant] = EVERYTHING_VISIBLE,
) -> list[StoredOrder]:
    """The orders that belong to the selection, by date; orders of one date in the order given."""
    found = [each for each in orders if matches(each, wanted, visible_from)]
    return sorted(found, key=lambda each: at(each, wanted.by))


async def read(
    store: OrderStore,
    wanted: Selection,
    *,
    limit: int = 100,
    seller_id: str = "S1",
    visible_from: Mapping[str, Instant] = EVERYTHING_VISIBLE,
    with_personal: bool = False,
) -> list[bytes]:
    """The documents of all pages, one after the other, as `whole` or `personal`; every page but the last is full."""
    documents: list[bytes] = []
    after: Cursor | None = None
    while True:
        page = await store.page(
            seller_id,
            wanted,
            visible_from=visible_from,
            after=after,
            limit=limit,
            personal=with_personal,
        )
        documents += shown(page, with_personal=with_personal)
        if page.after is None:
            assert len(page.documents) <= limit
            return documents
        assert len(page.documents) == limit
        after = page.after


def shown(page: Page, *, with_personal: bool = False) -> list[bytes]:
    """The documents of one page as `whole`, or as `personal`."""
    if not with_personal:
        assert page.order_ids == []
        return [document + ending for document, ending in page.documents]
    return [
        b"%b %b %b" % (order_id.encode(), document, people)
        for order_id, (document, people) in zip(page.order_ids, page.documents, strict=True)
    ]


def random_facet(random: Random) -> Facet:
    return facet(
        random.choice(MARKETPLACES),
        random.choices(STATUSES, (60, 6, 3, 1))[0],
        channel=random.choice(CHANNELS),
        payment=random.choices(PAYMENTS, (8, 1, 1))[0],
        easy_ship=random.choices(EASY_SHIPS, (9, 1))[0],
        invoice=random.choices(INVOICES, (9, 1))[0],
        is_ispu=random.random() < 0.1,
    )


def random_order(random: Random, number: int, span: int, mark: str = "") -> StoredOrder:
    """An order whose dates lie in the first `span` microseconds, so that many dates are equal."""
    created = random.randrange(span)

    def maybe(values: tuple[str, ...]) -> str | None:
        return random.choice(values) if random.random() < 0.5 else None

    def delivery() -> Instant | None:
        return from_micros(EPOCH + random.randrange(2 * span)) if random.random() < 0.5 else None

    return order(
        number,
        created,
        updated=created + random.randrange(span),
        mark=mark,
        facet=random_facet(random),
        buyer_email=maybe(ADDRESSES),
        seller_order_id=maybe((*TEXTS, order_id(number), order_id(number + 1))),
        supply_source_id=maybe(TEXTS),
        store_chain_store_id=maybe(TEXTS),
        earliest_delivery=delivery(),
        latest_delivery=delivery(),
        is_final=random.random() < 0.5,
        restricted_items=random.choice((None, f'["{number}{mark} restricted"]'.encode())),
    )


def random_selection(random: Random, orders: int, span: int, given: float) -> Selection:
    """A selection in which each condition stands with the chance `given`."""

    def some(values: tuple[str, ...]) -> tuple[str, ...]:
        if random.random() >= given:
            return ()
        return tuple(random.sample(values, random.randint(1, len(values))))

    def one(values: tuple[str, ...], chance: float = given) -> str | None:
        return random.choice(values) if random.random() < chance else None

    def moment() -> Instant | None:
        return from_micros(EPOCH + random.randrange(2 * span)) if random.random() < 0.5 else None

    ids = tuple(order_id(random.randrange(orders + 2)) for _ in range(random.randint(1, 50)))
    return selection(
        random.randrange(span) if random.random() < given else None,
        random.randrange(2 * span) if random.random() < given else None,
        by=random.choice(list(DateField)),
        marketplace_ids=some(MARKETPLACES) or MARKETPLACES,
        order_statuses=some(STATUSES),
        fulfillment_channels=some(CHANNELS),
        payment_methods=some(PAYMENTS),
        easy_ship_shipment_statuses=some(EASY_SHIPS),
        electronic_invoice_statuses=some(INVOICES),
        is_ispu=random.choice((True, False)) if random.random() < given else None,
        order_ids=ids if random.random() < given / 3 else None,
        buyer_email=one(tuple(address.upper() for address in ADDRESSES), given / 3),
        seller_order_id=one((*TEXTS, order_id(random.randrange(orders + 2))), given / 3),
        supply_source_id=one(TEXTS, given / 2),
        store_chain_store_id=one(TEXTS, given / 2),
        delivery=DeliveryWindow(
            earliest_from=moment(), earliest_to=moment(), latest_from=moment(), latest_to=moment()
        )
        if random.random() < given / 3
        else None,
    )


def random_visibility(random: Random, span: int) -> dict[str, Instant]:
    """A date for each marketplace before which its orders are not visible; for most the same."""
    usual = EPOCH + random.randrange(-span, span)
    return {
        marketplace_id: from_micros(usual + random.choice((0, 0, random.randrange(span))))
        for marketplace_id in MARKETPLACES
    }
