"""The operator's API as its caller sees it, on a real store."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from torihiki.admin.v1.api import APPLICATIONS, AUTHORIZATIONS, OPERATIONS, SELLERS, USAGE_PLANS
from torihiki.auth.rules import token_hash
from torihiki.kernel.instant import Instant, micros
from torihiki.kernel.problem import Kind, Problem
from torihiki.server.bindings import admin
from torihiki.server.call import Call
from torihiki.storage.sqlite.admin import SqliteAdminStore
from torihiki.storage.sqlite.auth import SqliteAuthStore
from torihiki.storage.sqlite.database import Database, migrate

NOW = Instant.parse_iso("2026-11-22T09:30:00Z")
MACHINE_US = micros(Instant.parse_iso("2026-11-20T00:00:00Z"))
BY_NAME = {operation.name: operation for operation in OPERATIONS}
BOUND = {one.name for one in (*SELLERS, *APPLICATIONS, *AUTHORIZATIONS, *USAGE_PLANS)}
SELLER = {"sellerId": "A1", "name": "Kanda Books 神田", "marketplaceIds": ["A1VC38T7YXB528"]}

Json = dict[str, Any]


class Operator:
    """Calls the operations and counts how often the server processes were told of a change."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.settled = 0
        self.handlers = admin.bind(
            SqliteAdminStore(database),
            machine_clock_us=lambda: MACHINE_US,
            random_bytes=os.urandom,
            settle=self._settle,
            operation_names=frozenset({"getOrders", "getOrder"}),
        )

    async def _settle(self) -> None:
        self.settled += 1

    async def send(
        self, name: str, *path: str, body: bytes = b"", query: bytes = b""
    ) -> tuple[int, bytes]:
        async def receive() -> Json:
            return {"type": "http.request", "body": body, "more_body": False}

        operation = BY_NAME[name]
        names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
        call = Call(
            operation=operation,
            path=dict(zip(names, path, strict=True)),
            query=query,
            headers={},
            receive=receive,
            now=NOW,
            caller=None,
            request_id="a request",
        )
        answer = await self.handlers[name](call)
        return answer.status, answer.body

    async def ask(
        self, name: str, *path: str, body: Mapping[str, object] | None = None, query: bytes = b""
    ) -> Json:
        encoded = b"" if body is None else json.dumps(body).encode()
        status, answer = await self.send(name, *path, body=encoded, query=query)
        assert status == BY_NAME[name].success
        found = json.loads(answer or b"{}")
        assert isinstance(found, dict)
        return found

    async def refused(
        self, kind: Kind, name: str, *path: str, body: bytes = b"", query: bytes = b""
    ) -> str:
        before = self.settled
        with pytest.raises(Problem) as caught:
            await self.send(name, *path, body=body, query=query)
        assert caught.value.kind is kind
        assert self.settled == before
        return str(caught.value.message)

    async def with_accounts(self) -> Json:
        await self.ask("createSeller", body=SELLER)
        return await self.ask("createApplication", body={"name": "R", "roles": ["Pricing"]})


@pytest.fixture
async def operator(tmp_path: Path) -> AsyncIterator[Operator]:
    migrate(tmp_path / "t.db")
    database = Database(tmp_path / "t.db")
    yield Operator(database)
    database.close()


async def test_every_operation_is_bound_and_changes_are_settled_before_the_answer(
    operator: Operator,
) -> None:
    assert set(operator.handlers) == BOUND | {"getClock", "putClock"}
    await operator.ask("listSellers")
    assert operator.settled == 0
    await operator.ask("createSeller", body=SELLER)
    assert operator.settled == 1


async def test_seller_is_created_shown_changed_and_listed(operator: Operator) -> None:
    made = await operator.ask("createSeller", body=SELLER)
    assert made == {**SELLER, "createdAt": "2026-11-22T09:30:00Z"}
    patch = {"marketplaceIds": ["ATVPDKIKX0DER", "M", "ATVPDKIKX0DER"]}
    changed = await operator.ask("updateSeller", "A1", body=patch)
    assert changed == {**made, "marketplaceIds": ["ATVPDKIKX0DER", "M"]}
    assert await operator.ask("updateSeller", "A1", body={}) == changed
    assert await operator.ask("getSeller", "A1") == changed
    assert await operator.ask("listSellers") == {"sellers": [changed]}


