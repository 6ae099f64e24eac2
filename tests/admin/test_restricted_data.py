"""What the operator sees of restricted data and does about it: listAuditEntries and eraseOrder (issue 3, points 6 and 7)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from torihiki.admin.model import AuditEntry
from torihiki.admin.v1.api import OPERATIONS
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.problem import Kind, Problem
from torihiki.server.bindings.admin import bind_restricted_data
from torihiki.server.call import Answer, Call
from torihiki.storage.sqlite.audit import SqliteAuditStore
from torihiki.storage.sqlite.database import Database, migrate

NOW = Instant.parse_iso("2026-11-22T09:30:00Z")
BY_NAME = {operation.name: operation for operation in OPERATIONS}
ORDER = "902-3159896-1390916"


class KnownOrders:
    """One seller's one order."""

    def __init__(self) -> None:
        self.erased: list[tuple[str, str]] = []

    async def erase_order(self, seller_id: str, order_id: str) -> bool:
        self.erased.append((seller_id, order_id))
        return (seller_id, order_id) == ("A1", ORDER)

    async def erase_restricted(self, before: Instant, limit: int) -> int:
        raise AssertionError((before, limit))


class Operator:
    def __init__(self, database: Database) -> None:
        self.audit = SqliteAuditStore(database)
        self.orders = KnownOrders()
        self._handlers = bind_restricted_data(self.audit, self.orders)

    async def send(self, name: str, path: dict[str, str], **query: str) -> Answer:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        call = Call(
            operation=BY_NAME[name],
            path=path,
            query=urlencode(query).encode(),
            headers={},
            receive=receive,
            now=NOW,
            caller=None,
            request_id="a request",
        )
        return await self._handlers[name](call)

    async def listed(self, **query: str) -> Any:
        answer = await self.send("listAuditEntries", {}, **query)
        assert answer.status == 200
        return json.loads(answer.body)

    async def refused(self, kind: Kind, name: str, path: dict[str, str], **query: str) -> str:
        with pytest.raises(Problem) as caught:
            await self.send(name, path, **query)
        assert caught.value.kind is kind
        return str(caught.value.message)


def entry(number: int, seller_id: str = "A1") -> AuditEntry:
    return AuditEntry(
        at=NOW + TimeDelta(seconds=number),
        request_id=f"request-{number}",
        seller_id=seller_id,
        application_id="amzn1.sellerapps.app.1",
        token_id="0123456789abcdef",
        operation="getOrder",
        elements=("buyerInfo", "shippingAddress"),
        order_ids=(ORDER,),
    )


@pytest.fixture
async def operator(tmp_path: Path) -> AsyncIterator[Operator]:
    migrate(tmp_path / "t.db")
    database = Database(tmp_path / "t.db")
    yield Operator(database)
    database.close()


async def test_entry_is_shown_with_everything_that_is_known_of_the_answer(
    operator: Operator,
) -> None:
    assert await operator.listed() == {"entries": []}
    await operator.audit.append(entry(1))
    assert await operator.listed() == {
        "entries": [
            {
                "at": "2026-11-22T09:30:01Z",
                "requestId": "request-1",
                "sellerId": "A1",
                "applicationId": "amzn1.sellerapps.app.1",
                "tokenId": "0123456789abcdef",
                "operation": "getOrder",
                "elements": ["buyerInfo", "shippingAddress"],
                "orderIds": [ORDER],
            }
        ]
    }


async def test_entries_are_paged_newest_first(operator: Operator) -> None:
    for number in range(5):
        await operator.audit.append(entry(number))
    page = await operator.listed(pageSize="2")
    found = page["entries"]
    while "nextToken" in page:
        page = await operator.listed(pageSize="2", nextToken=page["nextToken"])
        assert len(page["entries"]) <= 2
        found += page["entries"]
    assert [one["requestId"] for one in found] == [f"request-{n}" for n in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"sellerId": "A2"}, 1),
        ({"sellerId": "A3"}, 0),
        ({"applicationId": "amzn1.sellerapps.app.1"}, 3),
        ({"applicationId": "amzn1.sellerapps.app.2"}, 0),
        ({"orderId": ORDER}, 3),
        ({"orderId": "902-3159896-1390917"}, 0),
        ({"operation": "getOrder"}, 3),
        ({"operation": "getOrders"}, 0),
        ({"since": "2026-11-22T09:30:01Z"}, 2),
        ({"until": "2026-11-22T18:30:01+09:00"}, 1),
        ({"since": "2026-11-22T09:30:01Z", "until": "2026-11-22T09:30:02Z", "sellerId": "A1"}, 1),
    ],
)
async def test_each_filter_of_the_list_counts(
    operator: Operator, query: dict[str, str], count: int
) -> None:
    for number, seller_id in enumerate(("A1", "A1", "A2")):
        await operator.audit.append(entry(number, seller_id))
    assert len((await operator.listed(**query))["entries"]) == count


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"sellerId": "A 1"}, "sellerId"),
        ({"applicationId": ""}, "applicationId"),
        ({"operation": "a/b"}, "operation"),
        ({"orderId": "902-3159896-139091"}, "orderId"),
        ({"orderId": f"{ORDER}\n"}, "orderId"),
        ({"orderId": "٩٠٢-3159896-1390916"}, "orderId"),
        ({"since": "2026-11-22"}, "since"),
        ({"until": "yesterday"}, "until"),
        ({"pageSize": "0"}, "pageSize"),
        ({"nextToken": "x"}, "nextToken"),
        ({"nextToken": "WyJBMSJd"}, "nextToken"),
        ({"nextToken": "WyJBIiwiQiJd"}, "nextToken"),
        ({"nextToken": "WyI5OTk5OTk5OTk5OTk5OTk5OTk5IiwiMSJd"}, "nextToken"),
    ],
)
async def test_bad_question_is_refused_with_the_name_of_the_parameter(
    operator: Operator, query: dict[str, str], word: str
) -> None:
    assert word in await operator.refused(Kind.INVALID_INPUT, "listAuditEntries", {}, **query)


async def test_order_is_erased_and_an_unknown_one_is_not_found(operator: Operator) -> None:
    path = {"sellerId": "A1", "orderId": ORDER}
    assert await operator.send("eraseOrder", path) == Answer(b"", 204)
    assert operator.orders.erased == [("A1", ORDER)]
    other = {"sellerId": "A2", "orderId": ORDER}
    assert "order" in await operator.refused(Kind.NOT_FOUND, "eraseOrder", other)
    await operator.refused(Kind.NOT_FOUND, "eraseOrder", {"sellerId": "A1", "orderId": "x y"})
    assert operator.orders.erased == [("A1", ORDER), ("A2", ORDER)]
