"""Two doors to the same orders: the operations on a store, and a server over HTTP. Each says whether it was let in."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import asyncpg

from tests.orders.lines import BRAZIL, US, written
from tests.orders.reading import caller
from tests.orders.reviewing import report
from torihiki.admin.model import Seller
from torihiki.bootstrap import Settings
from torihiki.bootstrap.stores import Stores, open_stores
from torihiki.kernel.instant import Instant, from_micros, micros
from torihiki.kernel.problem import Problem
from torihiki.orders.fulfillment import Fulfillment
from torihiki.orders.model import (
    Confirmation,
    DateField,
    KeptOrder,
    PackageItem,
    Selection,
)
from torihiki.orders.pickups import PickupItem, PickupReport
from torihiki.orders.regulated import update_verification
from torihiki.orders.rules import Event, NotPossible
from torihiki.orders.v0.documents import parse_line
from torihiki.orders.v0.regulated import parse_report, reviewed
from torihiki.orders.v0.states import opened

ALWAYS = Instant.from_utc(1990, 1, 1)
MARKETPLACES = (US, BRAZIL)
Pieces = dict[str, int] | None


class Seen(NamedTuple):
    """An order as it is shown and, where the door lets look, kept.

    Args:
        history: Event, status afterwards, and when in microseconds.
        packages: Pieces and tracking number by reference.
        check: The status of its check, if it is regulated.
    """

    order: dict[str, Any]
    items: list[dict[str, Any]]
    history: list[tuple[str, str, int]]
    packages: dict[str, tuple[dict[str, int], str]] | None
    check: str | None


class Door(Protocol):
    """Times are microseconds; an operation is False where it was refused.

    Args:
        takes_everything: Whether packages may leave out their items, and lists be asked for times to come or long gone.
    """

    takes_everything: bool

    def new_seller(self) -> None:
        """Everything that follows is of a seller of its own."""

    def restart(self) -> None: ...

    def set_clock(self, now: int) -> None:
        """The operator's, where the door does not take the time of every call."""

    def load(self, line: dict[str, Any]) -> bool:
        """Imports the order; whether it differs from the one that was there."""

    def confirm(
        self, order_id: str, now: int, reference: str | None, pieces: Pieces, tracking: str
    ) -> bool: ...

    def event(self, order_id: str, now: int, event: Event) -> bool: ...

    def pick_up(
        self, order_id: str, marketplace: str, now: int, status: str, pieces: Pieces
    ) -> bool: ...

    def reject(self, order_id: str, now: int) -> bool: ...

    def see(self, order_id: str) -> Seen: ...

    def listed(self, statuses: tuple[str, ...] = (), updated: str | None = None) -> set[str]:
        """The ids of the orders of these statuses, or of those that were last updated then."""


