"""What `ReportStore` promises of reports, on every backend (R-6 to R-10, contract 3.4)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from typing import Any

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.pay_reports.remembering import RememberedReports
from tests.storage.conftest import Backend, Stores
from tests.storage.pay_samples import (
    LIVE,
    NOW,
    OTHERS,
    SANDBOX,
    add_merchants,
    answer,
    later,
    over,
    query,
    report,
)

from torihiki.kernel.idempotency import AnsweredBefore
from torihiki.kernel.instant import Instant
from torihiki.pay_reports.model import (
    Account,
    ProcessingStatus,
    Report,
    ReportQuery,
    ReportType,
)
from torihiki.pay_reports.store import ReportStore

ACCOUNTS = (LIVE, SANDBOX, OTHERS)


@pytest.fixture
async def pay(stores: Stores) -> ReportStore:
    await add_merchants(stores)
    return stores.pay_reports


async def add(store: ReportStore, *reports: Report, account: Account = LIVE) -> None:
    for one in reports:
        await store.add_report(account, one)


async def walked(
    store: ReportStore, wanted: ReportQuery, account: Account = LIVE
) -> list[list[Report]]:
    """All pages, from the first to the last, as the operation goes through them."""
    pages = []
    after = None
    while True:
        page = await store.reports(account, wanted, after=after)
        pages.append(list(page.reports))
        assert len(page.reports) <= wanted.page_size
        if page.after is None:
            return pages
        assert 0 < page.after < 2**39
        after, wanted = page.after, msgspec.structs.replace(wanted, until=None)


async def listed(store: ReportStore, wanted: ReportQuery, account: Account = LIVE) -> list[str]:
    return [one.report_id for page in await walked(store, wanted, account) for one in page]


def ids(numbers: Iterable[int]) -> list[str]:
    return [report(number).report_id for number in numbers]


async def test_report_is_there_as_it_was_added_for_its_account_only(
    pay: ReportStore, peer: Stores
) -> None:
    given_ones = (
        report(1),
        over(2, "document", report_type=ReportType.SANDBOX_SETTLEMENT),
        over(3),
        report(4, start_time=Instant.MIN, end_time=Instant.from_utc(9999, 12, 31, 23, 59, 59)),
        over(5, processing_status=ProcessingStatus.FAILED, failure="no\0 such \U0001f4be disk"),
    )
    await add(pay, *given_ones)
    for one in given_ones:
        found = await peer.pay_reports.report(LIVE, one.report_id)
        assert found is not None
        told = found.failure.replace("\N{REPLACEMENT CHARACTER}", "\0")
        assert msgspec.structs.replace(found, failure=told) == one
        for account in (SANDBOX, OTHERS):
            assert await pay.report(account, one.report_id) is None
    for wrong in ("", "a00000001T", "A00000001T\0", "'"):
        assert await pay.report(LIVE, wrong) is None


async def test_one_id_stands_for_another_report_in_each_account(pay: ReportStore) -> None:
    await add(pay, report(1))
    await add(pay, report(1, report_type=ReportType.REFUND), account=SANDBOX)
    found = await pay.report(SANDBOX, report(1).report_id)
    assert found is not None
    assert found.report_type is ReportType.REFUND
    with pytest.raises((sqlite3.IntegrityError, asyncpg.UniqueViolationError)):
        await add(pay, report(1))


async def test_report_of_an_unknown_merchant_is_a_mistake(pay: ReportStore) -> None:
    nobody = Account(merchant_id="A3", environment="live")
    with pytest.raises((sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError)):
        await add(pay, report(1), account=nobody)
    assert await listed(pay, query(), nobody) == []


async def test_document_leads_its_own_account_to_its_report(pay: ReportStore) -> None:
    await add(pay, over(1, "d1"), over(2, "d2"), over(3))
    assert await pay.report_of_document(LIVE, "d2") == over(2, "d2")
    assert await pay.report_of_document(SANDBOX, "d2") is None
    assert await pay.report_of_document(OTHERS, "d2") is None
    assert await pay.report_of_document(LIVE, "D2") is None
    assert await pay.report_of_document(LIVE, "") is None


async def test_reports_are_listed_the_newest_first_and_of_a_second_the_last_added_first(
    pay: ReportStore,
) -> None:
    """R-6, contract 4.9; the operator's clock may have gone back between them."""
    times = [0, 5, 5, 3, 5, 0, 9]
    await add(pay, *(report(n, created_time=later(at)) for n, at in enumerate(times)))
    await add(pay, report(50), account=SANDBOX)
    await add(pay, report(51), account=OTHERS)
    newest_first = ids([6, 4, 2, 1, 3, 5, 0])
    for size in (1, 2, 3, 6, 7, 8):
        assert await listed(pay, query(page_size=size)) == newest_first
    assert await listed(pay, query(), SANDBOX) == ids([50])


async def test_full_page_is_the_last_where_nothing_follows(pay: ReportStore) -> None:
    """R-7: a token comes only where there is more."""
    await add(pay, *(report(n, created_time=later(n)) for n in range(4)))
    assert [len(page) for page in await walked(pay, query(page_size=2))] == [2, 2]
    assert [len(page) for page in await walked(pay, query(page_size=4))] == [4]


async def test_bounds_are_included(pay: ReportStore) -> None:
    await add(pay, *(report(n, created_time=later(n)) for n in range(5)))
    for changes, numbers in (
        ({"since": later(2)}, [4, 3, 2]),
        ({"until": later(2)}, [2, 1, 0]),
        ({"since": later(2), "until": later(2)}, [2]),
        ({"since": later(3), "until": later(1)}, []),
        ({"until": None}, [4, 3, 2, 1, 0]),
        ({"since": Instant.MIN, "until": Instant.MAX}, [4, 3, 2, 1, 0]),
        ({"report_types": frozenset([ReportType.CAPTURE]), "until": later(1)}, [1, 0]),
    ):
        for size in (1, 100):
            assert await listed(pay, query(page_size=size, **changes)) == ids(numbers), changes


