"""Joins stores, gates, operations and tables into one dispatch."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from whenever import TimeDelta

from torihiki import clock
from torihiki.admin.v1 import api as admin_api
from torihiki.auth.lwa import api as lwa_api
from torihiki.auth.rules import UsagePlans
from torihiki.auth.tokens import api as tokens_api
from torihiki.bootstrap.files import key_ring, read_credentials
from torihiki.bootstrap.stores import Stores, open_stores
from torihiki.config import Settings
from torihiki.feeds.v2021_06_30 import api as feeds_api
from torihiki.kernel.documents import DocumentStore
from torihiki.kernel.operation import Operation
from torihiki.kernel.seal import Seal
from torihiki.kernel.signed_url import UrlSigner
from torihiki.orders.fulfillment import Fulfillment
from torihiki.orders.v0 import api as orders_api
from torihiki.orders.v0.states import opened
from torihiki.server import openapi, s3_errors
from torihiki.server.app import App
from torihiki.server.bindings import (
    admin,
    admin_orders,
    documents,
    feeds,
    lwa,
    orders,
    probes,
    regulated,
    shipments,
    tokens,
)
from torihiki.server.dispatch import Api, Dispatch
from torihiki.server.gates import OpenGate, OperatorGate, SellerGate
from torihiki.server.metrics import Metrics
from torihiki.server.reached import parse_public_url
from torihiki.server.request_ids import request_ids
from torihiki.server.shared_state import SharedState
from torihiki.storage.documents import open_documents

OPERATIONS: tuple[Operation, ...] = (
    *orders_api.OPERATIONS,
    *feeds_api.OPERATIONS,
    *tokens_api.OPERATIONS,
    *lwa_api.OPERATIONS,
    *admin_api.OPERATIONS,
    *probes.OPERATIONS,
)
"""Everything that the server answers and its API document describes; documents are reached by signed URLs only."""


@asynccontextmanager
async def _dispatch(settings: Settings) -> AsyncIterator[Dispatch]:
    credentials = read_credentials(settings.data)
    if credentials is None:
        raise RuntimeError("the data directory was not prepared")
    async with open_stores(settings) as stores:
        plans = UsagePlans(settings.usage_plans, {})
        sellers = SellerGate(stores.auth.grant, plans)
        seal = Seal(key_ring(settings.data), "NextToken")
        signer = UrlSigner(key_ring(settings.data), documents.PURPOSE)
        files = open_documents(settings.documents, settings.data)

        async def forget() -> None:
            sellers.forget()
            plans.replace_overrides(await stores.auth.plan_overrides())
            seal.replace(key_ring(settings.data))
            signer.replace(key_ring(settings.data))

        state = SharedState(stores.admin.read_state, clock.machine_us, clock.monotonic, forget)
        metrics = Metrics()
        fulfillment = Fulfillment(stores.orders, opened, strict=settings.strict)
        limited = frozenset(one.name for one in OPERATIONS if one.plan is not None)
        restricted = tokens.bind(stores.auth, orders_api.OPERATIONS, secrets.token_bytes)
        own = {
            **admin.bind(
                stores.admin,
                machine_clock_us=clock.machine_us,
                random_bytes=secrets.token_bytes,
                settle=state.settle,
                operation_names=limited,
            ),
            **admin.bind_restricted_data(stores.audit, stores.restricted),
            **orders.bind_import(stores.orders),
            **admin_orders.bind(fulfillment),
            **openapi.bind(OPERATIONS),
        }
        yield Dispatch(
            (
                _orders(settings, stores, seal, fulfillment, sellers),
                _feeds(settings, stores, signer, seal, sellers),
                Api(tokens_api.OPERATIONS, restricted, sellers),
                Api(lwa_api.OPERATIONS, lwa.bind(stores.auth, secrets.token_bytes), OpenGate()),
                Api(admin_api.OPERATIONS, own, OperatorGate(credentials.operator_token)),
                Api(
                    probes.OPERATIONS,
                    probes.bind(metrics, stores.admin.read_state),
                    OpenGate(),
                    needs_database=False,
                ),
                _documents(settings, files, signer),
            ),
            state=state,
            metrics=metrics,
            new_ids=request_ids(secrets.token_bytes),
            stopwatch=clock.monotonic,
            log_every_request=settings.access_log,
        )


def _orders(
    settings: Settings, stores: Stores, seal: Seal, fulfillment: Fulfillment, gate: SellerGate
) -> Api:
    delay = TimeDelta.parse_iso(settings.visibility_delay)
    reads = orders.Orders(stores.orders, seal, delay, stores.audit)
    handlers = {
        **reads.handlers(),
        **regulated.bind(stores.orders, stores.audit),
        **shipments.bind(fulfillment),
    }
    return Api(orders_api.OPERATIONS, handlers, gate)


def _feeds(
    settings: Settings, stores: Stores, signer: UrlSigner, seal: Seal, gate: SellerGate
) -> Api:
    urls = documents.DocumentUrls(signer, parse_public_url(settings.public_url))
    bound = feeds.Feeds(stores.feeds, urls, seal, secrets.token_bytes)
    return Api(feeds_api.OPERATIONS, bound.handlers(), gate)


def _documents(settings: Settings, store: DocumentStore, signer: UrlSigner) -> Api:
    return Api(
        documents.OPERATIONS,
        documents.bind(store, signer, parse_public_url(settings.public_url)),
        OpenGate(),
        refusal=s3_errors.refusal,
        other_methods=documents.other_methods,
    )


def build(settings: Settings) -> App:
    """The application; it opens its stores when it is started. The data directory must have been prepared."""
    return App(lambda: _dispatch(settings))