class StoreDoor:
    """The operations on the store of one process, which can break off.

    Args:
        folder: Of this door alone.
        database: The URL of a PostgreSQL database; None: SQLite.
    """

    takes_everything = True

    def __init__(self, folder: Path, database: str | None) -> None:
        self._folder = folder
        self._database = database
        self._runner = asyncio.Runner()
        self._starts = 0
        self._sellers = 0
        self._seller = ""
        self._open()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    def _open(self) -> None:
        self._data = self._folder / str(self._starts)
        self._stack = contextlib.AsyncExitStack()
        opening = open_stores(Settings(data=self._data, database=self._database))
        self._stores: Stores = self._run(self._stack.enter_async_context(opening))
        self._operations = Fulfillment(self._stores.orders, opened, strict=False)

    def restart(self) -> None:
        """As after a crash: on the files as they lie there, or with every connection cut off."""
        if self._database is None:
            shutil.copytree(
                self._data,
                self._folder / str(self._starts + 1),
                ignore=shutil.ignore_patterns("*-shm"),
            )
        else:
            self._run(_cut_off(self._database))
            shutil.copytree(self._data, self._folder / str(self._starts + 1))
        self._run(self._stack.aclose())
        shutil.rmtree(self._data)
        self._starts += 1
        self._open()

    def set_clock(self, now: int) -> None:
        pass

    def close(self) -> None:
        self._run(self._stack.aclose())
        self._runner.close()

    def new_seller(self) -> None:
        self._sellers += 1
        self._seller = f"SELLER{self._sellers}"
        seller = Seller(
            seller_id=self._seller, name="x", marketplace_ids=MARKETPLACES, created_at=ALWAYS
        )
        assert self._run(self._stores.admin.add_seller(seller))

    def load(self, line: dict[str, Any]) -> bool:
        order = parse_line(written({**line, "sellerId": self._seller}))
        before = self._kept(order.order_id)
        assert self._run(self._stores.orders.put([order])) == set()
        return before is not None and (before.document, before.items, before.last_updated) != (
            order.document,
            order.items,
            from_micros(micros(order.last_updated)),
        )

    def _kept(self, order_id: str) -> KeptOrder | None:
        kept: list[KeptOrder] = []
        self._run(self._stores.orders.change(self._seller, order_id, kept.append))
        return kept[-1] if kept else None

    def _taken(self, work: Coroutine[Any, Any, Any]) -> bool:
        try:
            self._run(work)
        except (Problem, NotPossible):
            return False
        return True

    def confirm(
        self, order_id: str, now: int, reference: str | None, pieces: Pieces, tracking: str
    ) -> bool:
        confirmation = Confirmation(
            marketplace_id=None,
            reference=reference,
            carrier_code="UPS",
            carrier_name=None,
            shipping_method=None,
            tracking_number=tracking,
            ship_date=Instant.from_utc(2026, 11, 20),
            ship_from_supply_source_id=None,
            cod_collection_method=None,
            items=None
            if pieces is None
            else tuple(PackageItem(order_item_id=item, quantity=n) for item, n in pieces.items()),
        )
        by, at = "application", from_micros(now)
        return self._taken(self._operations.confirm(self._seller, order_id, confirmation, by, at))

    def event(self, order_id: str, now: int, event: Event) -> bool:
        at = from_micros(now)
        return self._taken(self._operations.record_event(self._seller, order_id, event, at))

    def pick_up(
        self, order_id: str, marketplace: str, now: int, status: str, pieces: Pieces
    ) -> bool:
        items = None
        if pieces is not None:
            items = tuple(PickupItem(order_item_id=item, quantity=n) for item, n in pieces.items())
        told = PickupReport(marketplace_id=marketplace, status=status, items=items)
        by, at = "application", from_micros(now)
        return self._taken(self._operations.report_pickup(self._seller, order_id, told, by, at))

    def reject(self, order_id: str, now: int) -> bool:
        told, at = (
            parse_report(written(report("Rejected", rejectionReasonId="too-young"))),
            from_micros(now),
        )
        done: bool = self._run(
            update_verification(
                self._stores.orders,
                opened,
                caller(self._seller),
                order_id,
                lambda document: reviewed(document, told, at),
                at,
            )
        )
        return done

    def see(self, order_id: str) -> Seen:
        store, kept = self._stores.orders, self._kept(order_id)
        assert kept is not None
        shown = self._run(store.order(self._seller, order_id))
        items = self._run(store.items(self._seller, order_id))
        history = self._run(store.history(self._seller, order_id, after=0, limit=1000))
        regulated = self._run(store.regulated(self._seller, order_id)).document
        packages = json.loads(kept.fulfillment).get("packages", [])
        return Seen(
            json.loads(shown.document + shown.people),
            json.loads(items.items),
            [(entry.event, entry.order_status, micros(entry.at)) for entry in history],
            {one["reference"]: (_pieces(one), one["tracking_number"]) for one in packages},
            regulated and json.loads(regulated)["RegulatedOrderVerificationStatus"]["Status"],
        )

    def listed(self, statuses: tuple[str, ...] = (), updated: str | None = None) -> set[str]:
        at = None if updated is None else Instant.parse_iso(updated)
        selection = Selection(
            by=DateField.CREATED if at is None else DateField.LAST_UPDATED,
            since=at or ALWAYS,
            until=at or Instant.from_utc(2100, 1, 1),
            marketplace_ids=MARKETPLACES,
            order_statuses=statuses,
        )
        page = self._run(
            self._stores.orders.page(
                self._seller,
                selection,
                visible_from=dict.fromkeys(MARKETPLACES, ALWAYS),
                after=None,
                limit=100,
            )
        )
        return {json.loads(each + people)["AmazonOrderId"] for each, people in page.documents}


def _pieces(package: dict[str, Any]) -> dict[str, int]:
    return {item["order_item_id"]: item["quantity"] for item in package["items"]}


async def _cut_off(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await connection.close()


@contextlib.contextmanager
def store_door(folder: Path, database: str | None) -> Iterator[StoreDoor]:
    """The door until the end of the block."""
    door = StoreDoor(folder, database)
    try:
        yield door
    finally:
        door.close()
