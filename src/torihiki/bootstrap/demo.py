"""Puts the demo's sellers, orders and payments into a store, and their secrets into the credentials file."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from torihiki.admin import operations as admin
from torihiki.admin.demo import DEMO_SELLERS, demo_orders, demo_payments
from torihiki.admin.rules import Mint
from torihiki.auth.rules import token_hash
from torihiki.bootstrap.files import (
    Lwa,
    SellerCredentials,
    read_credentials,
    write_credentials,
)
from torihiki.bootstrap.merchants import ensure_merchants, ensure_pay, lacks_pay, new_keys
from torihiki.bootstrap.stores import Stores, operator_now
from torihiki.config import Settings
from torihiki.kernel.instant import Instant
from torihiki.kernel.roles import ROLES
from torihiki.orders.operations import ImportReport, OrderImport
from torihiki.orders.v0.documents import parse_line
from torihiki.pay_reports import rules
from torihiki.pay_reports.model import Account, Report, ReportType
from torihiki.payments.operations import PaymentImport, PaymentReport, close_due
from torihiki.payments.recording import Recorder

DEFAULT_ORDERS: Final = 1_000
DEFAULT_PAYMENTS: Final = 300
DEFAULT_SEED: Final = 1


async def add_orders(
    stores: Stores, count: int, seed: int, until: Instant, advanced: Callable[[int], None]
) -> ImportReport:
    """Adds the orders of one seed; those that are there already are replaced by themselves.

    Args:
        stores: Where they go. The demo's sellers must be there.
        count: How many.
        seed: Which.
        until: The end of the time that they are spread over.
        advanced: Told how many lines were taken, now and then.
    """
    found = OrderImport(stores.orders, parse_line)
    for line in demo_orders(count, seed, until):
        await found.add(line)
        if found.lines % 1_000 == 0:
            advanced(found.lines)
    report = await found.finish()
    advanced(found.lines)
    return report


async def add_payments(
    stores: Stores, count: int, seed: int, until: Instant, advanced: Callable[[int], None]
) -> PaymentReport:
    """Adds the payments of one seed, and closes the settlement periods of all that have ended.

    Args:
        stores: Where they go. The demo's sellers must be there.
        count: How many.
        seed: Which.
        until: The end of the time that they are spread over.
        advanced: Told how many lines were taken, now and then.
    """
    await ensure_merchants(stores, until)
    found = PaymentImport(stores.ledger, Recorder())
    for line in demo_payments(count, seed, until):
        await found.add(line)
        if found.lines % 1_000 == 0:
            advanced(found.lines)
    report = await found.finish()
    advanced(found.lines)
    await _settle(stores, await operator_now(stores))
    return report


async def _settle(stores: Stores, now: Instant) -> None:
    """Closes the periods that have ended, and adds the reports of the settlements (R-5) for the worker to make.

    As if a worker had always been there, the reports are of the moments when the periods closed. One that is missed
    because this is killed is added by the worker.
    """
    settlements = await close_due(stores.ledger, now)
    # Writes that come together share a commit.
    await asyncio.gather(
        *(
            stores.pay_work.add_settlement_report(
                Account(merchant_id=one.account.merchant_id, environment="live"),
                Report(
                    report_id=rules.report_id(secrets.token_bytes(rules.REPORT_ID_BYTES)),
                    report_type=ReportType.SETTLEMENT,
                    start_time=rules.whole_second(one.start),
                    end_time=rules.whole_second(one.end),
                    created_time=rules.whole_second(one.end),
                ),
                one.number,
            )
            for one in settlements
            if one.end >= rules.oldest_kept(now)
        )
    )


async def ensure_sellers(stores: Stores, settings: Settings) -> None:
    """Makes the demo's sellers, an application with every role, and its authorisations, where they are missing.

    The secrets exist in clear only in the credentials file. A run that ended before it wrote that file is made good
    by new authorisations.
    """
    credentials = read_credentials(settings.data)
    if credentials is None:
        raise RuntimeError("the data directory was not prepared")
    known = {seller.seller_id for seller in credentials.sellers}
    missing = [seller for seller in DEMO_SELLERS if seller.seller_id not in known]
    if not missing:
        return
    mint = Mint(random_bytes=secrets.token_bytes, digest=token_hash)
    now = await operator_now(stores)
    application, secret = await admin.create_application(
        stores.admin, name="Demo application", roles=sorted(ROLES), now=now, mint=mint
    )
    added: list[SellerCredentials] = []
    for seller in missing:
        if await stores.admin.seller(seller.seller_id) is None:
            await admin.create_seller(
                stores.admin,
                seller_id=seller.seller_id,
                name=seller.name,
                marketplace_ids=seller.marketplace_ids,
                now=now,
                mint=mint,
            )
        _, refresh_token = await admin.create_authorization(
            stores.admin,
            application_id=application.application_id,
            seller_id=seller.seller_id,
            now=now,
            mint=mint,
        )
        lwa = Lwa(
            client_id=application.client_id, client_secret=secret, refresh_token=refresh_token
        )
        added.append(
            SellerCredentials(
                seller_id=seller.seller_id, marketplace_ids=tuple(seller.marketplace_ids), lwa=lwa
            )
        )
    sellers = (*credentials.sellers, *added)
    write_credentials(settings.data, replace(credentials, sellers=sellers))


def demo_end(now: Instant) -> Instant:
    """The end of the demo's time: the last midnight (UTC), so that a day's runs give the same bytes."""
    return now.to_tz("UTC").start_of("day").to_instant()


async def prepare_demo(stores: Stores, settings: Settings) -> bool:
    """Fills an empty store with the default set; False: it has sellers already, and nothing was done.

    Where a run was ended before the payments were whole, they are added.
    """
    credentials = read_credentials(settings.data)
    known = await stores.admin.sellers("", 1) and credentials is not None and credentials.sellers
    if known and credentials is not None and not lacks_pay(credentials):
        return False
    keys = asyncio.create_task(new_keys(settings))
    until = demo_end(await operator_now(stores))
    if not known:
        await ensure_sellers(stores, settings)
        await add_orders(stores, DEFAULT_ORDERS, DEFAULT_SEED, until, lambda _: None)
    await add_payments(stores, DEFAULT_PAYMENTS, DEFAULT_SEED, until, lambda _: None)
    await ensure_pay(stores, settings, await keys)
    return True
