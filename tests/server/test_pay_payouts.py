"""Get Disbursements tells the settlements of the ledger that paid something (contract 4.13)."""

from __future__ import annotations

import pytest

from tests.payments.ledger import MemoryLedger
from tests.payments.objects import AMERICAN, MERCHANTS
from torihiki.kernel.instant import Instant, TimeDelta
from torihiki.kernel.key_ring import KeyRing, SecretKey
from torihiki.kernel.problem import Problem
from torihiki.pay_reports import model
from torihiki.pay_reports.cursors import PageTokens
from torihiki.pay_reports.operations import get_disbursements
from torihiki.pay_reports.v2.query import parse_get_disbursements
from torihiki.payments.model import Account, Environment, Settlement, Standing
from torihiki.payments.settlement import close
from torihiki.server.bindings.payouts import Payouts

FIRST = Instant.from_utc(2026, 3, 1)
NOW = Instant.from_utc(2026, 11, 22)
LIVE = model.Account(merchant_id=AMERICAN, environment="live")
SANDBOX = model.Account(merchant_id=AMERICAN, environment="sandbox")
DAY = TimeDelta(hours=24)
RING = KeyRing(keys=(SecretKey(key_id=1, secret=bytes(64)),), index=bytes(64))


def settlement(number: int, net: int = 1_000) -> Settlement:
    standing = Standing(
        account=Account(merchant_id=AMERICAN, environment=Environment.LIVE),
        currency="USD",
        number=number,
        start=FIRST + (number - 1) * DAY,
        carried=0,
        postings=1,
        net=net,
    )
    found = close(standing, FIRST + number * DAY, reserve=0, on_hold=False)
    assert found is not None
    return found


@pytest.fixture
def payouts() -> Payouts:
    ledger = MemoryLedger(MERCHANTS)
    ledger.settlements += [
        settlement(number, net=-5 if number == 4 else 1_234) for number in range(1, 8)
    ]
    return Payouts(ledger)


async def listed(payouts: Payouts, query: bytes, account: model.Account = LIVE) -> list[int]:
    """The days of the payouts, page by page to the end."""
    tokens = PageTokens(RING)
    found: list[int] = []
    while True:
        wanted = parse_get_disbursements(query, NOW)
        page = await get_disbursements(payouts, tokens, account, wanted)
        found += [int((one.at - FIRST) / DAY) for one in page.disbursements]
        if page.next_token is None:
            return found
        query = f"nextToken={page.next_token}".encode()


async def test_pages_have_every_payout_once_and_the_newest_first(payouts: Payouts) -> None:
    everything = b"startTime=20260101T000000Z"
    for size in (1, 2, 3, 6, 100):
        query = everything + f"&pageSize={size}".encode()
        assert await listed(payouts, query) == [7, 6, 5, 3, 2, 1]
    assert await listed(payouts, everything, SANDBOX) == []


async def test_bounds_are_included_to_the_second(payouts: Payouts) -> None:
    query = b"startTime=20260303T000000Z&endTime=20260306T000000Z"
    assert await listed(payouts, query) == [5, 3, 2]
    earlier = b"startTime=20260303T000001Z&endTime=20260305T235959Z"
    assert await listed(payouts, earlier) == [3]
    assert await listed(payouts, b"") == []


async def test_payout_is_what_the_bank_shows(payouts: Payouts) -> None:
    wanted = parse_get_disbursements(b"startTime=20260101T000000Z&pageSize=1", NOW)
    assert isinstance(wanted, model.DisbursementQuery)
    page = await payouts.disbursements(LIVE, wanted, after=None)
    (paid,) = page.disbursements
    assert (paid.seller_id, paid.amount.text, paid.amount.currency) == (AMERICAN, "12.34", "USD")
    assert paid.settlement_id
    assert paid.reference_id


async def test_token_of_another_list_is_refused(payouts: Payouts) -> None:
    tokens = PageTokens(RING)
    first = parse_get_disbursements(b"startTime=20260101T000000Z&pageSize=1", NOW)
    page = await get_disbursements(payouts, tokens, LIVE, first)
    assert page.next_token is not None
    for token, account in ((page.next_token, SANDBOX), (page.next_token[:-1] + "x", LIVE)):
        with pytest.raises(Problem):
            await get_disbursements(payouts, tokens, account, token)