async def test_seller_without_an_id_gets_one(operator: Operator) -> None:
    made = await operator.ask("createSeller", body={"name": "S", "marketplaceIds": ["M"]})
    assert await operator.ask("getSeller", made["sellerId"]) == made


async def test_seller_id_that_is_taken_is_a_conflict(operator: Operator) -> None:
    await operator.ask("createSeller", body=SELLER)
    body = json.dumps(SELLER).encode()
    message = await operator.refused(Kind.CONFLICT, "createSeller", body=body)
    assert message == "There is already a seller 'A1'."


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "`name`"),
        (b"{}", "`name`"),
        (b'{"name":"S"}', "`marketplaceIds`"),
        (b'{"name":"S","marketplaceIds":["M"],"colour":1}', "`colour`"),
        (b'{"name":"S","marketplaceIds":["M"],"seller_id":"A"}', "`seller_id`"),
        (b'{"name":"","marketplaceIds":["M"]}', "$.name"),
        (b'{"name":1,"marketplaceIds":["M"]}', "$.name"),
        (b'{"name":null,"marketplaceIds":["M"]}', "$.name"),
        (b'{"name":"a\\u0000","marketplaceIds":["M"]}', "$.name"),
        (b'{"name":"a\\n","marketplaceIds":["M"]}', "$.name"),
        (b'{"name":"\\ud800","marketplaceIds":["M"]}', ""),
        (b'{"name":"\\udc00","marketplaceIds":["M"]}', ""),
        (b'{"name":"\xff","marketplaceIds":["M"]}', "UTF-8"),
        (b'{"name":"' + b"a" * 201 + b'","marketplaceIds":["M"]}', "$.name"),
        (b'{"name":"S","marketplaceIds":[]}', "$.marketplaceIds"),
        (b'{"name":"S","marketplaceIds":["M",""]}', "$.marketplaceIds["),
        (b'{"name":"S","marketplaceIds":["' + b"M" * 129 + b'"]}', "$.marketplaceIds["),
        (b'{"sellerId":"a/b","name":"S","marketplaceIds":["M"]}', "$.sellerId"),
        (b'{"sellerId":"","name":"S","marketplaceIds":["M"]}', "$.sellerId"),
        (b'{"sellerId":null,"name":"S","marketplaceIds":["M"]}', "$.sellerId"),
        (b"[" * 100_000, ""),
        (b'{"' + b"x" * 100_000 + b'":1}', "unknown field"),
        (b"name=S", ""),
        (b"null", ""),
    ],
)
async def test_bad_body_is_refused_by_the_name_of_its_member(
    operator: Operator, body: bytes, words: str
) -> None:
    message = await operator.refused(Kind.INVALID_INPUT, "createSeller", body=body)
    assert message.startswith("The request body is not valid: ")
    assert words in message
    assert len(message) < 400


@pytest.mark.parametrize("name", ["getSeller", "updateSeller", "getApplication"])
@pytest.mark.parametrize("path", ["A9", "a\x00", "\ud800", "x" * 129, "é", " "])
async def test_what_is_not_there_is_not_found(operator: Operator, name: str, path: str) -> None:
    await operator.refused(Kind.NOT_FOUND, name, path, body=b"{}")


async def test_list_comes_in_pages_that_neither_repeat_nor_lose(operator: Operator) -> None:
    ids = sorted(f"A{n}" for n in range(25))
    for one in ids:
        await operator.ask("createSeller", body={**SELLER, "sellerId": one})
    found: list[str] = []
    query = b"pageSize=10"
    for size in (10, 10, 5):
        page = await operator.ask("listSellers", query=query)
        assert len(page["sellers"]) == size
        found += [seller["sellerId"] for seller in page["sellers"]]
        if size == 10:
            query = b"pageSize=10&unknown=1&nextToken=" + page["nextToken"].encode()
        else:
            assert "nextToken" not in page
    assert found == ids
    exact = await operator.ask("listSellers", query=b"pageSize=25")
    assert "nextToken" not in exact


