"""The operator's API over HTTP: reads each request, calls its operation, renders the answer.

A change is answered only once every server process knows of it, so that the next request anywhere sees it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from torihiki.admin import operations, rules
from torihiki.admin.model import PlanOverride
from torihiki.admin.store import AdminStore, AuditStore, RestrictedOrders
from torihiki.admin.v1 import api, schemas, wire
from torihiki.auth.rules import token_hash
from torihiki.kernel.quota import UsagePlan
from torihiki.server.call import Answer, Call, Handler

Settle = Callable[[], Awaitable[None]]

CHANGES: Final = frozenset(
    operation.name for operation in api.OPERATIONS if operation.method != "GET"
)


def bind(
    store: AdminStore,
    *,
    machine_clock_us: Callable[[], int],
    random_bytes: Callable[[int], bytes],
    settle: Settle,
    operation_names: frozenset[str],
) -> dict[str, Handler]:
    """The handlers of accounts, usage plans and the clock by operation name.

    Args:
        store: Where the accounts are.
        machine_clock_us: The machine's time, which the operator's clock is kept against.
        random_bytes: A cryptographic source.
        settle: Returns once every server process has taken over what was changed.
        operation_names: The operations that have a usage plan.
    """
    mint = rules.Mint(random_bytes=random_bytes, digest=token_hash)
    handlers = {
        **_Accounts(store, mint).handlers(),
        **_Limits(store, machine_clock_us, operation_names).handlers(),
    }
    return {
        name: settled(handler, settle) if name in CHANGES else handler
        for name, handler in handlers.items()
    }


def bind_restricted_data(audit: AuditStore, orders: RestrictedOrders) -> dict[str, Handler]:
    """The handlers of what the operator does about restricted data; no server process keeps any of it in memory."""

    async def list_audit_entries(call: Call) -> Answer:
        query = wire.parse_query(call.query)
        found = await operations.list_audit_entries(
            audit, wire.parse_audit_filter(query), wire.parse_page(query, key_parts=2)
        )
        return _answer(call, wire.render_audit_entries(found))

    async def erase_order(call: Call) -> Answer:
        seller_id, order_id = (
            wire.path_identifier(call.path, name) for name in ("sellerId", "orderId")
        )
        await operations.erase_order(orders, seller_id, order_id)
        return _answer(call)

    return {"listAuditEntries": list_audit_entries, "eraseOrder": erase_order}


def settled(handler: Handler, settle: Settle) -> Handler:
    """The handler, whose answer waits until every server process knows of the change."""

    async def answer_when_settled(call: Call) -> Answer:
        answer = await handler(call)
        await settle()
        return answer

    return answer_when_settled


def _answer(call: Call, body: bytes = b"") -> Answer:
    return Answer(body, call.operation.success)


class _Accounts:
    """Sellers, applications and authorisations."""

    def __init__(self, store: AdminStore, mint: rules.Mint) -> None:
        self._store = store
        self._mint = mint

    def handlers(self) -> dict[str, Handler]:
        return {
            "listSellers": self.list_sellers,
            "createSeller": self.create_seller,
            "getSeller": self.get_seller,
            "updateSeller": self.update_seller,
            "listApplications": self.list_applications,
            "createApplication": self.create_application,
            "getApplication": self.get_application,
            "updateApplication": self.update_application,
            "rotateSecret": self.rotate_secret,
            "listAuthorizations": self.list_authorizations,
            "createAuthorization": self.create_authorization,
            "revokeAuthorization": self.revoke_authorization,
            "createAuthorizationCode": self.create_authorization_code,
        }

    async def list_sellers(self, call: Call) -> Answer:
        page = wire.parse_page(wire.parse_query(call.query))
        return _answer(call, wire.render_sellers(await operations.list_sellers(self._store, page)))

    async def create_seller(self, call: Call) -> Answer:
        request = wire.parse_body(await call.body(), schemas.SellerRequest)
        seller = await operations.create_seller(
            self._store,
            seller_id=request.seller_id or None,
            name=request.name,
            marketplace_ids=request.marketplace_ids,
            now=call.now,
            mint=self._mint,
        )
        return _answer(call, wire.render_seller(seller))

    async def get_seller(self, call: Call) -> Answer:
        seller_id = wire.path_identifier(call.path, "sellerId")
        return _answer(
            call, wire.render_seller(await operations.get_seller(self._store, seller_id))
        )

    async def update_seller(self, call: Call) -> Answer:
        seller_id = wire.path_identifier(call.path, "sellerId")
        changes = wire.seller_changes(wire.parse_body(await call.body(), schemas.SellerPatch))
        seller = await operations.update_seller(self._store, seller_id, changes)
        return _answer(call, wire.render_seller(seller))

    async def list_applications(self, call: Call) -> Answer:
        page = wire.parse_page(wire.parse_query(call.query))
        found = await operations.list_applications(self._store, page)
        return _answer(call, wire.render_applications(found))

    async def create_application(self, call: Call) -> Answer:
        request = wire.parse_body(await call.body(), schemas.ApplicationRequest)
        application, secret = await operations.create_application(
            self._store, name=request.name, roles=request.roles, now=call.now, mint=self._mint
        )
        return _answer(call, wire.render_application(application, secret))

    async def get_application(self, call: Call) -> Answer:
        application_id = wire.path_identifier(call.path, "applicationId")
        application = await operations.get_application(self._store, application_id)
        return _answer(call, wire.render_application(application))

    async def update_application(self, call: Call) -> Answer:
        application_id = wire.path_identifier(call.path, "applicationId")
        patch = wire.parse_body(await call.body(), schemas.ApplicationPatch)
        application = await operations.update_application(
            self._store, application_id, wire.application_changes(patch)
        )
        return _answer(call, wire.render_application(application))

    async def rotate_secret(self, call: Call) -> Answer:
        application_id = wire.path_identifier(call.path, "applicationId")
        secret = await operations.rotate_secret(self._store, application_id, mint=self._mint)
        return _answer(call, wire.render_secret(secret))

    async def list_authorizations(self, call: Call) -> Answer:
        query = wire.parse_query(call.query)
        found = await operations.list_authorizations(
            self._store,
            wire.parse_page(query),
            application_id=wire.query_identifier(query, "applicationId"),
            seller_id=wire.query_identifier(query, "sellerId"),
        )
        return _answer(call, wire.render_authorizations(found))

    async def create_authorization(self, call: Call) -> Answer:
        request = wire.parse_body(await call.body(), schemas.AuthorizationRequest)
        authorization, refresh_token = await operations.create_authorization(
            self._store,
            application_id=request.application_id,
            seller_id=request.seller_id,
            now=call.now,
            mint=self._mint,
        )
        return _answer(call, wire.render_authorization(authorization, refresh_token))

    async def revoke_authorization(self, call: Call) -> Answer:
        authorization_id = wire.path_identifier(call.path, "authorizationId")
        await operations.revoke_authorization(self._store, authorization_id, now=call.now)
        return _answer(call)

    async def create_authorization_code(self, call: Call) -> Answer:
        authorization_id = wire.path_identifier(call.path, "authorizationId")
        request = wire.parse_body(await call.body(), schemas.CodeRequest)
        code = await operations.create_authorization_code(
            self._store,
            authorization_id,
            redirect_uri=request.redirect_uri or None,
            now=call.now,
            mint=self._mint,
        )
        return _answer(call, wire.render_code(code, rules.CODE_SECONDS))


class _Limits:
    """Usage plans and the clock."""

    def __init__(
        self,
        store: AdminStore,
        machine_clock_us: Callable[[], int],
        operation_names: frozenset[str],
    ) -> None:
        self._store = store
        self._machine_clock_us = machine_clock_us
        self._operation_names = operation_names

    def handlers(self) -> dict[str, Handler]:
        return {
            "listUsagePlans": self.list_usage_plans,
            "putUsagePlan": self.put_usage_plan,
            "deleteUsagePlan": self.delete_usage_plan,
            "getClock": self.get_clock,
            "putClock": self.put_clock,
        }

    async def list_usage_plans(self, call: Call) -> Answer:
        page = wire.parse_page(wire.parse_query(call.query), key_parts=3)
        found = await operations.list_usage_plans(self._store, page)
        return _answer(call, wire.render_plans(found))

    async def put_usage_plan(self, call: Call) -> Answer:
        application_id, seller_id, operation = _plan_key(call)
        request = wire.parse_body(await call.body(), schemas.PlanRequest)
        override = await operations.put_usage_plan(
            self._store,
            PlanOverride(
                application_id=application_id,
                seller_id=seller_id,
                operation=operation,
                plan=UsagePlan(rate=request.rate, burst=request.burst),
            ),
            operation_names=self._operation_names,
        )
        return _answer(call, wire.render_plan(override))

    async def delete_usage_plan(self, call: Call) -> Answer:
        await operations.delete_usage_plan(self._store, *_plan_key(call))
        return _answer(call)

    async def get_clock(self, call: Call) -> Answer:
        reading = await operations.get_clock(self._store, machine_us=self._machine_clock_us())
        return _answer(call, wire.render_clock(reading))

    async def put_clock(self, call: Call) -> Answer:
        request = wire.parse_body(await call.body(), schemas.ClockRequest)
        reading = await operations.put_clock(
            self._store, wire.clock_change(request), machine_us=self._machine_clock_us()
        )
        return _answer(call, wire.render_clock(reading))


def _plan_key(call: Call) -> tuple[str, str, str]:
    application_id, seller_id, operation = (
        wire.path_identifier(call.path, name) for name in ("applicationId", "sellerId", "operation")
    )
    return application_id, seller_id, operation
