"""Joins stores, gates, operations and tables into one dispatch."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import structlog

from torihiki import clock
from torihiki.admin.v1 import api as admin_api
from torihiki.auth.lwa import api as lwa_api
from torihiki.auth.rules import UsagePlans
from torihiki.auth.tokens import api as tokens_api
from torihiki.bootstrap.files import kept_ring, read_credentials
from torihiki.bootstrap.given import range_max, visibility_delay
from torihiki.bootstrap.stores import Stores, open_stores
from torihiki.config import Settings
from torihiki.feeds.v2021_06_30 import api as feeds_api
from torihiki.kernel.documents import DocumentStore
from torihiki.kernel.instant import from_micros
from torihiki.kernel.key_ring import KeyRing
from torihiki.kernel.operation import Operation
from torihiki.kernel.seal import Seal
from torihiki.kernel.signed_url import UrlSigner
from torihiki.orders.fulfillment import Fulfillment
from torihiki.orders.v0 import api as orders_api
from torihiki.orders.v0.states import opened
from torihiki.pay_reports.cursors import PageTokens
from torihiki.pay_reports.model import Policy
from torihiki.pay_reports.v2 import api as pay_api
from torihiki.payments.recording import Recorder
from torihiki.server import openapi, pay_problems, s3_errors
from torihiki.server.app import App
from torihiki.server.bindings import (
    admin,
    admin_orders,
    admin_pay,
    documents,
    feeds,
    lwa,
    orders,
    pay_reports,
    payments,
    probes,
    regulated,
    shipments,
    tokens,
)
from torihiki.server.bindings.payouts import Payouts
from torihiki.server.call import Handler
from torihiki.server.dispatch import Api, Dispatch
from torihiki.server.gates import OpenGate, OperatorGate, SellerGate
from torihiki.server.metrics import Metrics
from torihiki.server.pay_gate import PayGate, PayLimits
from torihiki.server.pay_routes import PayRoutes
from torihiki.server.reached import parse_public_url
from torihiki.server.request_ids import request_ids
from torihiki.server.shared_state import SharedState
from torihiki.storage.documents import open_documents

OPERATIONS: tuple[Operation, ...] = (
    *orders_api.OPERATIONS,
    *feeds_api.OPERATIONS,
    *tokens_api.OPERATIONS,
    *lwa_api.OPERATIONS,
    *pay_api.OPERATIONS,
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
        merchants = _pay_gate(settings, stores)
        sealing = _sealing(settings)
        files = open_documents(settings.documents, settings.data)

        async def forget() -> None:
            sellers.forget()
            merchants.forget()
            plans.replace_overrides(await stores.auth.plan_overrides())
            _replace_keys(sealing, settings.data)

        state = SharedState(stores.admin.read_state, clock.machine_us, clock.monotonic, forget)
        metrics = Metrics()
        fulfillment = Fulfillment(stores.orders, opened, strict=settings.strict)
        restricted = tokens.bind(stores.auth, orders_api.OPERATIONS, secrets.token_bytes)
        own = _own(stores, state, fulfillment)
        yield Dispatch(
            (
                _orders(settings, stores, sealing.seal, fulfillment, sellers),
                _feeds(settings, stores, sealing.signer, sealing.seal, sellers),
                _pay(settings, stores, sealing, merchants),
                Api(tokens_api.OPERATIONS, restricted, sellers),
                Api(lwa_api.OPERATIONS, lwa.bind(stores.auth, secrets.token_bytes), OpenGate()),
                Api(admin_api.OPERATIONS, own, OperatorGate(credentials.operator_token)),
                Api(
                    probes.OPERATIONS,
                    probes.bind(metrics, stores.admin.read_state),
                    OpenGate(),
                    needs_database=False,
                ),
                _documents(settings, files, sealing.signer),
            ),
            state=state,
            metrics=metrics,
            new_ids=request_ids(secrets.token_bytes),
            stopwatch=clock.monotonic,
            log_every_request=settings.access_log,
        )


class _Sealing(NamedTuple):
    """What is made with the keys of the data directory for callers to carry."""

    seal: Seal
    signer: UrlSigner
    page_tokens: PageTokens

    def replace(self, ring: KeyRing) -> None:
        """From now on these are the keys."""
        self.seal.replace(ring)
        self.signer.replace(ring)
        self.page_tokens.replace(ring)


def _sealing(settings: Settings) -> _Sealing:
    ring = kept_ring(settings.data)
    return _Sealing(Seal(ring, "NextToken"), UrlSigner(ring, documents.PURPOSE), PageTokens(ring))


def _replace_keys(sealing: _Sealing, directory: Path) -> None:
    """Takes over what the key file holds now; where it is lost or damaged, what it held goes on."""
    try:
        sealing.replace(kept_ring(directory))
    except OSError as error:
        structlog.get_logger("torihiki").warning("keys not read", error=str(error))


def _own(stores: Stores, state: SharedState, fulfillment: Fulfillment) -> dict[str, Handler]:
    """The handlers of the operator's API."""
    return {
        **admin.bind(
            stores.admin,
            machine_clock_us=clock.machine_us,
            random_bytes=secrets.token_bytes,
            settle=state.settle,
            operation_names=frozenset(one.name for one in OPERATIONS if one.plan is not None),
        ),
        **admin_pay.bind(
            stores.pay_accounts,
            stores.admin,
            random_bytes=secrets.token_bytes,
            settle=state.settle,
        ),
        **admin.bind_restricted_data(stores.audit, stores.restricted),
        **orders.bind_import(stores.orders),
        **payments.bind(stores.pay_accounts, stores.ledger, Recorder()),
        **admin_orders.bind(fulfillment),
        **openapi.bind(OPERATIONS),
    }


def _pay_gate(settings: Settings, stores: Stores) -> PayGate:
    return PayGate(
        stores.pay_accounts.key,
        lambda: from_micros(clock.machine_us()),
        PayLimits(pay_api.OPERATIONS, pay_api.plan) if settings.pay_limits else None,
    )


def _pay(settings: Settings, stores: Stores, sealing: _Sealing, gate: PayGate) -> Api:
    policy = Policy(
        conflict_is_error=settings.pay_schedule_conflict == "error",
        strict_types=settings.pay_strict,
        capture_reports=not settings.pay_refuse_captures,
        range_max=range_max(settings),
    )
    bound = pay_reports.PayReports(
        pay_reports.Stores(stores.pay_reports, Payouts(stores.ledger), stores.pay_accounts),
        documents.DocumentUrls(sealing.signer, parse_public_url(settings.public_url)),
        sealing.page_tokens,
        policy,
        strict_keys=settings.pay_strict,
        random_bytes=secrets.token_bytes,
    )
    routes = PayRoutes(pay_api.OPERATIONS)
    return Api(
        pay_api.OPERATIONS,
        bound.handlers(),
        gate,
        refusal=pay_problems.refusal,
        id_header=pay_problems.REQUEST_ID,
        find=routes.find,
        lost=routes.lost,
    )


def _orders(
    settings: Settings, stores: Stores, seal: Seal, fulfillment: Fulfillment, gate: SellerGate
) -> Api:
    reads = orders.Orders(stores.orders, seal, visibility_delay(settings), stores.audit)
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