@pytest.mark.parametrize(
    "query",
    [
        b"pageSize=0",
        b"pageSize=1001",
        b"pageSize=-1",
        b"pageSize=",
        b"pageSize=1.5",
        b"pageSize=\xd9\xa1",
        b"pageSize=%D9%A1",
        b"pageSize=%ff",
        b"pageSize=1&pageSize=1",
        b"pageSize=" + b"9" * 100_000,
        b"&".join(b"a%d=1" % n for n in range(101)),
        b"nextToken=",
        b"nextToken=x",
        b"nextToken=bnVsbA==",
        b"nextToken=W10=",
        b"nextToken=WyIiLCIiXQ==",
        b"nextToken=WyJcdTAwMDAiXQ==",
        b"nextToken=%C3%A9",
    ],
)
async def test_bad_query_is_refused(operator: Operator, query: bytes) -> None:
    for name in ("listSellers", "listApplications", "listAuthorizations", "listUsagePlans"):
        await operator.refused(Kind.INVALID_INPUT, name, query=query)


async def test_application_shows_its_secret_once(operator: Operator) -> None:
    made = await operator.with_accounts()
    secret = made.pop("clientSecret")
    assert made["roles"] == ["Pricing"]
    assert made["secretExpiresAt"] is None
    assert await operator.ask("getApplication", made["applicationId"]) == made
    assert await operator.ask("listApplications") == {"applications": [made]}
    auth = SqliteAuthStore(operator.database)
    application = await auth.application(made["clientId"])
    assert application is not None
    assert application.secret_hash == token_hash(secret)
    rotated = await operator.ask("rotateSecret", made["applicationId"])
    application = await auth.application(made["clientId"])
    assert application is not None
    assert application.secret_hash == token_hash(rotated["clientSecret"])
    await operator.refused(Kind.NOT_FOUND, "rotateSecret", "amzn1.x")


async def test_application_is_changed_and_its_secret_gets_and_loses_an_end(
    operator: Operator,
) -> None:
    made = await operator.with_accounts()
    application_id, made = made["applicationId"], {**made}
    del made["clientSecret"]
    body = {"roles": [], "name": "N", "secretExpiresAt": "2026-12-01T00:00:00+09:00"}
    changed = await operator.ask("updateApplication", application_id, body=body)
    expected = {**made, "roles": [], "name": "N", "secretExpiresAt": "2026-11-30T15:00:00Z"}
    assert changed == expected
    assert await operator.ask("updateApplication", application_id, body={}) == expected
    ended = await operator.ask("updateApplication", application_id, body={"secretExpiresAt": None})
    assert ended == {**expected, "secretExpiresAt": None}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"roles": ["Shipping"]}, "'Shipping'"),
        ({"roles": None}, "$.roles"),
        ({"secretExpiresAt": "tomorrow"}, "secretExpiresAt"),
        ({"secretExpiresAt": "2026-12-01T00:00:00"}, "secretExpiresAt"),
        ({"clientId": "x"}, "`clientId`"),
    ],
)
async def test_bad_change_of_an_application_is_refused(
    operator: Operator, body: Json, words: str
) -> None:
    made = await operator.with_accounts()
    message = await operator.refused(
        Kind.INVALID_INPUT,
        "updateApplication",
        made["applicationId"],
        body=json.dumps(body).encode(),
    )
    assert words in message


async def test_authorization_is_created_listed_and_revoked(operator: Operator) -> None:
    application = await operator.with_accounts()
    pair = {"applicationId": application["applicationId"], "sellerId": "A1"}
    made = await operator.ask("createAuthorization", body=pair)
    refresh_token, authorization_id = made.pop("refreshToken"), made["authorizationId"]
    assert made == {
        **pair,
        "authorizationId": authorization_id,
        "createdAt": "2026-11-22T09:30:00Z",
        "revokedAt": None,
    }
    for query in (b"", b"sellerId=A1", f"applicationId={pair['applicationId']}".encode()):
        assert await operator.ask("listAuthorizations", query=query) == {"authorizations": [made]}
    assert await operator.ask("listAuthorizations", query=b"sellerId=A2") == {"authorizations": []}
    code = await operator.ask("createAuthorizationCode", authorization_id)
    assert code["expiresIn"] == 300
    await operator.ask("revokeAuthorization", authorization_id)
    await operator.ask("revokeAuthorization", authorization_id)
    found = await SqliteAuthStore(operator.database).authorization(token_hash(refresh_token))
    assert found is not None
    assert found.revoked
    await operator.refused(Kind.INVALID_INPUT, "listAuthorizations", query=b"sellerId=a/b")
    await operator.refused(Kind.CONFLICT, "createAuthorizationCode", authorization_id)
    await operator.refused(Kind.NOT_FOUND, "revokeAuthorization", "x")
    await operator.refused(Kind.NOT_FOUND, "createAuthorizationCode", "x")