async def test_page_goes_on_where_it_was_whatever_is_added_meanwhile(pay: ReportStore) -> None:
    await add(pay, *(report(n, created_time=later(n)) for n in range(6)))
    first = await pay.reports(LIVE, query(page_size=2), after=None)
    await add(pay, report(10, created_time=later(99)), report(11, created_time=later(1)))
    rest = await pay.reports(LIVE, query(until=None), after=first.after)
    assert [one.report_id for one in rest.reports] == ids([3, 2, 11, 1, 0])


async def test_place_of_another_account_or_of_none_leads_nowhere(pay: ReportStore) -> None:
    await add(pay, *(report(n, created_time=later(n)) for n in range(3)))
    await add(pay, *(report(n, created_time=later(n)) for n in range(3)), account=SANDBOX)
    place = (await pay.reports(LIVE, query(page_size=1), after=None)).after
    assert place is not None
    for account, after in ((SANDBOX, place), (OTHERS, place), (LIVE, 0), (LIVE, 2**39 - 1)):
        page = await pay.reports(account, query(until=None), after=after)
        assert (page.reports, page.after) == ((), None)


async def test_report_that_was_forgotten_ends_the_pages(stores: Stores, pay: ReportStore) -> None:
    """Those behind it are older and gone too; its key is not given again."""
    await add(pay, *(over(n, created_time=later(n)) for n in range(3)))
    place = (await pay.reports(LIVE, query(page_size=1), after=None)).after
    assert place is not None
    old = await stores.pay_work.old_reports(later(99), 9)
    await stores.pay_work.forget([one.report_key for one in old])
    await add(pay, report(7), report(8, created_time=later(1)))
    assert (await pay.reports(LIVE, query(until=None), after=place)).reports == ()
    following = (await pay.reports(LIVE, query(page_size=1), after=None)).after
    assert following is not None
    assert following > place


COURSES: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    created_time=st.integers(0, 6).map(later),
    report_type=st.sampled_from(list(ReportType)[:4]),
    processing_status=st.sampled_from(ProcessingStatus),
)
QUERIES = st.builds(
    query,
    report_types=st.frozensets(st.sampled_from(list(ReportType)[:4])),
    statuses=st.frozensets(st.sampled_from(ProcessingStatus)),
    since=st.integers(-1, 5).map(later),
    until=st.one_of(st.none(), st.integers(1, 7).map(later)),
    page_size=st.integers(1, 7),
)


@given(
    added=st.lists(st.tuples(st.sampled_from(ACCOUNTS), COURSES), max_size=30),
    wanted=st.lists(QUERIES, min_size=6, max_size=6),
)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_filter_gives_what_the_plainest_store_gives(
    unopened: Backend, added: list[tuple[Account, dict[str, Any]]], wanted: list[ReportQuery]
) -> None:
    async def compare() -> None:
        stores = await unopened.open()
        try:
            if not await stores.pay_accounts.merchants("", 1):
                await add_merchants(stores)
            await unopened.execute("DELETE FROM pay_reports")
            plain = RememberedReports()
            for number, (account, changes) in enumerate(added):
                for store in (stores.pay_reports, plain):
                    await store.add_report(account, report(number, **changes))
            for one in wanted:
                for account in ACCOUNTS:
                    assert await walked_plainly(plain, one, account) == await walked(
                        stores.pay_reports, one, account
                    )
        finally:
            await unopened.close()

    asyncio.run(compare())


async def walked_plainly(
    store: RememberedReports, wanted: ReportQuery, account: Account
) -> list[list[Report]]:
    page = await store.reports(account, msgspec.structs.replace(wanted, page_size=1000), after=None)
    size = wanted.page_size
    return [list(page.reports[at : at + size]) for at in range(0, len(page.reports), size)] or [[]]


async def test_answer_is_kept_with_its_report_or_not_at_all(pay: ReportStore) -> None:
    """Contract 3.4."""
    await pay.add_report(LIVE, report(1), first=answer())
    with pytest.raises(AnsweredBefore) as caught:
        await pay.add_report(LIVE, report(2), first=answer(request_hash=b"other"))
    assert caught.value.first == answer()
    assert await listed(pay, query()) == ids([1])
    with pytest.raises((sqlite3.IntegrityError, asyncpg.UniqueViolationError)):
        await pay.add_report(LIVE, report(1), first=answer("other key"))
    await pay.add_report(LIVE, report(2), first=answer("other key"))
    await pay.add_report(SANDBOX, report(3), first=answer())
    await pay.add_report(OTHERS, report(4), first=answer())


async def test_same_request_many_times_at_once_makes_one_report(
    stores: Stores, pay: ReportStore, peer: Stores
) -> None:
    """Contract 3.4: all callers get the one answer."""

    async def posted(store: ReportStore, number: int) -> bytes:
        made = answer(body=report(number).report_id.encode())
        try:
            await store.add_report(LIVE, report(number), first=made)
        except AnsweredBefore as before:
            return before.first.body
        return made.body

    answers = await asyncio.gather(
        *(posted((pay, peer.pay_reports)[number % 2], number) for number in range(16))
    )
    [only] = await listed(pay, query())
    assert set(answers) == {only.encode()}
    claims = [await stores.pay_work.claim("w", at=NOW, until=later(60), now=NOW) for _ in range(2)]
    assert [claim is None for claim in claims] == [False, True]