async def test_authorization_needs_an_application_and_a_seller(operator: Operator) -> None:
    application = await operator.with_accounts()
    for pair in (("x", "A1"), (application["applicationId"], "A9")):
        body = json.dumps(dict(zip(("applicationId", "sellerId"), pair, strict=True))).encode()
        await operator.refused(Kind.NOT_FOUND, "createAuthorization", body=body)


async def test_usage_plan_is_set_listed_and_taken_back(operator: Operator) -> None:
    application_id = (await operator.with_accounts())["applicationId"]
    key = (application_id, "A1", "getOrders")
    made = await operator.ask("putUsagePlan", *key, body={"rate": 5, "burst": 10})
    assert made == {
        "applicationId": application_id,
        "sellerId": "A1",
        "operation": "getOrders",
        "rate": 5.0,
        "burst": 10,
    }
    await operator.ask(
        "putUsagePlan", application_id, "A1", "getOrder", body={"rate": 1, "burst": 1}
    )
    page = await operator.ask("listUsagePlans", query=b"pageSize=1")
    query = b"pageSize=1&nextToken=" + page["nextToken"].encode()
    assert await operator.ask("listUsagePlans", query=query) == {"usagePlans": [made]}
    await operator.ask("deleteUsagePlan", *key)
    await operator.refused(Kind.NOT_FOUND, "deleteUsagePlan", *key)


async def test_bad_usage_plan_is_refused(operator: Operator) -> None:
    application_id = (await operator.with_accounts())["applicationId"]
    good = b'{"rate":1,"burst":1}'
    bad = [b"{}", b'{"rate":0,"burst":1}', b'{"rate":1,"burst":0}', b'{"rate":1,"burst":1.5}']
    bad += [b'{"rate":1e400,"burst":1}', b'{"rate":"1","burst":1}', b'{"rate":1e-9,"burst":1}']
    for body in bad:
        key = (application_id, "A1", "getOrders")
        await operator.refused(Kind.INVALID_INPUT, "putUsagePlan", *key, body=body)
    key = (application_id, "A1", "getOrderz")
    message = await operator.refused(Kind.INVALID_INPUT, "putUsagePlan", *key, body=good)
    assert "'getOrderz'" in message
    for key in (("x", "A1", "getOrders"), (application_id, "A9", "getOrders")):
        await operator.refused(Kind.NOT_FOUND, "putUsagePlan", *key, body=good)


async def test_clock_is_shown_set_advanced_stopped_and_run(operator: Operator) -> None:
    assert await operator.ask("getClock") == {
        "now": "2026-11-20T00:00:00Z",
        "running": True,
        "offset": "PT0S",
    }
    after = await operator.ask("putClock", body={"advance": "P1DT1H", "running": False})
    assert after == {"now": "2026-11-21T01:00:00Z", "running": False, "offset": "PT25H"}
    after = await operator.ask("putClock", body={"now": "2025-11-20T00:00:00.5+09:00"})
    assert (after["now"], after["running"]) == ("2025-11-19T15:00:00.5Z", False)
    after = await operator.ask("putClock", body={"running": True})
    assert after == await operator.ask("getClock")
    assert after["offset"].startswith("-PT")
    assert operator.settled == 3


async def test_advances_at_once_add_up(operator: Operator) -> None:
    await asyncio.gather(*(operator.ask("putClock", body={"advance": "PT1H"}) for _ in range(20)))
    assert (await operator.ask("getClock"))["offset"] == "PT20H"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"now": "2026-11-20"},
        {"now": "2026-11-20T00:00:00"},
        {"now": 1},
        {"now": "2026-11-20T00:00:00Z", "advance": "PT1H"},
        {"now": "9999-11-20T00:00:00Z"},
        {"now": "1" * 65},
        {"advance": "1 hour"},
        {"advance": "P1.5D"},
        {"advance": "PT0.0000001S"},
        {"advance": "P99999Y"},
        {"advance": None},
        {"running": "false"},
        {"running": 0},
        {"runing": True},
    ],
)
async def test_bad_change_of_the_clock_is_refused_and_changes_nothing(
    operator: Operator, body: Json
) -> None:
    before = await operator.ask("getClock")
    await operator.refused(Kind.INVALID_INPUT, "putClock", body=json.dumps(body).encode())
    assert await operator.ask("getClock") == before
